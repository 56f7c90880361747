import { css } from "../base/theme.js";

export const settings = css`
:host { block-size: 100%; container: parley-settings / inline-size; background: var(--p-bg) }
.all { block-size: 100%; overflow-y: auto; padding: 1rem; display: grid; gap: 1rem; align-content: start; justify-items: center; overscroll-behavior: contain }
.all > * { inline-size: min(42rem, 100%); min-inline-size: 0 }
.all > [role=status]:empty { position: absolute }
.bar { border-radius: 14px }
section { border: 1px solid var(--p-line); border-radius: var(--p-radius); padding: 1rem 1.1rem; display: grid; gap: .8rem; min-inline-size: 0 }
h3 { font-size: 1.0625rem; line-height: 1.3; display: flex; align-items: center; gap: .55rem }
h3 svg { color: var(--p-accent) }
h4 { font-size: .9375em; margin: 0 }
.hint { color: var(--p-soft); font-size: .9em; text-wrap: pretty }
.line { display: flex; align-items: center; gap: .9rem; justify-content: space-between; min-block-size: 2rem }
.line > span:first-child { display: grid; gap: .1rem; min-inline-size: 0; flex: 1 }
.line > span > b { font-weight: 500 }
.line .hint { overflow-wrap: anywhere }
.note { background: var(--p-warn); color: var(--p-on-warn); border-radius: 12px; padding: .55rem .8rem; font-size: .9em }
.kinds { border-collapse: collapse; inline-size: 100% }
.kinds th { font-weight: 600; font-size: .875em; padding: .35rem .1rem; color: var(--p-soft); overflow-wrap: anywhere }
.kinds tbody th { text-align: start; font-weight: 500; font-size: 1em; color: var(--p-text); padding-inline-start: 0; overflow-wrap: break-word }
.kinds td { text-align: center; padding: .1rem; inline-size: clamp(3.1rem, 15cqi, 7.5rem) }
.kinds tr + tr, .kinds tbody tr { border-block-start: 1px solid var(--p-line) }
.kinds label { display: grid; place-items: center; min-block-size: 2.5rem; cursor: pointer }
.kinds input, .check input { inline-size: 1.25rem; block-size: 1.25rem; accent-color: var(--p-accent); margin: 0; flex: none; cursor: pointer }
.check { display: flex; align-items: center; gap: .6rem; min-block-size: 2rem; cursor: pointer }
.quiet { display: grid; gap: .6rem; border: 1px solid var(--p-line); border-radius: 14px; padding: .75rem; margin: 0; min-inline-size: 0 }
.times { display: flex; flex-wrap: wrap; align-items: end; gap: .6rem }
.times label, .form > label { display: grid; gap: .25rem; font-size: .875em; color: var(--p-soft) }
.times .field { inline-size: 8.75rem; color: var(--p-text) }
.times .icon { margin-inline-start: auto }
.days { display: flex; flex-wrap: wrap; gap: .3rem }
.days button { min-inline-size: 2.6rem; min-block-size: 2.1rem; border-radius: 999px; border: 1px solid light-dark(#8a8c9c, #6d7080); font-size: .875em; font-weight: 600; padding-inline: .55rem }
.days button[aria-pressed=true] { background: var(--p-accent); border-color: transparent; color: var(--p-on-accent) }
.form { display: grid; gap: .7rem }
.form .field { color: var(--p-text); font-size: .9375rem }
.acts { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
.acts .main { margin-inline-start: auto }
.rows { display: grid }
.rows li { display: flex; align-items: center; gap: .7rem; padding-block: .55rem; min-inline-size: 0 }
.rows li + li { border-block-start: 1px solid var(--p-line) }
.rows li > span:nth-last-child(2) { flex: 1; min-inline-size: 0; display: grid; gap: .1rem }
.rows .danger { color: var(--p-danger) }
.rows .what { overflow-wrap: anywhere; font-weight: 500 }
a.button { text-decoration: none }
@container parley-settings (max-width: 24rem) {
  .all { padding: .6rem }
  section { padding: .8rem }
  .rows li { flex-wrap: wrap }
}
@media (pointer: coarse) { .field { font-size: 1rem } }
@media (forced-colors: active) { .days button[aria-pressed=true] { background: Highlight; forced-color-adjust: none; color: HighlightText } }
`;
