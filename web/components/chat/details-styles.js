/** The looks of what is beside a thread: they come with it. */
import { css } from "../base/theme.js";

export const details = css`
:host { block-size: 100%; overflow: hidden; background: var(--p-bg) }
.details { display: flex; flex-direction: column; block-size: 100%; min-block-size: 0 }
.bar-top { display: flex; align-items: center; gap: .35rem; padding: .7rem .6rem .5rem }
.bar-top h2 { font-size: 1.0625rem; flex: 1; padding-inline-start: .35rem }
.all { flex: 1; min-block-size: 0; overflow-y: auto; padding: .25rem 1rem 2rem; scrollbar-width: thin; scrollbar-color: var(--p-line) transparent }
.about { display: grid; justify-items: center; text-align: center; gap: .35rem; padding-block: .75rem 1.1rem }
.about .avatar { --s: 5.25rem }
.about h3 { font-size: 1.2rem; letter-spacing: -.01em; max-inline-size: 100%; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden }
.about p { overflow-wrap: anywhere }
.acts { display: flex; flex-wrap: wrap; justify-content: center; gap: .4rem; margin-block-start: .5rem }
.all section { border-block-start: 1px solid var(--p-line); padding-block: .35rem }
.all section[role=search] { padding-block: .8rem }
a.button { text-decoration: none }
.fold { display: flex; align-items: center; gap: .6rem; inline-size: 100%; padding: .6rem .1rem; font-weight: 600; text-align: start; border-radius: 8px }
.fold svg { color: var(--p-soft) }
.fold .count { margin-inline-start: auto; font-weight: 500; color: var(--p-soft) }
.fold .turn { inline-size: 1.1rem; block-size: 1.1rem; transition: rotate var(--p-quick) }
.fold[aria-expanded=true] .turn { rotate: 180deg }
.fold .count + .turn, .fold .turn:last-child { margin-inline-start: 0 }
.fold > span:first-of-type { flex: 1 }
.none { color: var(--p-soft); padding: .25rem .1rem .75rem; font-size: .925em }
.member { display: flex; align-items: center; gap: .65rem; padding: .35rem .1rem; min-inline-size: 0 }
.member .who { display: grid; min-inline-size: 0; flex: 1 }
.member .who > span:last-child { font-size: .85em }
.file { display: flex; align-items: center; gap: .7rem; inline-size: 100%; padding: .5rem .1rem; text-align: start; min-inline-size: 0; border-radius: 10px }
.file > i img { grid-area: 1 / 1; inline-size: 100%; block-size: 100%; object-fit: cover; border-radius: inherit }
.file > i svg { grid-area: 1 / 1 }
.file > i { inline-size: 2.4rem; block-size: 2.4rem; border-radius: 10px; background: var(--p-raised); display: grid; place-items: center; flex: none; color: var(--p-accent) }
.file span { display: grid; min-inline-size: 0 }
.file .soft { font-size: .85em }
.hit { display: grid; gap: .1rem; inline-size: 100%; padding: .5rem .5rem; margin-inline: -.4rem; border-radius: 10px; text-align: start }
.hit .top { display: flex; gap: .5rem; font-size: .85em }
.hit time { margin-inline-start: auto; color: var(--p-soft); flex: none }
.hit .words { overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; font-size: .925em }
@media (hover: hover) { .hit:hover, .file:hover { background: var(--p-hover) } .act:hover { background: var(--p-hover) } }
.choice { display: grid; gap: .15rem; border: 0; margin: 0; padding: 0 0 .5rem }
.choice label { display: flex; align-items: center; gap: .65rem; padding: .4rem .1rem; cursor: pointer }
.choice input, .check input { inline-size: 1.15rem; block-size: 1.15rem; accent-color: var(--p-accent); margin: 0; flex: none }
.act { display: flex; align-items: center; gap: .7rem; inline-size: 100%; padding: .6rem .5rem; margin-inline: -.4rem; border-radius: 10px; text-align: start; font-weight: 500 }
.act.danger { color: var(--p-danger) }
.form { display: grid; gap: .75rem }
.form label:not(.check) { display: grid; gap: .3rem; font-size: .9em; font-weight: 600 }
.check { display: flex; align-items: center; gap: .6rem }
.form textarea { min-block-size: 5rem; resize: vertical }
`;
