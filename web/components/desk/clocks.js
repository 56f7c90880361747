/** The clocks of a ticket, with the time that is left or over. */
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { exact } from "../base/times.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */

const CLOCKS = ["first_response", "next_response", "resolution"];
const MINUTE = 60_000;

/** The clocks that run or were missed. @param {Host} host @param {Store} store @param {any} sla as the API has answered; null without an answer */
export function clocks(host, store, sla) {
  const shown = CLOCKS.filter((name) => sla?.[name]?.due_at && !sla[name].ended_at);
  if (!shown.length) return null;
  return h(
    "div",
    { class: "clocks", key: "clocks" },
    shown.map((name) => {
      const left = Date.parse(sla[name].due_at) - store.now();
      const reader = { language: host.language };
      return h(
        "span",
        { key: name, class: left < 0 ? "over" : null, title: exact(sla[name].due_at, reader) },
        icon("clock"),
        host.t(`clock_${name}`),
        h("b", null, host.t(left < 0 ? "clock_over" : "clock_left", { time: span(Math.abs(left), host.language) })),
      );
    }),
  );
}

/** A span in its greatest unit: `3 hr`, `25 min`. @param {number} ms @param {string} language */
function span(ms, language) {
  const minutes = Math.floor(ms / MINUTE);
  const [unit, value] =
    minutes >= 2880 ? ["day", minutes / 1440] : minutes >= 120 ? ["hour", minutes / 60] : ["minute", minutes];
  return new Intl.NumberFormat(language, { style: "unit", unit: String(unit), maximumFractionDigits: 0 }).format(
    Math.floor(Number(value)),
  );
}
