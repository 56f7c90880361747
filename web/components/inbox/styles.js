import { css } from "../base/theme.js";

/** Search fields, chips and rows of people: the inbox, the dialogs and the details have them in common. */
export const lists = css`
.search { position: relative }
.search > svg { position: absolute; inset-block: 0; margin-block: auto; inset-inline-start: .8rem; inline-size: 1.1rem; block-size: 1.1rem; color: var(--p-soft); pointer-events: none }
.search .field { padding-inline-start: 2.4rem; border-radius: 999px; appearance: none }
.search .field::placeholder { color: var(--p-soft); opacity: 1 }
.search .field::-webkit-search-cancel-button { display: none }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; padding-block-start: .6rem }
.chip { display: inline-flex; align-items: center; gap: .3rem; min-block-size: 2rem; max-inline-size: 14rem; padding: .2rem .7rem; border-radius: 999px; font-size: .875em; font-weight: 500; background: var(--p-raised); border: 1px solid transparent; color: var(--p-soft); white-space: nowrap }
.chip svg { inline-size: .95rem; block-size: .95rem }
.chip[aria-pressed=true] { background: var(--p-active); color: var(--p-on-active); font-weight: 600 }
.people { display: grid; gap: .1rem; margin-block-start: .5rem }
.person { display: flex; align-items: center; gap: .75rem; inline-size: 100%; padding: .5rem .6rem; border-radius: 12px; text-align: start; min-inline-size: 0 }
.person .cut { flex: 0 1 auto; font-weight: 500 }
.person .tick { margin-inline-start: auto }
.chips .chip { background: var(--p-active); color: var(--p-on-active) }
.tick { inline-size: 1.35rem; block-size: 1.35rem; border-radius: 50%; border: 1.5px solid light-dark(#8a8c9c, #6d7080); display: grid; place-items: center; flex: none }
.tick.on { background: var(--p-accent); border-color: transparent; color: var(--p-on-accent) }
.tick svg { inline-size: .9rem; block-size: .9rem }
.wide { inline-size: 100%; margin-block-start: .5rem }
:dir(rtl) > .auto { text-align: right }
:dir(ltr) > .auto { text-align: left }
.skeleton { display: grid; gap: .25rem; padding: .25rem .5rem; overflow: hidden }
.skeleton > div { display: flex; align-items: center; gap: .75rem; padding: .65rem .35rem; animation: p-fade 1.1s ease-in-out infinite alternate }
.skeleton i { inline-size: 2.75rem; block-size: 2.75rem; border-radius: 50%; background: var(--p-other); flex: none }
.skeleton b { flex: 1; block-size: 2.2rem; border-radius: 10px; background: linear-gradient(var(--p-other) 38%, transparent 38% 58%, var(--p-other) 58%) }
.skeleton > div:nth-child(2n) b { margin-inline-end: 22% }
.skeleton > div:nth-child(3n) b { margin-inline-end: 38% }
@media (hover: hover) { .person:hover { background: var(--p-hover) } .chip:hover { color: var(--p-text); border-color: var(--p-line) } }
@media (pointer: coarse) { .search .field { font-size: 1rem } }
`;

