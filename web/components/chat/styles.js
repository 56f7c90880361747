import { css } from "../base/theme.js";

export const chat = css`
:host { block-size: 100%; min-block-size: 20rem; container: parley-chat / inline-size; background: var(--p-bg); position: relative; overflow: hidden }
:host([mode=floating]) { display: contents }
.panes { display: grid; grid-template-columns: 100%; block-size: 100%; min-block-size: 0; background: var(--p-bg); overflow: hidden }
.panes > * { grid-area: 1 / 1; min-inline-size: 0; min-block-size: 0 }
.list { display: flex; flex-direction: column; min-block-size: 0 }
.list parley-inbox { flex: 1 }
.list ::slotted([slot=help]) { flex: none; border-block-start: 1px solid var(--p-line); padding: .75rem 1rem; font-size: .9em }
.talk { display: flex; flex-direction: column; background: var(--p-bg); min-block-size: 0 }
.talk:focus { outline: 0 }
.talk parley-thread { flex: 1; min-block-size: 0 }
.talk > .bare { display: flex; align-items: center; padding: .5rem .5rem 0 }
.side { background: var(--p-bg); min-block-size: 0; display: flex; flex-direction: column }
.side parley-details { flex: 1; min-block-size: 0 }
.panes:not(.talking) .talk, .panes.talking .list, .panes:not(.detailed) .side, .panes.detailed .talk { display: none }
.back svg { rotate: 0deg }
:host(:dir(rtl)) .back svg, .back:dir(rtl) svg { scale: -1 1 }
@container parley-chat (min-width: 45rem) {
  .panes { grid-template-columns: minmax(18rem, 22.5rem) minmax(0, 1fr) }
  .panes .list { display: flex !important; grid-area: 1 / 1; border-inline-end: 1px solid var(--p-line) }
  .panes .talk { display: flex !important; grid-area: 1 / 2 }
  .panes.detailed .side { display: flex; grid-area: 1 / 2; z-index: 1 }
  .panes .back { display: none }
}
@container parley-chat (min-width: 68rem) {
  .panes.detailed { grid-template-columns: minmax(18rem, 22.5rem) minmax(0, 1fr) 20rem }
  .panes.detailed .side { grid-area: 1 / 3; border-inline-start: 1px solid var(--p-line); animation: p-slide var(--p-quick) ease-out }
}
@container parley-chat (max-width: 44.99rem) {
  .panes.talking .talk, .panes.detailed .side { animation: p-slide var(--p-quick) ease-out }
}
@keyframes p-slide { from { opacity: 0; translate: 1.25rem 0 } }
@container parley-chat (max-width: 44.99rem) { .list { border-inline: 0 !important } }
@container parley-chat (min-width: 45rem) { .panes.talking parley-inbox::part(offline) { display: none } }
.launcher { position: fixed; z-index: 2147482000; inset-block-end: max(1.25rem, env(safe-area-inset-bottom)); inset-inline-end: 1.25rem; inline-size: 3.5rem; block-size: 3.5rem; border-radius: 50%; background: var(--p-accent); color: var(--p-on-accent); box-shadow: var(--p-shadow); display: grid; place-items: center; transition: scale var(--p-quick) }
.launcher svg { inline-size: 1.6rem; block-size: 1.6rem }
.badge[data-count]::before { content: attr(data-count) }
.launcher .badge { position: absolute; inset-block-start: -.2rem; inset-inline-end: -.2rem; box-shadow: 0 0 0 2.5px var(--p-bg) }
@media (hover: hover) { .launcher:hover { scale: 1.06 } }
.window { position: fixed; z-index: 2147482001; inset-block-end: calc(max(1.25rem, env(safe-area-inset-bottom)) + 4.25rem); inset-inline-end: 1.25rem; inline-size: min(25rem, calc(100vw - 2rem)); block-size: min(40rem, calc(100dvh - 7rem)); border-radius: 20px; border: 1px solid var(--p-line); background: var(--p-bg); box-shadow: var(--p-shadow); overflow: hidden; container: parley-chat / inline-size; animation: p-rise var(--p-quick) ease-out; transform-origin: 100% 100% }
@media (max-width: 32rem), (max-height: 30rem) {
  .window { inset: 0; inline-size: 100%; block-size: 100%; border: 0; border-radius: 0 }
  .window + .launcher { display: none }
}
`;
