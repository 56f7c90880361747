import { css } from "../base/theme.js";

export const calls = css`
:host { display: contents; pointer-events: auto } /* toasts let the pointer through */
.round { display: grid; justify-items: center; gap: .4rem; font-size: .875em; min-inline-size: 2.75rem; color: inherit }
.round i { inline-size: 2.75rem; block-size: 2.75rem; border-radius: 50%; display: grid; place-items: center; background: var(--p-other); color: var(--p-on-other); position: relative }
.round.go i { background: #1a7f4b; color: #fff }
.round.end i { background: #c01f33; color: #fff }
.round.end svg { rotate: 135deg }
.round.on i { background: var(--p-accent); color: var(--p-on-accent) }
.round.up svg { rotate: 180deg }
.round.off i { background: var(--p-text); color: var(--p-bg) }
.round.off i::after { content: ""; position: absolute; inline-size: 1.6rem; block-size: .125rem; border-radius: 1px; background: currentColor; box-shadow: 0 .125rem var(--p-text); rotate: 45deg }
@media (hover: hover) { .round:hover:not(:disabled) i { filter: brightness(1.12) } }
.ring { inline-size: min(23rem, calc(100vw - 1.5rem)); text-align: center }
.ring[open] { align-items: center; padding: 2rem 1.25rem 1.5rem; gap: .35rem; overflow-y: auto }
.ring:focus { outline: 0 }
.ring h2 { font-size: 1.375rem; margin-block-start: .9rem; max-inline-size: 100% }
.ring .later { position: absolute; inset-block-start: .6rem; inset-inline-end: .6rem }
.pulse { border-radius: 50%; animation: p-ring 1.5s ease-out infinite }
.pulse .avatar { --s: 6rem }
.choice { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); align-items: start; gap: .5rem; inline-size: 100%; margin-block-start: 1.5rem }
.choice i { inline-size: 3.5rem; block-size: 3.5rem }
.choice svg { inline-size: 1.5rem; block-size: 1.5rem }
.panel { position: fixed; inset: auto; inset-block-start: 4.75rem; inset-inline-end: 1rem; margin: 0; padding: 0; inline-size: min(22rem, calc(100vw - 2rem)); border: 1px solid var(--p-line); border-radius: 20px; background: var(--p-surface); color: var(--p-text); box-shadow: var(--p-shadow); overflow: hidden }
.panel:popover-open { display: flex; flex-direction: column; animation: p-rise var(--p-quick) ease-out }
.panel:focus { outline: 0 }
.panel:focus-visible { outline: 2px solid var(--p-accent); outline-offset: -3px }
.stage { position: relative; flex: 1; min-block-size: 0; display: grid }
.person { display: grid; justify-items: center; align-content: center; gap: .6rem; padding: 1.5rem 1rem .75rem; text-align: center; min-inline-size: 0 }
.person > div { min-inline-size: 0; max-inline-size: 100% }
.person .avatar { --s: 4.5rem }
.person h2 { font-size: 1.125rem }
.status { color: var(--p-soft); font-variant-numeric: tabular-nums; text-wrap: balance }
.controls { display: flex; flex-wrap: wrap; justify-content: center; gap: .75rem; padding: .75rem 1rem 1rem }
.panel .bar { flex: none }
video { display: block; background: #0c0c14 }
.remote { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: contain }
.self { position: absolute; inset-block-end: .75rem; inset-inline-end: .75rem; inline-size: min(11rem, 32%); border-radius: 12px; border: 1px solid #ffffff40; scale: -1 1 }
.self.shared { scale: none }
.panel.video:not(.small) { color-scheme: dark; inset: 0; margin: auto; inline-size: min(64rem, calc(100vw - 2rem)); block-size: min(44rem, calc(100dvh - 2rem)); background: #17181e }
.seen:not(.small) .person { position: absolute; inset-block-start: .75rem; inset-inline-start: .75rem; display: flex; align-items: center; text-align: start; padding: .35rem .9rem .35rem .4rem; padding-inline: .4rem .9rem; border-radius: 999px; background: #0c0c14d9; max-inline-size: calc(100% - 1.5rem) }
.seen:not(.small) .person .avatar { --s: 2.25rem }
.seen:not(.small) .person h2 { font-size: .9375rem }
.seen:not(.small) .status { font-size: .8125em }
.panel.small { inset-inline: 0; margin-inline: auto; inline-size: min(24rem, calc(100vw - 1rem)); inset-block-start: calc(4.25rem + env(safe-area-inset-top)); border-radius: 18px }
.panel.small:popover-open { flex-flow: row wrap; align-items: center }
.small .stage { display: flex; align-items: center; gap: .6rem; padding: .4rem .5rem; min-inline-size: 8rem }
.small .person { display: flex; flex: 1; padding: 0; text-align: start }
.small .person .avatar { --s: 2.25rem }
.small .person h2 { font-size: .9375rem }
.small .status { font-size: .8125em }
.small .remote { position: static; inline-size: 4.5rem; block-size: 3rem; border-radius: 10px; flex: none; object-fit: cover }
.small .remote:not([hidden]) ~ .person .avatar { display: none }
.small .self { display: none }
.small .controls { flex: none; flex-wrap: nowrap; gap: .35rem; padding: .4rem .5rem }
.small .round { min-inline-size: 2.25rem }
.small .round i { inline-size: 2.25rem; block-size: 2.25rem }
.small .bar { order: 1; inline-size: 100% }
@media (max-width: 40rem) {
  .panel.video:not(.small) { inline-size: 100vw; block-size: 100dvh; max-inline-size: none; max-block-size: none; border: 0; border-radius: 0 }
  .controls { gap: .6rem }
}
@keyframes p-ring { from { box-shadow: 0 0 0 0 light-dark(#5f3dc480, #a78bfa80) } to { box-shadow: 0 0 0 1.5rem #5f3dc400 } }
@media (forced-colors: active) { .panel, .round i { border: 1px solid CanvasText } }
`;
