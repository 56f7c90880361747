import { css } from "../base/theme.js";

/** What tickets have in common, for the customer and for the desk. */
export const ticket = css`
.status { display: inline-flex; align-items: center; gap: .35rem; padding: .1rem .55rem; border-radius: 999px; font-size: .75rem; font-weight: 600; line-height: 1.5; white-space: nowrap; background: light-dark(#eceef2, #363945); color: light-dark(#43465a, #d6d8e2) }
.status.open { background: light-dark(#e3edff, #1f3357); color: light-dark(#14418b, #b9d2ff) }
.status.in_progress { background: light-dark(#ece6fd, #37305a); color: var(--p-on-active) }
.status.waiting_on_customer { background: light-dark(#fff0d0, #4a3b16); color: light-dark(#6b4a00, #ffdf9b) }
.status.resolved { background: light-dark(#dcf5e6, #173d2a); color: light-dark(#125c36, #a7e8c5) }
.form { display: grid; gap: 1rem }
.form label { display: grid; gap: .35rem; font-size: .9em; font-weight: 600 }
.form label .field { font-weight: 400; font-size: var(--p-size) }
.form textarea { min-block-size: 8rem; resize: vertical; line-height: 1.45 }
.form .wrong { color: var(--p-danger); font-weight: 500; font-size: .9em }
.field[aria-invalid=true] { border-color: var(--p-danger) }
@media (pointer: coarse) { .form label .field { font-size: 1rem } }
`;

export const support = css`
:host { block-size: 100%; min-block-size: 22rem; container: parley-support / inline-size; background: var(--p-bg); overflow: hidden }
.panes { display: grid; grid-template-columns: 100%; block-size: 100%; min-block-size: 0 }
.panes > * { grid-area: 1 / 1; min-inline-size: 0; min-block-size: 0 }
.list { display: flex; flex-direction: column; min-block-size: 0 }
.head { display: flex; align-items: center; gap: .5rem; padding: .9rem 1rem .6rem }
.head h2 { flex: 1; font-size: 1.3rem; letter-spacing: -.015em }
.scroll { flex: 1; min-block-size: 0; overflow-y: auto; padding: .2rem .5rem 1rem; scrollbar-width: thin; scrollbar-color: var(--p-line) transparent }
.tickets { display: grid; gap: 1px }
.ticket { display: grid; grid-template-columns: 1fr auto; gap: .3rem .75rem; inline-size: 100%; padding: .75rem .7rem; border-radius: 14px; text-align: start; min-inline-size: 0 }
.ticket strong { font-weight: 600; min-inline-size: 0 }
.ticket.new strong { font-weight: 700 }
.ticket time { font-size: .8125em; color: var(--p-soft); flex: none; white-space: nowrap; padding-block-start: .1em }
.ticket .under { display: flex; align-items: center; gap: .5rem; min-inline-size: 0; font-size: .875em; color: var(--p-soft) }
.ticket .badge { justify-self: end }
.ticket[aria-current=true] { background: var(--p-active) }
.ticket[aria-current=true] :is(time, .under) { color: var(--p-text) }
.ticket:focus-visible { outline-offset: -2px }
@media (hover: hover) { .ticket:hover { background: var(--p-hover) } .ticket[aria-current=true]:hover { background: var(--p-active) } }
.talk { display: flex; flex-direction: column; min-block-size: 0; background: var(--p-bg) }
.talk parley-thread { flex: 1; min-block-size: 0 }
.top { display: flex; align-items: center; gap: .6rem; padding: .65rem .8rem; border-block-end: 1px solid var(--p-line) }
.top h2 { font-size: 1.0625rem; line-height: 1.3; min-inline-size: 0 }
.top .under { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem .55rem; font-size: .85em; color: var(--p-soft); min-inline-size: 0 }
.top .status { flex: none }
.top > .what { min-inline-size: 0; flex: 1 }
.top .acts { display: flex; gap: .4rem }
.new-form { overflow-y: auto; padding: .5rem 1rem 2rem }
.new-form .form { max-inline-size: 36rem; margin-inline: auto }
.files { display: grid; justify-items: start }
.foot { border-block-start: 1px solid var(--p-line); padding: .9rem 1rem; background: var(--p-raised); display: grid; gap: .6rem; justify-items: center; text-align: center }
.foot .form { inline-size: min(30rem, 100%) }
.foot textarea.field { min-block-size: 4rem }
.stars { display: flex; justify-content: center; gap: .15rem; border: 0; padding: 0; margin: 0 }
.stars legend { margin-inline: auto; font-weight: 600; padding-block-end: .4rem }
.stars label { cursor: pointer; color: light-dark(#8a8c9c, #6d7080); border-radius: 10px; padding: .25rem; position: relative; display: block }
.stars svg { inline-size: 1.9rem; block-size: 1.9rem; transition: scale 80ms }
.stars input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; inline-size: 100%; block-size: 100% }
.stars label.on { color: light-dark(#b36b00, #ffc24d) }
.stars label.on svg { fill: currentColor }
.stars label:has(:focus-visible) { outline: 2px solid var(--p-accent) }
@media (hover: hover) { .stars label:hover svg { scale: 1.12 } }
.still { display: inline-flex; gap: .1rem; color: light-dark(#b36b00, #ffc24d) }
.still svg { inline-size: 1.2rem; block-size: 1.2rem }
.still .on { fill: currentColor }
.back:dir(rtl) svg { scale: -1 1 }
.panes:not(.talking) .talk, .panes.talking .list { display: none }
@container parley-support (min-width: 45rem) {
  .panes { grid-template-columns: minmax(18rem, 23rem) minmax(0, 1fr) }
  .panes .list { display: flex !important; grid-area: 1 / 1; border-inline-end: 1px solid var(--p-line) }
  .panes .talk { display: flex !important; grid-area: 1 / 2 }
  .back { display: none }
}
@container parley-support (max-width: 30rem) { .top .more { display: none } .top:has(.acts) { flex-wrap: wrap } .top:has(.acts) > .what { flex-basis: calc(100% - 4rem) } .top .acts { margin-inline-start: auto } }
@container parley-support (max-width: 44.99rem) { .panes.talking .talk { animation: p-slide var(--p-quick) ease-out } }
@keyframes p-slide { from { opacity: 0; translate: 1.25rem 0 } }
`;
