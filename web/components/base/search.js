/** The field in which a person searches, with its picture. */
import { h } from "./h.js";
import { icon } from "./icons.js";

/**
 * @param {string} label
 * @param {(q: string) => void} onQuery called with each letter
 * @param {Record<string, unknown>} [more] of the field
 * @param {import("./h.js").Content} [after] stands behind it
 */
export function searchField(label, onQuery, more = {}, after = null) {
  return h(
    "div",
    { class: "search", key: "search" },
    icon("search"),
    h("input", {
      class: "field",
      type: "search",
      autocomplete: "off",
      "aria-label": label,
      placeholder: label,
      oninput: (/** @type {InputEvent} */ event) => onQuery(/** @type {HTMLInputElement} */ (event.target).value),
      ...more,
    }),
    after,
  );
}
