import { css } from "../base/theme.js";

export const admin = css`
:host { block-size: 100%; container: parley-admin / inline-size; background: var(--p-bg); overflow: hidden }
.admin { display: flex; flex-direction: column; block-size: 100%; min-block-size: 0; position: relative }
.head { padding: .9rem 1rem .3rem }
.head h2 { font-size: 1.3rem; letter-spacing: -.015em; line-height: 1.2 }
.tabs { display: flex; gap: .15rem; padding: .2rem .7rem 0; border-block-end: 1px solid var(--p-line); overflow-x: auto; scroll-padding-inline: .7rem; scrollbar-width: none; flex: none }
.tabs button { padding: .5rem .75rem .55rem; font-weight: 600; color: var(--p-soft); border-block-end: 2.5px solid transparent; border-radius: 8px 8px 0 0; white-space: nowrap }
.tabs button:focus-visible { outline-offset: -2px }
.tabs [aria-selected=true] { color: var(--p-text); border-color: var(--p-accent) }
.panel { flex: 1; min-block-size: 0; overflow: auto; padding: 1rem; scrollbar-width: thin; scrollbar-color: var(--p-line) transparent; display: flex; flex-direction: column; gap: .9rem; position: relative }
.panel:focus-visible { outline-offset: -3px }
.panel:has(> .panes) { padding: 0; overflow: hidden }
.panel > * { flex: none }
.tools { display: flex; flex-wrap: wrap; align-items: end; gap: .6rem .75rem }
.tools label { display: grid; gap: .2rem; font-size: .85em; font-weight: 600; color: var(--p-soft); flex: 0 1 11rem; min-inline-size: 7rem }
.tools label .field { font-size: .9375rem; color: var(--p-text); font-weight: 400; min-block-size: 2.25rem; padding-block: .25rem }
.tools label:has([type=date]) { flex-basis: 10rem; min-inline-size: 9.75rem }
.tools label .field { min-inline-size: 0 }
.tools .end { margin-inline-start: auto }
.lead { color: var(--p-soft); max-inline-size: 46rem; text-wrap: pretty }
.told { position: absolute; inset-block-end: .9rem; inset-inline: 1rem; margin-inline: auto; inline-size: fit-content; max-inline-size: calc(100% - 2rem); display: flex; gap: .5rem; align-items: center; padding: .55rem .95rem; border-radius: 14px; background: light-dark(#1c1c26, #ececf2); color: light-dark(#fff, #1c1c26); box-shadow: var(--p-shadow); font-size: .9em; font-weight: 500; overflow-wrap: anywhere }
.told:empty { display: none }
.grid { inline-size: 100%; border-collapse: collapse; font-size: .925em }
.grid th { text-align: start; font-size: .8125em; font-weight: 600; color: var(--p-soft); padding: .45rem .6rem; border-block-end: 1px solid var(--p-line); white-space: nowrap }
.grid td { padding: .55rem .6rem; border-block-end: 1px solid var(--p-line); vertical-align: top; overflow-wrap: anywhere }
.grid td.number, .grid th.number { text-align: end; font-variant-numeric: tabular-nums }
.grid td.acts > div { display: flex; flex-wrap: wrap; gap: .4rem; justify-content: flex-end }
.grid td.short { white-space: nowrap }
.grid :is(.button, time) { white-space: nowrap }
.grid .button { min-block-size: 2rem; padding: .2rem .75rem; font-size: .9em }
.who { display: inline-flex; align-items: center; gap: .5rem; min-inline-size: 0; max-inline-size: 100% }
.who .avatar { --s: 1.6rem }
code, .code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .9em; overflow-wrap: anywhere }
.button.danger-main { background: light-dark(#c01f33, #ff8a94); color: light-dark(#fff, #2b0a0e) }
.form .labelled { display: grid; gap: .3rem }
.form .hint { font-weight: 400; color: var(--p-soft); font-size: .9em }
.form textarea { min-block-size: 4.5rem }
.form .tick-label { display: flex; align-items: center; gap: .6rem; font-weight: 500 }
.form .tick-label input { inline-size: 1.25rem; block-size: 1.25rem; accent-color: var(--p-accent); flex: none }
.form > p { color: var(--p-soft); text-wrap: pretty }
.form .wrong[role=alert] { display: flex; gap: .5rem }
.chosen { display: flex; align-items: center; gap: .6rem; font-weight: 600 }
.chosen .link { margin-inline-start: auto; min-block-size: 1.5rem }
.dialog .search { margin-block-end: .4rem }
.back:dir(rtl) svg { scale: -1 1 }
.panes { display: grid; grid-template-columns: minmax(0, 1fr); flex: 1 !important; min-block-size: 0 }
.panes > * { grid-area: 1 / 1; min-block-size: 0; min-inline-size: 0; overflow: auto; scrollbar-width: thin; scrollbar-color: var(--p-line) transparent }
.panes .queue { padding: .8rem .6rem }
.panes .queue .tools { padding: 0 .4rem .6rem; flex-wrap: nowrap }
.panes .queue .tools label { flex: 1 1 6rem; min-inline-size: 0 }
.panes .case { background: var(--p-bg); padding: 1rem; display: flex; flex-direction: column; gap: .9rem }
.panes:not(.chosen-one) .case { display: none }
.panes.chosen-one .queue { visibility: hidden }
@container parley-admin (min-width: 52rem) {
  .panes { grid-template-columns: minmax(18rem, 23rem) minmax(0, 1fr) }
  .panes > * { grid-area: auto }
  .panes .case, .panes:not(.chosen-one) .case { display: flex }
  .panes.chosen-one .queue { visibility: visible }
  .panes .queue { border-inline-end: 1px solid var(--p-line) }
  .case .back { display: none }
  .panes .case { padding: 1.1rem 1.4rem }
}
.row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .25rem .75rem; inline-size: 100%; padding: .65rem .7rem; border-radius: 14px; text-align: start }
.row .under { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: .35rem .5rem; align-items: center; font-size: .875em; color: var(--p-soft); min-inline-size: 0 }
.row time { font-size: .8125em; color: var(--p-soft) }
.row[aria-current=true] { background: var(--p-active) }
.row[aria-current=true] :is(time, .under) { color: var(--p-text) }
.row:focus-visible { outline-offset: -2px }
@media (hover: hover) { .row:hover { background: var(--p-hover) } .row[aria-current=true]:hover { background: var(--p-active) } }
.status.in_review, .status.pending, .status.flag { background: light-dark(#ece6fd, #37305a); color: var(--p-on-active) }
.status.succeeded, .status.on { background: light-dark(#dcf5e6, #173d2a); color: light-dark(#125c36, #a7e8c5) }
.status.failed, .status.reject { background: light-dark(#fde3e6, #4a1d24); color: light-dark(#8f1526, #ffb9c0) }
.status.paused, .status.mask { background: light-dark(#fff0d0, #4a3b16); color: light-dark(#6b4a00, #ffdf9b) }
.case-head { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .75rem }
.case-head h3 { font-size: 1.125rem; line-height: 1.3; flex: 1 1 10rem; min-inline-size: 0; overflow-wrap: anywhere }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem .9rem; margin: 0; font-size: .925em }
.facts dt { color: var(--p-soft) }
.facts dd { margin: 0; overflow-wrap: anywhere; min-inline-size: 0 }
.acts-bar { display: flex; flex-wrap: wrap; gap: .5rem }
.said { display: grid; gap: .45rem }
.said li { border-radius: 14px; padding: .55rem .85rem; background: var(--p-other); color: var(--p-on-other); max-inline-size: 42rem; overflow-wrap: anywhere }
.said li.reported { outline: 2px solid var(--p-danger); outline-offset: -2px }
.said header { display: flex; flex-wrap: wrap; gap: .2rem .6rem; font-size: .8125em; font-weight: 600 }
.said time { margin-inline-start: auto; font-weight: 400 }
.said .gone { font-style: italic; opacity: .85 }
.said :is(p, ul, ol, pre, blockquote) + * { margin-block-start: .4rem }
h3 { font-size: 1rem; line-height: 1.35 }
.panel > .state { block-size: auto; flex: 1 }
.someone { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem; flex: 0 1 13rem; min-inline-size: 8rem; font-size: .85em }
.someone .label { flex: 1 0 100%; font-weight: 600; color: var(--p-soft) }
.someone .field { flex: 1; inline-size: auto; min-inline-size: 0; font-size: .9375rem; min-block-size: 2.25rem; padding-block: .25rem; text-align: start; display: flex; align-items: center }
.charts { display: grid; grid-template-columns: repeat(var(--columns, 1), minmax(0, 1fr)); gap: 1rem; align-items: start }
.figure { margin: 0; align-content: start; min-inline-size: 0 }
.figure figcaption { display: flex; align-items: baseline; gap: .75rem; justify-content: space-between }
.figure h4 { margin: 0; font-size: .95rem; line-height: 1.35 }
.figure .link { white-space: nowrap; flex: none; font-size: .8125em; font-weight: 500; min-block-size: 1.5rem }
.chart { inline-size: 100%; block-size: auto; direction: ltr; overflow: visible }
.chart text { font: 11px var(--p-font); fill: var(--p-soft); font-variant-numeric: tabular-nums }
.chart .at-end { text-anchor: end }
.chart .at-middle { text-anchor: middle }
.chart .level { stroke: var(--p-line); stroke-width: 1; fill: none }
.chart .over { fill: transparent }
.s0 { --series: var(--p-accent) }
.s1 { --series: light-dark(#0b7285, #4cc3d9) }
.s2 { --series: light-dark(#a04a00, #ffb366) }
.chart g path, .key path { stroke: var(--series); stroke-width: 2.25; fill: none; stroke-linejoin: round; stroke-linecap: round }
.chart g circle { fill: var(--p-bg); stroke: var(--series); stroke-width: 2 }
.chart g.bars rect { fill: var(--series) }
.chart .s1 path, .key.s1 path { stroke-dasharray: 6 5 }
.chart .s2 path, .key.s2 path { stroke-dasharray: 1 5 }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1rem; font-size: .85em; color: var(--p-soft) }
.legend li { display: flex; align-items: center; gap: .4rem }
.key { inline-size: 1.6rem; block-size: .65rem }
.numbers { overflow: auto; max-block-size: 18rem }
.numbers table { border-collapse: collapse; inline-size: 100%; font-size: .875em; font-variant-numeric: tabular-nums }
.numbers :is(th, td) { padding: .25rem .5rem; border-block-end: 1px solid var(--p-line); text-align: end }
.numbers th:first-child { text-align: start; font-weight: 500 }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .7rem; margin: 0 }
.tiles > div { background: var(--p-raised); border-radius: 16px; padding: .7rem .9rem; display: flex; flex-direction: column-reverse; justify-content: flex-end }
.tiles dt { font-size: .8125em; color: var(--p-soft) }
.tiles dd { margin: 0; font-size: 1.4rem; font-weight: 650; letter-spacing: -.01em; font-variant-numeric: tabular-nums }
.part { display: grid; gap: .9rem; min-inline-size: 0 }
.boxes { display: grid; gap: .9rem }
.webhook { min-inline-size: 0 }
.webhook h3 { font-size: .95rem }
.secret { background: var(--p-raised); border-radius: 12px; padding: .8rem .9rem; margin-block-start: .8rem; user-select: all }
.pairs { margin: 0; display: grid; gap: .15rem; font-size: .9em }
.pairs div { display: flex; flex-wrap: wrap; gap: .1rem .5rem }
.pairs dt { color: var(--p-soft) }
.pairs dd { margin: 0; overflow-wrap: anywhere }
.hits .button { margin-block-start: .45rem; min-block-size: 2rem; padding-block: .2rem; font-size: .875em }
.box { border: 1px solid var(--p-line); border-radius: 16px; padding: .9rem 1rem; display: grid; gap: .7rem; background: var(--p-bg) }
@container parley-admin (max-width: 44rem) {
  .grid, .grid tbody { display: grid; gap: .7rem }
  .grid thead { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%) }
  .grid tr { display: grid; gap: .4rem; border: 1px solid var(--p-line); border-radius: 16px; padding: .8rem .9rem }
  .grid td { display: grid; grid-template-columns: minmax(5.5rem, 32%) minmax(0, 1fr); gap: .6rem; padding: 0; border: 0 }
  .grid td::before { content: attr(data-label); color: var(--p-soft); font-size: .875em }
  .grid td.number { text-align: start }
  .grid td.acts { display: block; padding-block-start: .3rem }
  .grid td.acts::before { display: none }
  .grid td.acts > div { justify-content: flex-start }
  .tools label, .tools .someone { flex: 1 1 8.5rem }
  .tools label:has([type=date]) { flex: 1 1 10rem }
  .tools > .button { flex: 0 1 auto }
  .facts { grid-template-columns: minmax(0, 1fr); gap: .1rem }
  .facts dd { margin-block-end: .45rem }
}
@media (pointer: coarse) { .tools label .field { font-size: 1rem } .grid .button { min-block-size: 2.5rem } }
@media (forced-colors: active) { .status, .box { border: 1px solid CanvasText } }
`;
