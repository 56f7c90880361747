/** A switch: a checkbox that looks like one. */
import { h } from "./h.js";
import { css } from "./theme.js";

export const switches = css`
.switch { display: inline-flex; align-items: center; gap: .5rem; cursor: pointer; position: relative }
.switch input { appearance: none; inline-size: 2.4rem; block-size: 1.4rem; border-radius: 999px; background: light-dark(#8a8c9c, #6d7080); margin: 0; cursor: pointer; position: relative; flex: none; transition: background-color var(--p-quick) }
.switch input::before { content: ""; position: absolute; inset-block: .2rem; inset-inline-start: .2rem; inline-size: 1rem; border-radius: 50%; background: #fff; transition: translate var(--p-quick) }
.switch input:checked { background: light-dark(#1a7f4b, #2b9a66) }
.switch input:checked::before { translate: 1rem 0 }
.switch input:checked:dir(rtl)::before { translate: -1rem 0 }
.switch input:disabled { opacity: .5; cursor: default }
@media (forced-colors: active) { .switch input { border: 1px solid CanvasText } .switch input::before { background: CanvasText } .switch input:checked { background: Highlight } }
`;

/** @param {boolean} isOn @param {(isOn: boolean) => void} change @param {import("./h.js").Props} [props] */
export function toggle(isOn, change, props) {
  return h("input", {
    type: "checkbox",
    role: "switch",
    checked: isOn,
    onchange: (/** @type {Event} */ event) => change(/** @type {HTMLInputElement} */ (event.target).checked),
    ...props,
  });
}
