/** Figures of the whole deployment and of the support desk, as charts and tables. */
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { figure } from "./chart.js";
import { csv, download } from "./csv.js";
import { Area, Paged, refused } from "./kit.js";

const DAY = 86_400_000;
const [MINUTE, HOUR] = [60_000, 3_600_000];
/** Tops of an axis of time, quarters of which are round. */
const SPANS = [4 * MINUTE, 20 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 8 * DAY];
const scale = (/** @type {number} */ ms) => SPANS.find((span) => span >= ms) ?? 16 * DAY * Math.ceil(ms / (16 * DAY));
const RANGES = ["7", "30", "90"];
const FACETS = ["category", "priority", "agent"];
const COLUMN = 416; // pixels: a chart is not narrower where two fit
const GAP = 16;
const ENOUGH = 20; // people: a page of the directory may have one alone

/** @typedef {{data: any, error: any}} Part what was read, or why not */

export class Figures extends Area {
  #range = "30";
  #from = "";
  #to = "";
  #facet = "category";
  /** @type {Record<"stats" | "desk" | "facets", Part>} */
  #parts = { stats: empty(), desk: empty(), facets: empty() };
  #people = this.#listed();
  /** @type {Set<string>} the charts that are shown as tables */
  #tables = new Set();
  #turn = 0;

  #listed() {
    return new Paged(
      this.host,
      (query) => this.rest("GET", "/admin/stats/users", { query: { ...query, limit: 50, ...this.#days() } }),
      (page) => page.people,
      ENOUGH,
    );
  }

  #days() {
    if (this.#range) {
      const now = this.store.now();
      return { from: day(now - (Number(this.#range) - 1) * DAY), to: day(now) };
    }
    return { ...(this.#from ? { from: this.#from } : {}), ...(this.#to ? { to: this.#to } : {}) };
  }

  /** @override */
  start() {
    this.#load();
  }

  #load() {
    const turn = ++this.#turn;
    const query = this.#days();
    this.#parts = { stats: empty(), desk: empty(), facets: empty() };
    void this.#read("stats", turn, () => this.rest("GET", "/admin/stats", { query }));
    void this.#read("desk", turn, () => this.rest("GET", "/support/metrics", { query }));
    void this.#readFacets(turn);
    this.#people = this.#listed();
    void this.#people.load();
    this.host.update();
  }

  /** @param {number} turn */
  async #readFacets(turn) {
    const by = this.#facet;
    const query = { ...this.#days(), by };
    await this.#read("facets", turn, () => this.rest("GET", "/support/metrics", { query }), by);
  }

  /** @param {"stats" | "desk" | "facets"} name @param {number} turn @param {() => Promise<any>} ask @param {string} [facet] that was asked for */
  async #read(name, turn, ask, facet = this.#facet) {
    /** @type {Part} */
    let part;
    try {
      part = { data: await ask(), error: null };
    } catch (error) {
      part = { data: null, error };
    }
    if (turn !== this.#turn || (name === "facets" && facet !== this.#facet)) return; // another choice since
    this.#parts[name] = part;
    this.host.update();
  }

  /** @override */
  view() {
    return [
      this.#tools(),
      h("h3", { key: "messaging" }, this.t("messaging")),
      this.#part("stats", (stats) => this.#messaging(stats)),
      h("h3", { key: "support" }, this.t("support")),
      this.#part("desk", (desk) => this.#desk(desk)),
      h("h3", { key: "people" }, this.t("people")),
      this.#people.view(
        (rows) => this.#peopleTable(rows),
        () => h("p", { key: "none", class: "lead" }, this.t("no_figures")),
      ),
    ];
  }

  #tools() {
    const { from, to } = this.#days();
    const options = RANGES.map(
      (one) =>
        /** @type {[string, string]} */ ([
          one,
          new Intl.NumberFormat(this.host.language, { style: "unit", unit: "day", unitDisplay: "long" }).format(
            Number(one),
          ),
        ]),
    );
    const set = (/** @type {"from" | "to"} */ which) => (/** @type {string} */ value) => {
      if (which === "from") this.#from = value;
      else this.#to = value;
      this.#load();
    };
    return h(
      "div",
      { class: "tools", key: "tools" },
      this.select(this.t("range"), this.#range, [...options, ["", this.t("own_range")]], (value) => {
        const shown = this.#days();
        this.#from = shown.from ?? "";
        this.#to = shown.to ?? "";
        this.#range = value;
        this.#load();
      }),
      !this.#range && this.input(this.t("from"), from ?? "", set("from"), { type: "date", max: to ?? null }),
      !this.#range && this.input(this.t("to"), to ?? "", set("to"), { type: "date", min: from ?? null }),
      h(
        "span",
        { class: "end" },
        this.refresh(() => this.#load()),
      ),
    );
  }

  /** @param {"stats" | "desk" | "facets"} name @param {(data: any) => import("./kit.js").Content} draw */
  #part(name, draw) {
    const { data, error } = this.#parts[name];
    if (error) {
      const words = this.host.because(error);
      if (refused(error)) return this.host.state("block", this.t("no_right"), words);
      return this.host.state(
        "alert",
        words,
        null,
        this.host.retry(() => this.#load()),
      );
    }
    return data ? draw(data) : this.host.loading(2);
  }

  /** @param {string} name @param {() => Record<string, any>[]} rows */
  #csv(name, rows) {
    const { from, to } = this.#days();
    const label = this.t("csv");
    return h(
      "button",
      {
        key: `csv ${name}`,
        type: "button",
        class: "button",
        onclick: () => download(`${name}-${from ?? ""}-${to ?? ""}.csv`, csv(rows())),
      },
      icon("download"),
      label,
    );
  }

  /** Totals in large letters. @param {[string, string][]} all words and value */
  #tiles(all) {
    return h(
      "dl",
      { class: "tiles", key: "tiles" },
      all.map(([words, value]) => h("div", { key: words }, h("dt", null, words), h("dd", null, value))),
    );
  }

  /** @param {(width: number) => import("./kit.js").Content} draw gets the width of a chart */
  #charts(draw) {
    const inner = Math.max(280, this.host.clientWidth - 2 * GAP);
    const columns = Math.max(1, Math.min(3, Math.floor((inner + GAP) / (COLUMN + GAP))));
    const width = Math.round((inner - GAP * (columns - 1)) / columns - 2 * GAP - 2);
    return h("div", { class: "charts", key: "charts", style: { "--columns": String(columns) } }, draw(width));
  }

  /**
   * @param {number} width @param {string} key @param {"line" | "bars"} kind @param {string[]} days
   * @param {import("./chart.js").Series[]} series @param {{format?: (value: number) => string, first?: string, scale?: (most: number) => number}} [more]
   */
  #chart(width, key, kind, days, series, more = {}) {
    const short = new Intl.DateTimeFormat(this.host.language, { day: "numeric", month: "short", timeZone: "UTC" });
    const isDays = !more.first;
    return figure(this, {
      key,
      title: this.t(`chart_${key}`),
      kind,
      labels: isDays ? days.map((one) => short.format(new Date(`${one}T00:00:00Z`))) : days,
      first: more.first ?? this.t("day"),
      series,
      width,
      isTable: this.#tables.has(key),
      toggle: () => {
        if (!this.#tables.delete(key)) this.#tables.add(key);
        this.host.update();
      },
      ...(more.format && { format: more.format }),
      ...(more.scale && { scale: more.scale }),
    });
  }

  /** @param {number} value */
  #number(value) {
    return new Intl.NumberFormat(this.host.language, { maximumFractionDigits: 1 }).format(value);
  }

