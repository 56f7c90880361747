import { css } from "../base/theme.js";

export const styles = css`
:host { flex: none; background: var(--p-bg) }
.composer { padding-inline: max(0px, (100% - 66rem) / 2); position: relative; border-block-start: 1px solid var(--p-line); background: var(--p-bg) }
.row { display: flex; align-items: flex-end; gap: .35rem; padding: .55rem .7rem calc(.55rem + env(safe-area-inset-bottom)) }
.row > .icon { inline-size: 2.5rem; block-size: 2.5rem }
.row > .icon svg { inline-size: 1.4rem; block-size: 1.4rem }
.box { flex: 1; min-inline-size: 0; display: flex; align-items: flex-end; border: 1px solid light-dark(#8a8c9c, #6d7080); border-radius: 1.3rem; background: var(--p-raised); transition: border-color var(--p-quick) }
.box:focus-within { border-color: var(--p-accent); box-shadow: inset 0 0 0 1px var(--p-accent) }
.box .icon { margin: .08rem }
.gifs { font-size: .6875rem; font-weight: 800 }
textarea { flex: 1; min-inline-size: 0; inline-size: 100%; resize: none; border: 0; background: none; padding: .52rem .3rem .52rem .95rem; padding-inline: .95rem .3rem; min-block-size: 2.4rem; max-block-size: min(12rem, 35dvh); overflow: auto; field-sizing: content; line-height: 1.4; scrollbar-width: thin; overflow-wrap: anywhere }
textarea:focus-visible { outline: 0 }
textarea::placeholder { color: var(--p-soft); opacity: 1 }
@media (pointer: coarse) { textarea { font-size: max(1rem, var(--p-size)) } }
.send { border-radius: 50%; transition: background-color var(--p-quick), scale var(--p-quick) }
.send.main { background: var(--p-accent); color: var(--p-on-accent) }
.send.main:disabled { background: var(--p-other); color: var(--p-soft); opacity: 1 }
@media (hover: hover) { .row .send.main:hover:not(:disabled) { background-color: var(--p-accent); color: var(--p-on-accent); filter: brightness(1.1) } }
.send.main:active:not(:disabled) { scale: .92 }
:dir(rtl) .mirrored { scale: -1 1 }
.about { display: flex; align-items: center; gap: .7rem; padding: .5rem .7rem .1rem 1rem; padding-inline: 1rem .7rem; animation: p-rise var(--p-quick) ease-out }
.about > svg { color: var(--p-accent) }
.about .named { border-inline-start: 3px solid var(--p-accent); padding-inline-start: .6rem; font-size: .8125rem }
.about b { color: var(--p-accent) }
.named { display: grid; flex: 1; min-inline-size: 0; line-height: 1.35 }
.bar ul { flex: 1; display: grid; gap: .15rem; overflow-wrap: anywhere; min-inline-size: 0 }
.tray { display: flex; gap: .6rem; padding: .7rem 1rem .1rem; overflow: auto hidden; scrollbar-width: thin }
.tray li { position: relative; flex: none; animation: p-rise var(--p-quick) ease-out }
.shot img { display: block; inline-size: 5rem; block-size: 5rem; object-fit: cover; border-radius: 12px; background: var(--p-raised) }
.doc { display: flex; align-items: center; gap: .6rem; inline-size: 12.5rem; block-size: 5rem; padding: .6rem .8rem; border-radius: 12px; background: var(--p-other) }
.doc > svg { color: var(--p-accent) }
.off { position: absolute; inset-block-start: -.35rem; inset-inline-end: -.35rem; inline-size: 1.5rem; block-size: 1.5rem; border-radius: 50%; display: grid; place-items: center; background: var(--p-text); color: var(--p-bg); border: 2px solid var(--p-bg) }
.off svg { inline-size: .8rem; block-size: .8rem; stroke-width: 3 }
.count { padding: 0 1.2rem .5rem; font-size: .75rem; text-align: end; color: var(--p-soft); margin-block-start: -.2rem }
.over { color: var(--p-danger); font-weight: 600 }
.suggestions { position: absolute; inset-block-end: 100%; inset-inline: .7rem; max-inline-size: 22rem; margin-block-end: .4rem; padding: .3rem; border-radius: 14px; border: 1px solid var(--p-line); background: var(--p-surface); box-shadow: var(--p-shadow); z-index: 3; animation: p-rise var(--p-quick) ease-out }
.suggestions li { display: flex; align-items: center; gap: .6rem; padding: .35rem .5rem; border-radius: 9px; cursor: pointer }
.suggestions li[aria-selected=true] { background: var(--p-active) }
.suggestions .avatar { --s: 1.75rem }
.suggestions bdi { flex: 1 }
.drop { position: absolute; inset: .35rem; border-radius: 1.2rem; border: 2px dashed var(--p-accent); background: color-mix(in srgb, var(--p-active) 94%, transparent); color: var(--p-text); display: flex; gap: .6rem; align-items: center; justify-content: center; font-weight: 600; pointer-events: none; z-index: 4 }
.refused { display: flex; align-items: center; justify-content: center; gap: .6rem; padding: 1rem 1.2rem; border-block-start: 1px solid var(--p-line); color: var(--p-soft); background: var(--p-raised); text-align: center }
.refused svg { inline-size: 1.1rem; block-size: 1.1rem }
.recording .box { align-items: center; gap: .7rem; padding-inline: .9rem; block-size: 2.5rem; overflow: hidden }
.live { inline-size: .65rem; block-size: .65rem; border-radius: 50%; background: var(--p-danger); animation: p-fade .7s infinite alternate; flex: none }
.time { font-variant-numeric: tabular-nums; font-weight: 600; font-size: .875rem }
.levels { flex: 1; block-size: 1.6rem; display: flex; align-items: center; justify-content: flex-end; gap: 2px; overflow: hidden }
.levels i { inline-size: 3px; flex: none; border-radius: 2px; background: var(--p-accent) }
.popover { padding: .6rem; overflow: hidden }
@media (forced-colors: active) { .off, .send, .tray li, .suggestions li[aria-selected=true] { border: 1px solid CanvasText } }
`;
