import { css } from "../base/theme.js";

/** A number upon a picture: drawn by the style, because the label of the picture says it in words. */
export const count =
  ".badge[data-count]::before { content: attr(data-count) } .badge[data-count] { min-inline-size: 1.15rem; block-size: 1.15rem; padding-inline: .3rem; font-size: .6875rem }";

export const button = css`
:host { display: inline-block; vertical-align: middle }
.button { min-block-size: 2.5rem; padding-inline: 1.1rem }
.form { display: grid; gap: .75rem }
.to { display: flex; align-items: center; gap: .75rem; min-inline-size: 0 }
.to > span:last-child { display: grid; min-inline-size: 0 }
textarea.field { min-block-size: 7rem; resize: vertical; line-height: 1.45 }
.sent { display: grid; justify-items: center; gap: .6rem; padding-block: 1.5rem; text-align: center }
.sent > i { inline-size: 3.25rem; block-size: 3.25rem; border-radius: 50%; display: grid; place-items: center; background: var(--p-active); color: var(--p-accent) }
@media (pointer: coarse) { textarea.field { font-size: 1rem } }
`;

export const bell = css`
:host { display: inline-block; vertical-align: middle; color: inherit; line-height: 1 }
${count}
.bell { inline-size: 2.5rem; block-size: 2.5rem }
.bell { color: inherit }
.bell .badge { position: absolute; inset-block-start: -.1rem; inset-inline-end: -.15rem }
.popover { padding: 0; line-height: 1.4; inline-size: min(23rem, calc(100vw - 1rem)) }
.popover header { display: flex; align-items: center; gap: .5rem; padding: .75rem 1rem .4rem; position: sticky; inset-block-start: 0; background: var(--p-surface); z-index: 1 }
.popover header h2 { flex: 1; font-size: 1.0625rem }
.popover header .link { font-size: .875em }
.notices { padding: .25rem .4rem .6rem; max-block-size: min(26rem, 70vh); overflow-y: auto }
.notice { display: grid; grid-template-columns: auto 1fr auto; gap: .15rem .7rem; align-items: start; inline-size: 100%; padding: .6rem; border-radius: 12px; text-align: start }
.notice > i { grid-row: 1 / 3; inline-size: 2.35rem; block-size: 2.35rem; border-radius: 50%; background: var(--p-raised); display: grid; place-items: center; color: var(--p-soft) }
.notice.new > i { background: var(--p-active); color: var(--p-accent) }
.notice strong { font-weight: 500; min-inline-size: 0 }
:dir(rtl) > .auto { text-align: right }
:dir(ltr) > .auto { text-align: left }
.notice.new strong { font-weight: 700 }
.notice time { font-size: .8125em; color: var(--p-soft) }
.notice p { grid-column: 2 / 4; font-size: .9em; color: var(--p-soft); display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere }
.notice.new time { color: var(--p-accent); font-weight: 600 }
.popover .bones i, .popover .bones i:nth-child(n) { inline-size: 100%; block-size: 2.6rem; justify-self: stretch }
@media (hover: hover) { .notice:hover { background: var(--p-hover) } }
`;

export const toasts = css`
:host { position: fixed; z-index: 2147482500; inset-block-start: max(1rem, env(safe-area-inset-top)); inset-inline-end: 1rem; inline-size: min(22rem, calc(100vw - 2rem)); pointer-events: none }
.stack { display: grid; gap: .5rem }
.toast { display: flex; align-items: center; gap: .25rem; border-radius: 16px; background: var(--p-surface); border: 1px solid var(--p-line); box-shadow: var(--p-shadow); padding: .3rem; pointer-events: auto; animation: p-drop var(--p-quick) ease-out }
.toast .open { display: flex; align-items: center; gap: .7rem; flex: 1; min-inline-size: 0; padding: .4rem; border-radius: 12px; text-align: start }
.toast .open > span:last-child { display: grid; min-inline-size: 0; flex: 1 }
.toast strong { font-weight: 600 }
.toast .words { font-size: .9em; color: var(--p-soft); display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere }
@keyframes p-drop { from { opacity: 0; translate: 0 -10px } }
`;

export const unread = css`
:host { display: inline-block; vertical-align: middle; color: inherit; line-height: 1 }
${count}
a, span.still { position: relative; display: inline-grid; place-items: center; min-inline-size: 2.5rem; min-block-size: 2.5rem; border-radius: 12px; color: inherit; text-decoration: none }
.badge { position: absolute; inset-block-start: -.1rem; inset-inline-end: -.15rem }
`;

export const presence = css`
:host { display: inline-flex; vertical-align: middle; color: inherit; font: inherit }
.is { display: inline-flex; align-items: center; gap: .4rem }
i { inline-size: .6rem; block-size: .6rem; border-radius: 50%; background: light-dark(#8a8c9c, #6d7080); flex: none }
.on i { background: var(--p-good) }
:host([compact]) .words { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
`;
