import { css } from "../base/theme.js";

export const desk = css`
:host { block-size: 100%; container: parley-support / inline-size; background: var(--p-bg); overflow: hidden }
.find { padding: 0 1rem }
.filters { display: flex; flex-wrap: wrap; gap: .35rem; padding: .6rem 1rem .5rem; flex: none }
.filters .chip { min-block-size: 1.9rem; padding-inline: .75rem }
.switch { font-size: .875em; font-weight: 600 }
.ticket .under { flex-wrap: nowrap }
.ticket .late { color: var(--p-danger); font-weight: 600 }
.priority { font-weight: 600; flex: none }
.priority.high { color: light-dark(#8a4b00, #ffc46b) }
.priority.urgent { color: var(--p-danger) }
.set { display: flex; flex-wrap: wrap; align-items: end; gap: .5rem .75rem; padding: .6rem .9rem; border-block-end: 1px solid var(--p-line); font-size: .875em }
.set :is(label, .labelled) { display: grid; gap: .15rem; flex: 0 1 9.5rem; min-inline-size: 5.5rem; color: var(--p-soft); font-size: .9em }
.set .field { min-block-size: 2.1rem; padding-block: .2rem; padding-inline: .5rem; color: var(--p-text); font-size: .875rem }
.set .button { min-block-size: 2.1rem; font-size: .875rem; min-inline-size: 0 }
.set .button bdi { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--p-text) }
@container parley-support (max-width: 30rem) { .set { gap: .5rem; flex-wrap: nowrap } .set > .button { padding-inline: .7rem } }
.clocks { display: flex; flex-wrap: wrap; gap: .35rem .9rem; padding: .5rem .9rem; font-size: .85em; background: var(--p-raised); border-block-end: 1px solid var(--p-line) }
.clocks span { display: inline-flex; align-items: center; gap: .35rem }
.clocks svg { inline-size: 1rem; block-size: 1rem; color: var(--p-soft) }
.clocks b { font-weight: 600; font-variant-numeric: tabular-nums }
.clocks .over b, .clocks .over svg { color: var(--p-danger) }
.tabs { display: flex; gap: .25rem; padding: .4rem .7rem 0; border-block-end: 1px solid var(--p-line) }
.tabs button { padding: .45rem .75rem .5rem; font-weight: 600; color: var(--p-soft); border-block-end: 2.5px solid transparent; border-radius: 8px 8px 0 0 }
.tabs [aria-selected=true] { color: var(--p-text); border-color: var(--p-accent) }
.pane { flex: 1; min-block-size: 0; display: flex; flex-direction: column }
.pane parley-thread { flex: 1; min-block-size: 0 }
.notes { flex: 1; overflow-y: auto; padding: 1rem; display: grid; gap: .6rem; align-content: start }
.note { background: var(--p-warn); color: var(--p-on-warn); border-radius: 14px; padding: .6rem .85rem; max-inline-size: 40rem; overflow-wrap: anywhere }
.note.plain { background: var(--p-other); color: var(--p-on-other) }
.note header { display: flex; gap: .6rem; font-size: .8125em; font-weight: 600 }
.note time { margin-inline-start: auto; font-weight: 400 }
.note :is(p, ul, ol, pre, blockquote) + * { margin-block-start: .4rem }
.note ul, .note ol { padding-inline-start: 1.3rem; list-style: revert }
.viewers { display: flex; align-items: center; gap: .4rem; font-size: .85em; color: var(--p-soft) }
.viewers:not(:empty) { padding: .4rem .9rem; border-block-end: 1px solid var(--p-line) }
.viewers svg { inline-size: 1rem; block-size: 1rem }
.history { display: grid; gap: .9rem; max-inline-size: 46rem; border-inline-start: 2px solid var(--p-line); padding-inline-start: 1rem; margin-inline-start: .3rem }
.history header { display: flex; gap: .8rem; align-items: baseline; font-weight: 600 }
.history time { margin-inline-start: auto; font-weight: 400; font-size: .85em; color: var(--p-soft); white-space: nowrap }
.history p { overflow-wrap: anywhere }
:is(.history, .macro) ins { text-decoration: none; color: var(--p-text) }
.history blockquote { margin: .3rem 0 0; padding-inline-start: .7rem; border-inline-start: 3px solid var(--p-line); overflow-wrap: anywhere }
.macro .body { display: grid; gap: .5rem; overflow-wrap: anywhere }
.macro h3 { font-size: .875em; padding-block-start: .4rem }
.macro blockquote { margin: 0 }
.macro .bar { margin-inline: -1.2rem; padding-inline: 1.2rem }
.reply { display: flex; align-items: end; gap: .4rem; padding: .6rem .8rem; border-block-start: 1px solid var(--p-line) }
.reply textarea { flex: 1; min-block-size: 2.6rem; max-block-size: 12rem; resize: none; field-sizing: content; border-radius: 20px; background: var(--p-raised); line-height: 1.4 }
.reply.said { gap: 0; padding: 0; background: var(--p-bg) }
.reply.said > .icon { inline-size: 2.5rem; block-size: 2.5rem; margin-block-end: calc(.55rem + env(safe-area-inset-bottom)); margin-inline-start: .5rem; flex: none }
.reply parley-composer { flex: 1; min-inline-size: 0; margin-block-start: -1px }
@container parley-support (max-width: 30rem) { .reply.said { flex-wrap: wrap } .reply.said > .icon { margin-block: .2rem } .reply.said parley-composer { flex-basis: 100% } }
@container parley-support (max-width: 24rem) { .set { flex-wrap: wrap } .set :is(label, .labelled) { flex-basis: 6.5rem } }
.reply .send { background: var(--p-accent); color: var(--p-on-accent) }
.reply.private textarea { background: var(--p-warn); color: var(--p-on-warn) }
.reply.private textarea::placeholder { color: inherit; opacity: .85 }
@media (pointer: coarse) { .reply textarea { font-size: 1rem } }
`;
