import { css } from "../base/theme.js";

export const styles = css`
:host { block-size: 100%; min-block-size: 0; max-block-size: 100dvh; background: var(--p-bg); overflow: clip }
.thread { display: flex; flex-direction: column; block-size: 100%; min-block-size: 0; max-block-size: inherit; container-type: inline-size; background: var(--p-bg) }
.pane { flex: 1; min-block-size: 8rem; display: flex; flex-direction: column; position: relative; overflow: clip }
.pane > .bones { margin-block-start: auto }
.head { display: flex; align-items: center; gap: .7rem; min-block-size: 3.75rem; padding: .5rem .9rem; border-block-end: 1px solid var(--p-line); flex: none }
.titles { flex: 1; min-inline-size: 0; display: grid }
.head h2 { font-size: 1rem; font-weight: 650; display: flex; align-items: center; gap: .45rem; line-height: 1.3 }
.head h2 > :first-child { overflow: hidden; text-overflow: ellipsis }
.head h2 a { text-decoration-thickness: 1px; text-underline-offset: 3px }
.head p { font-size: .8125rem }
.accent { color: var(--p-accent) }
.faced { position: relative; flex: none }
.faced { display: block }
.dot { position: absolute; inset-block-end: -1px; inset-inline-end: -1px; inline-size: 12px; block-size: 12px; border-radius: 50%; background: var(--p-good); border: 2px solid var(--p-bg) }
.scroller { display: flex; flex-direction: column; flex: 1; min-block-size: 0; overflow: hidden auto; overflow-anchor: none; overscroll-behavior: contain; scrollbar-width: thin; scrollbar-color: var(--p-line) transparent; padding-block-end: .5rem }
.scroller > * { flex: none }
.rows, .tail { padding-inline: max(0px, (100% - 66rem) / 2) }
@container (max-width: 24rem) { .head { gap: .15rem; padding-inline: .4rem } .head .titles { margin-inline-start: .4rem } }
.spacer:first-child { margin-block-start: auto }
.row { padding: 2px 1rem 0; position: relative; outline-offset: -2px }
.row.first { padding-block-start: .65rem }
.row.flash { animation: flash 1.6s }
@keyframes flash { 0%, 60% { background: var(--p-active) } }
.day, .line { display: flex; align-items: center; justify-content: center; padding-block: .55rem .7rem; font-size: .75rem; font-weight: 600; color: var(--p-soft) }
.day span { padding: .2rem .75rem; border-radius: 999px; background: var(--p-raised) }
.line { color: var(--p-danger); gap: .75rem }
.line::before, .line::after { content: ""; flex: 1; block-size: 1px; background: currentColor; opacity: .35 }
.event { text-align: center; text-wrap: balance; font-size: .8125rem; color: var(--p-soft); padding: .2rem 2rem; overflow-wrap: anywhere }
.event .link { padding: .2rem .4rem }
.said { display: flex; gap: .55rem; position: relative }
.own .said { justify-content: flex-end }
.said > .avatar { --s: 2rem }
.gap { inline-size: 2rem; flex: none }
.stack { display: flex; flex-direction: column; align-items: flex-start; min-inline-size: 0; max-inline-size: min(76%, 36rem) }
.own .stack { align-items: flex-end }
.name { display: flex; gap: .4rem; align-items: center; font-size: .8125rem; font-weight: 650; margin: 0 .3rem .2rem; max-inline-size: 100%; line-height: 1.35 }
.bubble { display: grid; grid-template-columns: minmax(0, auto); justify-items: start; row-gap: .35rem; max-inline-size: 100%; min-inline-size: 0; padding: .47rem .8rem; border-radius: var(--p-radius); background: var(--p-other); color: var(--p-on-other); --foot: var(--p-soft); --tint: color-mix(in srgb, currentColor 9%, transparent) }
.own .bubble { background: var(--p-own); color: var(--p-on-own); --foot: color-mix(in srgb, var(--p-on-own) 84%, var(--p-own)); --tint: color-mix(in srgb, currentColor 16%, transparent); --p-accent: currentColor }
.other:not(.first) .bubble { border-start-start-radius: 6px }
.other:not(.last) .bubble { border-end-start-radius: 6px }
.own:not(.first) .bubble { border-start-end-radius: 6px }
.own:not(.last) .bubble { border-end-end-radius: 6px }
.row.own .bubble.pending { --foot: var(--p-on-own); background: color-mix(in srgb, var(--p-own) 88%, var(--p-bg)) }
.bubble.for-me { background: var(--p-active) }
.row .bubble.gone { display: flex; gap: .5rem; background: none; color: var(--p-soft); border: 1px dashed var(--p-line); font-style: italic; align-items: center; --foot: var(--p-soft); --p-accent: initial }
.bubble.gone > svg { flex: none;  inline-size: 1rem; block-size: 1rem }
.bubble.gone .link { color: var(--p-text); font-style: normal }
.flow { display: flex; flex-wrap: wrap; align-items: flex-end; column-gap: .65rem; row-gap: .2rem; inline-size: 100%; min-inline-size: 0 }
.flow > slot { display: contents }
.flow > .foot { margin-inline-start: auto }
.bubble .text { flex: 0 1 auto; min-inline-size: 0; max-inline-size: 100%; overflow: clip; overflow-wrap: anywhere; contain: paint }
.text > * { margin-block: 0 }
.text > * + * { margin-block-start: .45em }
.text p, .text li, .text blockquote, .text pre { unicode-bidi: plaintext }
.text ul, .text ol { padding-inline-start: 1.35em; list-style: revert }
.text ol { list-style: decimal }
.text a { color: var(--p-accent); text-underline-offset: 2px; overflow-wrap: anywhere }
.text .host { font-size: .85em }
.text blockquote { margin-inline: 0; padding-inline-start: .65em; border-inline-start: 3px solid color-mix(in srgb, currentColor 35%, transparent) }
.text code { font: .875em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--tint); padding: .1em .35em; border-radius: 5px }
.text pre { margin-inline: 0; padding: .6em .75em; border-radius: 10px; background: var(--tint); overflow: auto }
.text pre code { padding: 0; background: none; white-space: pre; overflow-wrap: normal }
.text .mention { font-weight: 650; color: var(--p-accent) }
.own .mention { text-decoration: underline; text-decoration-color: color-mix(in srgb, currentColor 45%, transparent); text-underline-offset: 3px }
.text.folded { max-block-size: 17rem; overflow: hidden; mask-image: linear-gradient(#000 72%, transparent) }
.bubble .fold { font-size: .8125rem; padding-block: .15rem; color: inherit }
.row .bubble.jumbo { background: none; color: var(--p-text); padding-inline: .15rem; --foot: var(--p-soft) }
.quick, .reactions button > :first-child, .jumbo .text { font-family: var(--p-emoji) }
.jumbo .text { font-size: 2.5rem; line-height: 1.15 }
.foot { display: flex; align-items: center; gap: .3rem; font-size: .6875rem; line-height: 1.5; color: var(--foot); white-space: nowrap }
.mark svg { inline-size: 1rem; block-size: 1rem; stroke-width: 2.2 }
.mark.read { color: light-dark(#9be7ff, #9be7ff) }
.jumbo .mark.read, .gone .mark.read { color: var(--p-good) }
.mark.failed { color: #ffd2d6 }
.origin { display: flex; align-items: center; gap: .3rem; font-size: .75rem; font-style: italic; color: var(--foot) }
.origin svg { inline-size: .9rem; block-size: .9rem }
.quote { display: grid; inline-size: 100%; text-align: start; font-size: .8125rem; padding: .3rem .6rem; border-radius: 8px; background: var(--tint); border-inline-start: 3px solid var(--p-accent); max-inline-size: 100% }
.quote b { color: var(--p-accent) }
.reactions { display: flex; flex-wrap: wrap; gap: .25rem; margin: -.3rem .35rem .25rem; position: relative }
.reactions button { display: inline-flex; align-items: center; gap: .3rem; padding: .1rem .5rem; border-radius: 999px; border: 1px solid var(--p-line); background: var(--p-surface); font-size: .8125rem; min-block-size: 1.5rem; color: var(--p-text); animation: p-rise var(--p-quick) ease-out; font-variant-numeric: tabular-nums }
.reactions button:disabled { opacity: 1 }
.reactions .mine { background: var(--p-active); border-color: var(--p-accent) }
.failed { display: flex; flex-wrap: wrap; justify-content: flex-end; align-items: center; gap: .2rem .5rem; font-size: .8125rem; color: var(--p-danger); padding: .2rem .25rem; max-inline-size: 100% }
.failed svg { inline-size: 1rem; block-size: 1rem }
.failed .link { color: inherit }
.toolbar { position: absolute; inset-block-start: -1.35rem; inset-inline-start: 2.9rem; z-index: 2; display: flex; align-items: center; padding: .1rem .25rem; border-radius: 999px; background: var(--p-surface); border: 1px solid var(--p-line); box-shadow: var(--p-shadow); animation: p-appear 100ms }
.own .toolbar { inset-inline: auto .25rem }
.toolbar .icon { inline-size: 2rem; block-size: 2rem }
.toolbar .icon svg { inline-size: 1.1rem; block-size: 1.1rem }
.quick { inline-size: 2rem; block-size: 2rem; border-radius: 50%; font-size: 1.15rem; line-height: 1; display: grid; place-items: center; transition: scale 120ms }
.quick[aria-pressed=true] { background: var(--p-active) }
@media (hover: hover) { .quick:hover { scale: 1.25 } .reactions button:hover:not(:disabled) { border-color: var(--p-soft) } .file:hover:not(:disabled), .quote:hover, .preview:hover { filter: brightness(.96) } }
@media (hover: none) { .toolbar { display: none } .row { -webkit-touch-callout: none } }
.quicks { display: flex; justify-content: space-between; gap: .1rem; padding: .2rem .2rem .4rem; border-block-end: 1px solid var(--p-line); margin-block-end: .3rem }
.quicks .quick { inline-size: 2.5rem; block-size: 2.5rem; font-size: 1.4rem }
.quicks .quick svg { inline-size: 1.2rem; block-size: 1.2rem; color: var(--p-soft) }
.popover.emoji { padding: .6rem; overflow: hidden }
.own .file .icon { color: inherit }
.newest { position: absolute; inset-block-end: .9rem; inset-inline-end: 1rem; inline-size: 2.75rem; block-size: 2.75rem; border-radius: 50%; display: grid; place-items: center; background: var(--p-surface); border: 1px solid var(--p-line); box-shadow: var(--p-shadow); animation: p-rise var(--p-quick) }
.newest .badge { position: absolute; inset-block-start: -.5rem }
.busy { position: absolute; inset-block-start: .6rem; inset-inline: 0; display: grid; place-items: center; pointer-events: none }
.busy .spinner { background: var(--p-surface); box-shadow: var(--p-shadow) }
.tail { min-block-size: .4rem }
.typing { display: flex; align-items: center; gap: .6rem; padding: .5rem 1rem 0; color: var(--p-soft); font-size: .8125rem }
.dots { display: inline-flex; gap: .25rem; padding: .7rem .75rem; border-radius: var(--p-radius); background: var(--p-other); margin-inline-start: 2.55rem }
.dots i { inline-size: .4rem; block-size: .4rem; border-radius: 50%; background: var(--p-soft); animation: hop 1.1s infinite ease-in-out }
.dots i:nth-child(2) { animation-delay: .15s }
.dots i:nth-child(3) { animation-delay: .3s }
@keyframes hop { 0%, 60%, 100% { translate: 0; opacity: .55 } 30% { translate: 0 -.25rem; opacity: 1 } }
.bubble.pictured:not(.bare) { inline-size: calc(var(--w) + 1.6rem) }
.pictures { display: flex; max-inline-size: 100% }
.pictures.many { display: grid; grid-template-columns: 1fr 1fr; gap: 3px; inline-size: 20rem; border-radius: 12px; overflow: clip }
.picture { position: relative; display: block; overflow: clip; border-radius: 12px; background: var(--tint); max-inline-size: 100%; color: inherit }
.many .picture { border-radius: 3px; aspect-ratio: 1; inline-size: 100% }
.many .picture:last-child:nth-child(odd) { grid-column: 1 / -1; aspect-ratio: 2 }
.picture img, .picture canvas { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover }
.picture > svg { position: absolute; inset: 0; margin: auto; opacity: .6 }
.gif { position: absolute; inset-block-start: .4rem; inset-inline-start: .4rem; padding: .05rem .4rem; border-radius: 6px; background: #000000b3; color: #fff; font-size: .6875rem; font-weight: 700 }
.film { display: block; max-inline-size: 100%; border-radius: 12px; background: #000 }
.row .bubble.bare { padding: 0; background: none; position: relative }
.bare .picture, .bare .pictures.many, .bare .film { border-radius: var(--p-radius) }
.bare > .flow { position: absolute; inset-block-end: .4rem; inset-inline-end: .5rem; padding: .05rem .5rem; border-radius: 999px; background: #000000a6; color: #fff; pointer-events: none; inline-size: auto; --foot: #fff }
.bare:has(.film) > .flow { position: static; background: none; --foot: var(--p-soft) }
.file { display: flex; align-items: center; gap: .65rem; padding: .45rem .6rem; border-radius: 12px; background: var(--tint); text-align: start; inline-size: 100%; min-inline-size: min(15rem, 100%) }
.kind { inline-size: 2.25rem; block-size: 2.25rem; border-radius: 9px; display: grid; place-items: center; background: var(--tint); flex: none; object-fit: cover }
.named { display: grid; flex: 1; min-inline-size: 0; line-height: 1.3 }
.named small { font-size: .75rem; color: color-mix(in srgb, currentColor 80%, transparent) }
.own .named small { color: inherit }
progress { inline-size: 100%; block-size: .35rem; border: 0; border-radius: 9px; overflow: hidden; background: var(--tint); appearance: none; margin-block: .3rem }
progress::-webkit-progress-bar { background: var(--tint) }
progress::-webkit-progress-value { background: currentColor; border-radius: 9px; transition: inline-size .2s }
progress::-moz-progress-bar { background: currentColor }
.voice { display: flex; align-items: center; gap: .6rem; inline-size: 17rem; max-inline-size: 100%; direction: ltr }
.play { inline-size: 2.25rem; block-size: 2.25rem; border-radius: 50%; display: grid; place-items: center; flex: none; background: var(--p-accent); color: var(--p-on-accent) }
.own .play { background: var(--p-on-own); color: var(--p-own) }
.wave { position: relative; flex: 1; block-size: 1.75rem; min-inline-size: 4rem }
.wave svg { position: absolute; inset: 0; inline-size: 100%; block-size: 100% }
.wave .rest { opacity: .4 }
.wave .done { color: var(--p-accent); clip-path: inset(0 calc(100% - var(--p)) 0 0) }
.wave input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; opacity: 0; cursor: pointer; margin: 0 }
.wave:has(input:focus-visible) { outline: 2px solid currentColor; outline-offset: 2px; border-radius: 6px }
.length { font-size: .75rem; font-variant-numeric: tabular-nums; color: var(--foot) }
.rate { font-size: .75rem; font-weight: 700; padding: .1rem .4rem; border-radius: 999px; background: var(--tint) }
.preview { inline-size: 100%; display: flex; gap: .7rem; align-items: center; padding: .55rem .65rem; border-radius: 12px; background: var(--tint); text-decoration: none; overflow: clip; max-inline-size: 26rem }
.shot { inline-size: 4.5rem; max-block-size: 4.5rem; flex: none; border-radius: 8px; overflow: clip; background: var(--tint); position: relative }
.shot img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover }
.words { display: grid; min-inline-size: 0; line-height: 1.3; font-size: .8125rem; overflow-wrap: anywhere }
.words small { color: var(--foot) }
.words b, .about { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden }
.people { display: grid; gap: .1rem; margin-inline: -.5rem }
.people li { display: flex; align-items: center; gap: .7rem; padding: .4rem .5rem; border-radius: 10px }
.people .titles { font-size: .8125rem }
.pick { margin-block-start: .6rem }
.pick li { padding: 0 }
.pick label { display: flex; align-items: center; gap: .7rem; flex: 1; min-inline-size: 0; padding: .4rem .5rem; border-radius: 10px; cursor: pointer }
input[type=checkbox], input[type=radio] { inline-size: 1.15rem; block-size: 1.15rem; accent-color: var(--p-accent); flex: none; margin: 0 }
form { display: grid; gap: .9rem }
form > label { display: grid; gap: .3rem }
.choices { border: 0; padding: 0; margin: 0; display: grid; gap: .1rem }
.choices legend { padding: 0; font-weight: 600; margin-block-end: .3rem }
.choices label { display: flex; align-items: center; gap: .65rem; padding-block: .35rem; cursor: pointer }
.viewer { inline-size: 100vw; max-inline-size: 100vw; block-size: 100dvh; max-block-size: 100dvh; border-radius: 0; background: #101016; color: #fff }
.viewer .icon { color: #fff }
.viewer > .body { flex: 1; padding: 0; overflow: hidden }
.stage { block-size: 100%; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: .5rem; padding: .5rem 1rem 1rem }
.stage img { min-block-size: 0; flex: 0 1 auto; max-inline-size: 100%; object-fit: contain }
.tools { display: flex; gap: .5rem }
:dir(rtl) .mirrored, .turned { scale: -1 1 }
:dir(rtl) .turned { scale: none }
@container (max-width: 24rem) { .head .role { display: none } }
@container (max-width: 30rem) { .row { padding-inline: .7rem } .stack { max-inline-size: 86% } .own .stack { max-inline-size: 84% } }
@media (forced-colors: active) { .bubble, .reactions button, .toolbar, .newest { border: 1px solid CanvasText } .reactions .mine, .quick[aria-pressed=true] { outline: 2px solid Highlight } .dots i { background: CanvasText } }
`;