  // --- Messaging -----------------------------------------------------------------------------------------------------

  /** @param {any} stats */
  #messaging(stats) {
    const days = stats.days.map((/** @type {any} */ one) => one.day);
    const of = (/** @type {string} */ field) => stats.days.map((/** @type {any} */ one) => one[field]);
    const contexts = Object.entries(stats.total.contexts).sort((a, b) => Number(b[1]) - Number(a[1]));
    const words = (/** @type {string} */ key) => this.t(`chart_${key}`);
    return h(
      "section",
      { key: "stats", class: "part", "aria-label": this.t("messaging") },
      this.#tiles([
        [words("messages"), this.#number(stats.total.messages)],
        [words("active"), this.#number(stats.total.active_people)],
        [words("conversations"), this.#number(stats.total.conversations)],
      ]),
      this.#charts((width) => [
        this.#chart(width, "messages", "bars", days, [{ name: words("messages"), values: of("messages") }]),
        this.#chart(width, "active", "line", days, [{ name: words("active"), values: of("active_people") }]),
        this.#chart(width, "conversations", "line", days, [
          { name: words("conversations"), values: of("conversations") },
        ]),
        contexts.length > 0 &&
          this.#chart(
            width,
            "contexts",
            "bars",
            contexts.map(([name]) => name),
            [{ name: words("conversations"), values: contexts.map(([, count]) => Number(count)) }],
            { first: this.t("context") },
          ),
      ]),
      h(
        "div",
        { class: "acts-bar", key: "acts" },
        this.#csv("messages", () => stats.days),
      ),
    );
  }

  /** @param {any[]} rows */
  #peopleTable(rows) {
    const number = (/** @type {string} */ key, /** @type {string} */ field) => ({
      label: this.t(key),
      class: "number",
      cell: (/** @type {any} */ row) => this.#number(row[field]),
    });
    return [
      this.table(
        this.t("people"),
        [
          { label: this.t("person"), cell: (row) => this.who(row.user_id) },
          number("stat_sent", "sent"),
          number("stat_received", "received"),
          number("conversations", "conversations"),
          { label: this.t("last_active"), cell: (row) => this.ago(row.last_active_at) },
        ],
        rows,
        (row) => row.user_id,
      ),
      h(
        "div",
        { class: "acts-bar", key: "people acts" },
        this.#csv("people", () => rows.map((row) => ({ user_id: row.user_id, name: this.name(row.user_id), ...row }))),
      ),
    ];
  }

  // --- The desk ------------------------------------------------------------------------------------------------------

  /** A span in its greatest unit. @param {number} ms */
  #time(ms) {
    const [unit, value] =
      ms >= 2 * DAY
        ? ["day", ms / DAY]
        : ms >= 7_200_000
          ? ["hour", ms / 3_600_000]
          : ms >= 120_000
            ? ["minute", ms / 60_000]
            : ["second", ms / 1000];
    const digits = Number(value) < 10 ? 1 : 0;
    return new Intl.NumberFormat(this.host.language, {
      style: "unit",
      unit: String(unit),
      maximumFractionDigits: digits,
    }).format(Number(value));
  }

  /** @param {any} desk */
  #desk(desk) {
    const { total, rows } = desk;
    const days = rows.map((/** @type {any} */ row) => row.key);
    const of = (/** @type {(row: any) => number | null} */ pick) => rows.map(pick);
    const time = (/** @type {number | null} */ ms) => (ms === null ? "–" : this.#time(ms));
    const format = (/** @type {number} */ ms) => this.#time(ms);
    /** @param {"first_response" | "resolution"} field */
    const times = (field) => [
      { name: this.t("median"), values: of((row) => row[field].median_ms) },
      { name: this.t("p90"), values: of((row) => row[field].p90_ms) },
    ];
    const breaches = /** @type {const} */ (["first_response", "next_response", "resolution"]);
    return h(
      "section",
      { key: "desk", class: "part", "aria-label": this.t("support") },
      this.#tiles([
        [this.t("stat_opened"), this.#number(total.opened)],
        [this.t("report_resolved"), this.#number(total.resolved)],
        [this.t("stat_reopened"), this.#number(total.reopened)],
        [this.t("chart_first_response"), time(total.first_response.median_ms)],
        [this.t("chart_resolution"), time(total.resolution.median_ms)],
        [this.t("rating"), total.ratings.mean === null ? "–" : this.#number(total.ratings.mean)],
      ]),
      this.#charts((width) => [
        this.#chart(width, "tickets", "line", days, [
          { name: this.t("stat_opened"), values: of((row) => row.opened) },
          { name: this.t("report_resolved"), values: of((row) => row.resolved) },
        ]),
        this.#chart(width, "backlog", "line", days, [
          { name: this.t("chart_backlog"), values: of((row) => row.backlog) },
        ]),
        this.#chart(width, "first_response", "line", days, times("first_response"), { format, scale }),
        this.#chart(width, "resolution", "line", days, times("resolution"), { format, scale }),
        this.#chart(
          width,
          "breaches",
          "bars",
          days,
          breaches.map((name) => ({ name: this.t(`breach_${name}`), values: of((row) => row.breaches[name]) })),
        ),
      ]),
      h(
        "div",
        { class: "acts-bar", key: "acts" },
        this.#csv("support", () => rows),
      ),
      h(
        "div",
        { class: "tools", key: "facet" },
        this.select(
          this.t("by_facet"),
          this.#facet,
          FACETS.map((one) => /** @type {[string, string]} */ ([one, this.t(`facet_${one}`)])),
          (value) => {
            this.#facet = value;
            void this.#readFacets(this.#turn);
          },
        ),
      ),
      this.#part("facets", (facets) => this.#facetTable(facets)),
    );
  }

  /** @param {any} facets */
  #facetTable({ by, rows }) {
    if (!rows.length) return h("p", { key: "none", class: "lead" }, this.t("no_figures"));
    const number = (/** @type {string} */ words, /** @type {(row: any) => number | null} */ pick) => ({
      label: this.t(words),
      class: "number",
      cell: (/** @type {any} */ row) => {
        const value = pick(row);
        return value === null ? "–" : this.#number(value);
      },
    });
    const time = (/** @type {string} */ words, /** @type {(row: any) => number | null} */ pick) => ({
      ...number(words, pick),
      cell: (/** @type {any} */ row) => {
        const ms = pick(row);
        return ms === null ? "–" : this.#time(ms);
      },
    });
    const name = (/** @type {string} */ key) =>
      by === "agent" ? this.who(key) : by === "priority" ? this.t(`priority_${key}`) : h("bdi", null, key);
    return [
      this.table(
        this.t("by_facet"),
        [
          { label: this.t(`facet_${by}`), cell: (row) => name(row.key) },
          number("stat_opened", (row) => row.opened),
          number("report_resolved", (row) => row.resolved),
          time("chart_first_response", (row) => row.first_response.median_ms),
          time("chart_resolution", (row) => row.resolution.median_ms),
          number(
            "chart_breaches",
            (row) => row.breaches.first_response + row.breaches.next_response + row.breaches.resolution,
          ),
          number("rating", (row) => row.ratings.mean),
        ],
        rows,
        (row) => row.key,
      ),
      h(
        "div",
        { class: "acts-bar", key: "facet acts" },
        this.#csv(`support-by-${by}`, () => rows),
      ),
    ];
  }
}

/** @returns {Part} */
function empty() {
  return { data: null, error: null };
}

/** A day as the API counts them: in UTC. @param {number} at */
function day(at) {
  return new Date(at).toISOString().slice(0, 10);
}
