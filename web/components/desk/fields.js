/** The fields of a ticket in words, for its history and for what a macro changes. */
import { h } from "../base/h.js";
import { categoryName } from "../support/tickets.js";
import { nameOf } from "../thread/system.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */

/** A change of a field, from what it was to what it is then; of a list what came and what went. @param {Host} host @param {Store} store @param {string} field @param {{from: any, to: any}} change */
export function changed(host, store, field, { from, to }) {
  const label = `${host.t(field === "assignee_id" ? "assignee" : field)}: `;
  if (Array.isArray(from) && Array.isArray(to))
    return h(
      "p",
      { key: field, class: "soft" },
      label,
      without(from, to).map((one) => ["− ", h("del", null, h("bdi", null, one)), " "]),
      without(to, from).map((one) => ["+ ", h("ins", null, h("bdi", null, one)), " "]),
    );
  const [was, is] = [from, to].map((value) => shown(host, store, field, value));
  return h(
    "p",
    { key: field, class: "soft" },
    label,
    was !== is && [h("del", null, h("bdi", null, was)), " "],
    h("ins", null, h("bdi", null, is)),
  );
}

/** Returns what is in one list and not in the other. @param {string[]} list @param {string[]} other */
export function without(list, other) {
  return list.filter((one) => !other.includes(one));
}

/** @param {Host} host @param {Store} store @param {string} field @param {any} value @returns {string} */
function shown(host, store, field, value) {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return "–";
  if (Array.isArray(value)) return value.join(", ");
  if (field === "assignee_id") return nameOf(host, store, value);
  if (field === "category") return categoryName(host, value);
  if (field === "status" && value === "waiting_on_customer") return host.t(value);
  if (field === "status" || field === "priority") return host.t(`${field}_${value}`);
  return String(value);
}
