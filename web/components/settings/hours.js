/** Quiet hours as people set them: rules with times and days, where the server has pairs of times by day. */
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { DAYS } from "../notify/quiet.js";

/** @typedef {{from: string, to: string, days: number[]}} Rule days from 0, a Monday */
/** @typedef {import("../notify/quiet.js").QuietHours} QuietHours */

const MONDAY = Date.UTC(2026, 10, 30);
const DAY = 24 * 3_600_000;

/** @param {QuietHours | null} hours @returns {Rule[]} */
export function rulesOf(hours) {
  /** @type {Map<string, Rule>} */
  const rules = new Map();
  DAYS.forEach((day, index) => {
    for (const [from = "", to = ""] of hours?.days[day] ?? []) {
      const rule = rules.get(from + to) ?? { from, to: to.replace("24:00", "00:00"), days: [] };
      rule.days.push(index);
      rules.set(from + to, rule);
    }
  });
  return [...rules.values()];
}

/** Returns the pairs by day; null for none. @param {Rule[]} rules @returns {Record<string, string[][]> | null} */
export function hoursOf(rules) {
  /** @type {Record<string, string[][]>} */
  const days = {};
  for (const { from, to, days: on } of rules) {
    if (!from || !to) continue;
    for (const index of on) {
      const day = /** @type {string} */ (DAYS[index]);
      const pair = [from, from === to || to === "00:00" ? "24:00" : to];
      if (from === to) pair[0] = "00:00"; // a whole day
      days[day] = [...(days[day] ?? []), pair];
    }
  }
  return Object.keys(days).length ? days : null;
}

/** @param {import("../base/element.js").ParleyElement} host @param {Rule[]} rules @param {(rules: Rule[]) => void} change */
export function quietEditor(host, rules, change) {
  const short = new Intl.DateTimeFormat(host.language, { weekday: "short", timeZone: "UTC" });
  const long = new Intl.DateTimeFormat(host.language, { weekday: "long", timeZone: "UTC" });
  return rules.map((rule, index) => {
    const set = (/** @type {Partial<Rule>} */ more) =>
      change(rules.map((one, at) => (at === index ? { ...one, ...more } : one)));
    return h(
      "fieldset",
      { key: index, class: "quiet" },
      h("legend", { class: "hidden" }, `${host.t("quiet_hours")} ${index + 1}`),
      h(
        "div",
        { class: "times" },
        /** @type {const} */ (["from", "to"]).map((end) =>
          h(
            "label",
            { key: end },
            host.t(`quiet_${end}`),
            h("input", {
              class: "field",
              type: "time",
              required: true,
              value: rule[end],
              onchange: (/** @type {any} */ { target }) => set({ [end]: target.value }),
            }),
          ),
        ),
        h(
          "button",
          {
            type: "button",
            class: "icon",
            "aria-label": host.t("quiet_remove"),
            onclick: () => change(rules.filter((_, at) => at !== index)),
          },
          icon("trash"),
        ),
      ),
      h(
        "div",
        { class: "days", role: "group", "aria-label": host.t("quiet_days") },
        DAYS.map((_, day) => {
          const isOn = rule.days.includes(day);
          return h(
            "button",
            {
              key: day,
              type: "button",
              "aria-pressed": isOn,
              title: long.format(MONDAY + day * DAY),
              onclick: () => set({ days: isOn ? rule.days.filter((one) => one !== day) : [...rule.days, day] }),
            },
            short.format(MONDAY + day * DAY),
          );
        }),
      ),
    );
  });
}
