/**
 * How all elements look: colours, sizes and the parts that they have in common. A page changes the custom properties
 * `--parley-…` on an element or on any ancestor of it; their defaults stand here, for light and dark.
 */

/**
 * Makes a style sheet. Shadow roots adopt it, which a strict Content-Security-Policy allows.
 *
 * @param {TemplateStringsArray} strings
 * @param {...(string | number)} values
 */
export function css(strings, ...values) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(String.raw({ raw: strings }, ...values));
  return sheet;
}

export const theme = css`
:host {
  --p-accent: var(--parley-accent, light-dark(#5f3dc4, #a78bfa));
  --p-on-accent: var(--parley-on-accent, light-dark(#fff, #1b1230));
  --p-own: var(--parley-own, light-dark(#5f3dc4, #5b3fc0));
  --p-on-own: var(--parley-on-own, #fff);
  --p-other: var(--parley-other, light-dark(#f0f0f4, #2a2c35));
  --p-on-other: var(--parley-on-other, light-dark(#1c1c26, #ececf2));
  --p-bg: var(--parley-background, light-dark(#fff, #17181e));
  --p-surface: var(--parley-surface, light-dark(#fff, #22242c));
  --p-raised: var(--parley-raised, light-dark(#f6f6fa, #22242c));
  --p-text: var(--parley-text, light-dark(#1c1c26, #ececf2));
  --p-soft: var(--parley-text-soft, light-dark(#5b5d6e, #a9acbd));
  --p-line: var(--parley-border, light-dark(#e3e3ea, #353844));
  --p-hover: var(--parley-hover, light-dark(#1c1c2610, #ffffff14));
  --p-active: var(--parley-active, light-dark(color-mix(in srgb, var(--p-accent) 12%, #fff), color-mix(in srgb, var(--p-accent) 26%, #17181e)));
  --p-on-active: color-mix(in srgb, var(--p-accent), var(--p-text));
  --p-danger: var(--parley-danger, light-dark(#c01f33, #ff8a94));
  --p-badge: var(--parley-badge, light-dark(#c01f33, #d1363c));
  --p-on-badge: var(--parley-on-badge, #fff);
  --p-good: var(--parley-online, light-dark(#1a7f4b, #3ecf8e));
  --p-warn: var(--parley-warning, light-dark(#fff3d6, #453a1c));
  --p-on-warn: var(--parley-on-warning, light-dark(#5c4300, #ffe2a0));
  --p-mark: var(--parley-mark, light-dark(#ffe58a, #6d5a15));
  --p-radius: var(--parley-radius, 18px);
  --p-font: var(--parley-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", "Noto Sans JP", sans-serif);
  --p-emoji: "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", var(--p-font);
  --p-size: var(--parley-font-size, .9375rem);
  --p-shadow: 0 8px 28px light-dark(#1c1c2626, #00000080), 0 1px 3px light-dark(#1c1c261f, #00000066);
  --p-quick: 160ms;
  display: block; color: var(--p-text); font: var(--p-size)/1.4 var(--p-font); font-variant-emoji: unicode; -webkit-text-size-adjust: 100%; text-align: start;
}
:host([hidden]) { display: none }
:host(:state(auto)) { color-scheme: light dark }
:host([theme=light]) { color-scheme: light }
:host([theme=dark]) { color-scheme: dark }
*, ::before, ::after { box-sizing: border-box }
.root { display: contents }
button, input, textarea, select { font: inherit; color: inherit; letter-spacing: inherit; margin: 0 }
button { cursor: pointer; background: none; border: 0; padding: 0; touch-action: manipulation }
button:disabled { cursor: default; opacity: .5 }
a { color: inherit }
h2, h3, p, ul, ol { margin: 0; padding: 0 }
ul, ol { list-style: none }
svg { inline-size: 1.25rem; block-size: 1.25rem; flex: none; display: block }
[hidden] { display: none !important }
:focus-visible { outline: 2px solid var(--p-accent); outline-offset: 2px }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.icon { display: inline-grid; place-items: center; inline-size: 2.25rem; block-size: 2.25rem; border-radius: 50%; color: var(--p-soft); flex: none; position: relative }
.button { display: inline-flex; align-items: center; justify-content: center; gap: .4em; min-block-size: 2.25rem; padding: .35rem .95rem; border-radius: 999px; font-weight: 600; border: 1px solid var(--p-line); background: var(--p-surface) }
.button.main { background: var(--p-accent); border-color: transparent; color: var(--p-on-accent) }
.button.danger { color: var(--p-danger) }
.link { color: var(--p-accent); font-weight: 600; text-decoration: underline; text-underline-offset: 2px }
@media (hover: hover) {
  .icon:hover:not(:disabled), .button:hover:not(:disabled, .main) { background-color: var(--p-hover); color: var(--p-text) }
  .button.main:hover:not(:disabled) { filter: brightness(1.08) }
}
.field { inline-size: 100%; min-block-size: 2.5rem; padding: .5rem .75rem; border: 1px solid light-dark(#8a8c9c, #6d7080); border-radius: 12px; background: var(--p-surface) }
.field:focus-visible { outline-offset: -1px }
.avatar { --s: 2.25rem; inline-size: var(--s); block-size: var(--s); border-radius: 50%; flex: none; display: grid; place-items: center; overflow: hidden; position: relative; font-weight: 600; font-size: calc(var(--s) * .38); line-height: 1; user-select: none; background: light-dark(hsl(var(--hue) 60% 89%), hsl(var(--hue) 28% 30%)); color: light-dark(hsl(var(--hue) 70% 24%), hsl(var(--hue) 80% 90%)) }
.avatar img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover }
.badge { min-inline-size: 1.3rem; block-size: 1.3rem; padding-inline: .4rem; border-radius: 999px; display: inline-grid; place-items: center; background: var(--p-badge); color: var(--p-on-badge); font-size: .75rem; font-weight: 700; line-height: 1; font-variant-numeric: tabular-nums }
.role { font-size: .6875rem; font-weight: 600; line-height: 1.5; padding-inline: .4em; border-radius: 6px; background: var(--p-active); color: var(--p-on-active); text-transform: capitalize }
.cut { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-inline-size: 0 }
.soft { color: var(--p-soft) }
mark { background: var(--p-mark); color: var(--p-text); border-radius: 3px; font-weight: 600 }
.state { display: grid; place-content: center; justify-items: center; gap: .65rem; text-align: center; padding: 2rem 1.25rem; min-block-size: 9rem; block-size: 100%; color: var(--p-soft); text-wrap: balance }
.state > svg { inline-size: 2.5rem; block-size: 2.5rem; opacity: .65 }
::slotted([slot=signed-out]) { display: block; padding: 2rem; text-align: center }
.state h2 { font-size: 1.0625rem; color: var(--p-text) }
.bar { display: flex; align-items: center; gap: .6rem; padding: .45rem .9rem; font-size: .875em; background: var(--p-warn); color: var(--p-on-warn) }
.bar > :first-child:not(svg) { flex: 1 }
.bar > svg { inline-size: 1.1rem; block-size: 1.1rem }
.bar > svg + * { flex: 1 }
.bar .link { color: inherit }
.spinner { inline-size: 1.5rem; block-size: 1.5rem; border-radius: 50%; border: 2.5px solid var(--p-line); border-block-start-color: var(--p-accent); animation: p-turn .8s linear infinite }
.bones { display: grid; gap: .8rem; padding: 1rem; inline-size: 100%; align-self: end }
.bones i { block-size: 2.5rem; border-radius: var(--p-radius); background: var(--p-other); inline-size: 46%; animation: p-fade 1.2s ease-in-out infinite alternate }
.bones i:nth-child(3n + 2) { justify-self: end; inline-size: 34% }
.bones i:nth-child(3n) { inline-size: 58%; block-size: 4rem }
.dialog { inline-size: min(30rem, calc(100vw - 1.5rem)); max-block-size: min(42rem, calc(100dvh - 1.5rem)); padding: 0; border: 0; border-radius: 20px; background: var(--p-surface); color: var(--p-text); box-shadow: var(--p-shadow); overflow: hidden; margin: auto }
.dialog[open] { display: flex; flex-direction: column; animation: p-rise var(--p-quick) ease-out }
.dialog::backdrop { background: #0c0c1480; animation: p-appear var(--p-quick) }
.dialog > header { display: flex; align-items: center; gap: .5rem; padding: .8rem .8rem .4rem 1.2rem; padding-inline: 1.2rem .8rem }
.dialog > header h2 { flex: 1; font-size: 1.125rem }
.dialog > .body { padding: .4rem 1.2rem 1.2rem; overflow: auto; overscroll-behavior: contain }
.dialog > footer { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: flex-end; padding: .7rem 1.2rem 1rem; border-block-start: 1px solid var(--p-line) }
.popover { position: fixed; inset: auto; margin: 0; padding: .3rem; border: 1px solid var(--p-line); border-radius: 14px; background: var(--p-surface); color: var(--p-text); box-shadow: var(--p-shadow); max-inline-size: calc(100vw - 1rem); max-block-size: calc(100dvh - 1rem); overflow: auto }
.popover:popover-open { animation: p-rise var(--p-quick) ease-out }
.menu { min-inline-size: 11rem; max-block-size: min(24rem, 100dvh - 1rem) }
.menu button { display: flex; align-items: center; gap: .7rem; inline-size: 100%; padding: .5rem .7rem; border-radius: 9px; text-align: start }
.menu button:focus-visible { outline: 0; background: var(--p-active); color: var(--p-text) }
.menu button.danger { color: var(--p-danger) }
.menu button > svg { inline-size: 1.1rem; block-size: 1.1rem }
.menu hr { border: 0; border-block-start: 1px solid var(--p-line); margin: .3rem }
@media (hover: hover) { .menu button:hover { background: var(--p-hover) } }
@keyframes p-turn { to { rotate: 1turn } }
@keyframes p-fade { from { opacity: .9 } to { opacity: .45 } }
@keyframes p-appear { from { opacity: 0 } }
@keyframes p-rise { from { opacity: 0; translate: 0 6px } }
@media (prefers-reduced-motion: reduce) { *, ::before, ::after, ::backdrop { animation: none !important; transition: none !important; scroll-behavior: auto !important } }
@media (forced-colors: active) {
  .icon, .badge, .avatar, .role, .popover, .dialog { border: 1px solid CanvasText }
  .menu button:focus-visible { outline: 2px solid Highlight }
}
`;
