/** Charts: lines or bars over days, with axes and a legend, and the same numbers as a table. */
import { h } from "../base/h.js";

/** @typedef {import("./kit.js").Area} Area */
/** @typedef {{name: string, values: (number | null)[]}} Series */
/**
 * @typedef {{
 *   key: string, title: string, kind: "line" | "bars", labels: string[], series: Series[], width: number, isTable: boolean,
 *   toggle: () => void, first: string, format?: (value: number) => string,
 *   scale?: (most: number) => number
 * }} Chart `labels` stand below, `first` heads their column in the table; `scale` rounds up to the top of the axis
 */

const HEIGHT = 210;
const [TOP, END, BOTTOM, START] = [12, 10, 24, 52];
const STEPS = 4;

/** A round number that is not less, and of which a quarter is round, too. @param {number} value */
function nice(value) {
  if (value <= STEPS) return STEPS;
  const power = 10 ** Math.floor(Math.log10(value));
  const rounds = power > 1 ? [1.2, 2, 4, 6, 8, 12] : [8, 12];
  return /** @type {number} */ (rounds.find((one) => one * power >= value)) * power;
}

/** @param {Area} area @param {Chart} chart */
export function figure(area, chart) {
  const language = area.host.language;
  const format =
    chart.format ?? ((value) => new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value));
  return h(
    "figure",
    { key: chart.key, class: "box figure", part: "chart", "aria-labelledby": `chart-${chart.key}` },
    h(
      "figcaption",
      null,
      h("h4", { id: `chart-${chart.key}` }, chart.title),
      h(
        "button",
        {
          type: "button",
          class: "link",
          "aria-pressed": chart.isTable,
          "aria-describedby": `chart-${chart.key}`,
          onclick: chart.toggle,
        },
        area.t("as_table"),
      ),
    ),
    !chart.isTable && drawing(chart, format),
    !chart.isTable && chart.series.length > 1 && legend(chart.series),
    numbers(chart, format),
  );
}

/** @param {Series[]} series */
function legend(series) {
  return h(
    "ul",
    { class: "legend", key: "legend", "aria-hidden": "true" },
    series.map(({ name }, index) =>
      h(
        "li",
        { key: name },
        h("svg", { viewBox: "0 0 26 10", class: `key s${index}` }, h("path", { d: "M1 5h24" })),
        name,
      ),
    ),
  );
}

/** What a screen reader reads, and everyone who asks for it. @param {Chart} chart @param {(value: number) => string} format */
function numbers({ title, labels, series, isTable, first }, format) {
  return h(
    "div",
    { key: "numbers", class: isTable ? "numbers" : "hidden", tabindex: isTable ? "0" : null },
    h(
      "table",
      { "aria-label": title },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col" }, first),
          series.map(({ name }) => h("th", { key: name, scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        null,
        labels.map((label, index) =>
          h(
            "tr",
            { key: `${index}` },
            h("th", { scope: "row" }, label),
            series.map(({ name, values }) => h("td", { key: name }, shown(values[index], format))),
          ),
        ),
      ),
    ),
  );
}

/** @param {number | null | undefined} value @param {(value: number) => string} format */
const shown = (value, format) => (value === null || value === undefined ? "–" : format(value));

/** @param {Chart} chart @param {(value: number) => string} format */
function drawing({ kind, labels, series, width, key, scale = nice }, format) {
  const most = scale(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const room = width - START - END;
  const band = room / Math.max(1, labels.length);
  const x = (/** @type {number} */ index) => START + band * (index + 0.5);
  const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most);
  const every = Math.max(1, Math.ceil(labels.length / Math.max(1, Math.floor(room / 84))));
  const levels = Array.from({ length: STEPS + 1 }, (_, step) => (most / STEPS) * step);
  return h(
    "svg",
    {
      key: `drawing ${kind}`,
      class: "chart",
      viewBox: `0 0 ${width} ${HEIGHT}`,
      "aria-hidden": "true",
      focusable: "false",
    },
    levels.map((level, step) => [
      h("path", { key: `line ${step}`, class: "level", d: `M${START} ${y(level)}H${width - END}` }),
      h("text", { key: `level ${step}`, x: START - 8, y: y(level) + 4, class: "at-end" }, format(level)),
    ]),
    labels.map(
      (label, index) =>
        index % every === 0 &&
        h("text", { key: `day ${index}`, x: x(index), y: HEIGHT - 6, class: "at-middle" }, label),
    ),
    series.map(({ values }, index) =>
      kind === "bars" ? bars(values, index, series.length, { x, y, band }) : line(values, index, { x, y }),
    ),
    labels.map((label, index) =>
      h(
        "rect",
        {
          key: `over ${key} ${index}`,
          class: "over",
          x: START + band * index,
          y: TOP,
          width: band,
          height: HEIGHT - TOP - BOTTOM,
        },
        h(
          "title",
          null,
          `${label}: ${series.map(({ name, values }) => `${name} ${shown(values[index], format)}`).join(", ")}`,
        ),
      ),
    ),
  );
}

/** @param {(number | null)[]} values @param {number} index @param {{x: (index: number) => number, y: (value: number) => number}} scale */
function line(values, index, { x, y }) {
  let path = "";
  let isDown = false;
  values.forEach((value, at) => {
    if (value === null) isDown = false;
    else {
      path += `${isDown ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      isDown = true;
    }
  });
  const isFew = values.length <= 14;
  return h(
    "g",
    { key: `series ${index}`, class: `s${index}` },
    h("path", { d: path || "M0 0" }),
    values.map(
      (value, at) =>
        value !== null &&
        (isFew || isAlone(values, at)) &&
        h("circle", { key: `${at}`, cx: x(at), cy: y(value), r: 3 }),
    ),
  );
}

/** A value between two gaps has no line. @param {(number | null)[]} values @param {number} at */
const isAlone = (values, at) => (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;

/** @param {(number | null)[]} values @param {number} index @param {number} count @param {{x: (index: number) => number, y: (value: number) => number, band: number}} scale */
function bars(values, index, count, { x, y, band }) {
  const whole = Math.min(band * 0.72, 56 * count);
  const each = whole / count;
  return h(
    "g",
    { key: `series ${index}`, class: `s${index} bars` },
    values.map(
      (value, at) =>
        value !== null &&
        value > 0 &&
        h("rect", {
          key: `${at}`,
          x: x(at) - whole / 2 + each * index,
          y: y(value),
          width: Math.max(1, each - (count > 1 ? 1 : 0)),
          height: Math.max(0, y(0) - y(value)),
          rx: Math.min(4, each / 4),
        }),
    ),
  );
}