export const inbox = css`
:host { block-size: 100%; min-block-size: 0; container: parley-inbox / inline-size; background: var(--p-bg) }
.inbox { display: flex; flex-direction: column; block-size: 100%; min-block-size: 0 }
.head { display: flex; align-items: center; gap: clamp(.2rem, 1.2vw, .5rem); padding: .9rem 1rem .55rem }
.head h2 { flex: 1; min-inline-size: 0; overflow: hidden; text-overflow: ellipsis; font-size: clamp(1.05rem, 4.4vw, 1.3rem); letter-spacing: -.015em; line-height: 1.2 }
.head .new { min-block-size: 2.1rem; padding-inline: .65rem .95rem; gap: .25rem }
.dialog.settings { inline-size: min(44rem, calc(100vw - 1rem)) }
.dialog.settings > .body { padding: 0 }
.head .new svg { inline-size: 1.1rem; block-size: 1.1rem }
.find { padding-inline: 1rem }
.find .field { background: var(--p-raised); border-color: transparent; box-shadow: inset 0 0 0 1px light-dark(#8a8c9c80, #6d7080) }
.find .clear { position: absolute; inset-inline-end: .2rem; inset-block-start: .15rem }
.filters { display: flex; flex-wrap: wrap; gap: .35rem; padding: .6rem 1rem .5rem; flex: none }
.filters .chip { padding-inline: .75rem; min-block-size: 1.9rem }
.scroll { flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; padding: .15rem .5rem .75rem; scrollbar-width: thin; scrollbar-color: var(--p-line) transparent }
.scroll > h3 { font-size: .75rem; font-weight: 600; color: var(--p-soft); text-transform: uppercase; letter-spacing: .05em; padding: .9rem .6rem .35rem }
.entries { display: grid; gap: 1px }
.entry { position: relative; border-radius: 14px }
.open { display: flex; align-items: center; gap: .75rem; inline-size: 100%; padding: .6rem .6rem; border-radius: 14px; text-align: start; min-inline-size: 0; transition: background-color 80ms; -webkit-touch-callout: none; user-select: none }
.open:focus-visible { outline-offset: -2px }
.current > .open { background: var(--p-active) }
.face { position: relative; flex: none }
.face .avatar { --s: 2.85rem }
.dot { position: absolute; inset-block-end: 0; inset-inline-end: 0; inline-size: .8rem; block-size: .8rem; border-radius: 50%; background: var(--p-good); box-shadow: 0 0 0 2.5px var(--p-bg) }
.current .dot { box-shadow: 0 0 0 2.5px var(--p-active) }
.lines { flex: 1; min-inline-size: 0; display: grid; gap: .1rem }
.top, .bottom { display: flex; align-items: center; gap: .35rem; min-inline-size: 0 }
.title { font-weight: 600; flex: 0 1 auto; padding-block: .05em }
.top time { margin-inline-start: auto; padding-inline-start: .4rem; flex: none; font-size: .8125em; color: var(--p-soft) }
.mark { inline-size: .95rem; block-size: .95rem; color: var(--p-soft); flex: none }
.mark.read { color: var(--p-accent) }
.bottom { min-block-size: 1.35rem; font-size: .9em; color: var(--p-soft) }
.said { flex: 1; min-inline-size: 0; display: flex; align-items: center; gap: .25rem }
.said.cut { display: block }
.said > .cut { flex: 1 }
.said > .from { flex: none; max-inline-size: 45% }
.typing { color: var(--p-accent); font-weight: 500 }
.draft { color: var(--p-danger); font-weight: 500 }
.with { flex: none; max-inline-size: 45%; font-size: .875em }
.unread .title, .unread .top time { font-weight: 700 }
.unread .top time { color: var(--p-accent) }
.current .top time { color: var(--p-text) }
.unread .said { color: var(--p-text); font-weight: 500 }
.muted .badge { background: light-dark(#6b6d7c, #6d7080); color: #fff }
.muted .top time { color: var(--p-soft); font-weight: 400 }
.badge.at { padding: 0; background: var(--p-accent); color: var(--p-on-accent) }
.menu-button { position: absolute; inset-inline-end: .55rem; inset-block-end: .4rem; inline-size: 2rem; block-size: 2rem; background: var(--p-surface); box-shadow: 0 1px 4px light-dark(#1c1c2633, #00000080); opacity: 0; pointer-events: none; transition: opacity 80ms }
.menu-button:focus-visible, .entry:focus-within .menu-button:focus-visible { opacity: 1; pointer-events: auto }
@media (hover: hover) {
  .entry:hover > .open { background: var(--p-hover) }
  .entry.current:hover > .open { background: var(--p-active) }
  .entry:hover .menu-button { opacity: 1; pointer-events: auto }
}
.hit { display: grid; gap: .1rem; inline-size: 100%; padding: .55rem .6rem; border-radius: 12px; text-align: start }
.hit .top { font-size: .875em }
.hit .words { font-size: .9em; color: var(--p-soft); display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere }
@media (hover: hover) { .hit:hover { background: var(--p-hover) } }
.row { display: flex; margin-block-start: .5rem; align-items: center; gap: .75rem; inline-size: 100%; padding: .6rem; border-radius: 12px; text-align: start; font-weight: 600; color: var(--p-accent) }
.row i { inline-size: 2.25rem; block-size: 2.25rem; border-radius: 50%; display: grid; place-items: center; background: var(--p-active); flex: none }
@media (hover: hover) { .row:hover { background: var(--p-hover) } }
.group-title { display: grid; gap: .3rem; padding-block-end: .8rem }
.group-title label { font-size: .875em; font-weight: 600 }
.end { block-size: 1px }
`;
