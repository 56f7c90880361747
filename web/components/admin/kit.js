/** What the areas of the admin screen have in common: pages of a list, tables that become cards, people and times. */
import { avatar } from "../base/avatar.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { exact, relative } from "../base/times.js";
import { nameOf } from "../thread/system.js";

/** @typedef {import("../base/element.js").ParleyElement & {ask(question: import("./form.js").Question): void, tell(words: string): void, known: Map<string, any>}} Host `known` are the people whom answers named */
/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/h.js").Content} Content */
/** @typedef {{label: string, cell: (row: any) => Content, class?: string}} Column */

const MOST_PAGES = 5; // that are read in one go

/** A tab of the screen. */
export class Area {
  #isActing = false;

  /** @param {Host} host @param {Store} store */
  constructor(host, store) {
    this.host = host;
    this.store = store;
  }

  /** Reads what the area shows, when it is first opened. */
  start() {}

  /** Called when the element leaves the page. */
  stop() {}

  /** @returns {Content} */
  view() {
    return null;
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  t(key, values) {
    return this.host.t(key, values);
  }

  /** @param {string} method @param {string} path @param {{path?: object, query?: object, body?: unknown}} [asked] @returns {Promise<any>} */
  async rest(method, path, asked) {
    const answer = await this.store.client.rest(method, path, asked);
    for (const [id, person] of Object.entries(answer?.users ?? {})) this.host.known.set(id, person);
    return answer;
  }

  /**
   * Does what a button asks for; a second click meanwhile does nothing.
   *
   * @template T
   * @param {() => Promise<T>} act
   * @returns {Promise<T | undefined>}
   */
  async once(act) {
    if (this.#isActing) return undefined;
    this.#isActing = true;
    try {
      return await this.host.attempt(act);
    } finally {
      this.#isActing = false;
    }
  }

  /** @param {string | null | undefined} id of a person */
  name(id) {
    if (!id) return "–";
    const name = nameOf(this.host, this.store, id);
    return name === id ? (this.host.known.get(id)?.name ?? id) : name;
  }

  /** A person with their picture. @param {string | null | undefined} id */
  who(id) {
    if (!id) return "–";
    const { name, avatar_url } = this.host.known.get(id) ?? this.store.user(id);
    return h("span", { class: "who" }, avatar({ id, name, avatar_url }), h("bdi", { class: "cut" }, this.name(id)));
  }

  /** How long ago. @param {string | null | undefined} at */
  ago(at) {
    if (!at) return "–";
    const reader = { language: this.host.language, now: this.store.now() };
    return h("time", { datetime: at, title: exact(at, reader) }, relative(at, reader));
  }

  /** Date and time, also of what is to come. @param {string | null | undefined} at */
  moment(at) {
    return at ? h("time", { datetime: at, title: exact(at, { language: this.host.language }) }, this.short(at)) : "–";
  }

  /** @param {string} at */
  short(at) {
    return new Intl.DateTimeFormat(this.host.language, { dateStyle: "medium", timeStyle: "short" }).format(
      new Date(at),
    );
  }

  /** @param {string} words @param {(event: MouseEvent) => void} onclick @param {import("../base/h.js").Props} [props] */
  button(words, onclick, props = {}) {
    const { icon: picture, class: more, ...others } = props;
    const own = { type: "button", key: words, onclick, ...others, class: `button ${more ?? ""}` };
    return h("button", own, picture && icon(picture), words);
  }

  /** A field to choose from. @param {string} label @param {string} value @param {[string, string][]} options @param {(value: string) => void} onchange */
  select(label, value, options, onchange) {
    return h(
      "label",
      { key: label },
      label,
      h(
        "select",
        {
          class: "field",
          value,
          onchange: (/** @type {Event} */ event) => onchange(/** @type {HTMLSelectElement} */ (event.target).value),
        },
        options.map(([id, words]) => h("option", { key: id, value: id, selected: id === value }, words)),
      ),
    );
  }

  /** @param {string} label @param {string} value @param {(value: string) => void} onchange @param {import("../base/h.js").Props} [props] */
  input(label, value, onchange, props = {}) {
    return h(
      "label",
      { key: label },
      label,
      h("input", {
        class: "field",
        value,
        // What is typed is kept with each letter: a drawing in between would take it away.
        [props["type"] === "date" ? "onchange" : "oninput"]: (/** @type {Event} */ event) =>
          onchange(/** @type {HTMLInputElement} */ (event.target).value),
        ...props,
      }),
    );
  }

  /** A filter for one person: a button that lets them be chosen, and one that takes them away. @param {string} label @param {string | null} id @param {(id: string | null) => void} set @param {string} [nobody] what stands there without one */
  someone(label, id, set, nobody = this.t("anyone")) {
    const name = id ? this.name(id) : nobody;
    const choose = () =>
      this.host.ask({
        title: label,
        act: this.t("show"),
        fields: [{ name: "id", label, kind: "person", isNeeded: true }],
        submit: async (values) => set(values["id"]),
      });
    return h(
      "div",
      { key: label, class: "someone" },
      h("span", { class: "label", "aria-hidden": "true" }, label),
      h(
        "button",
        {
          type: "button",
          class: "field",
          "aria-label": `${label}: ${name}`,
          onclick: choose,
        },
        h("bdi", { class: "cut" }, name),
      ),
      id &&
        h(
          "button",
          {
            type: "button",
            class: "icon",
            "aria-label": this.t("remove_name", { name }),
            onclick: () => set(null),
          },
          icon("close"),
        ),
    );
  }

  /** The button that reads a list again. @param {() => unknown} again */
  refresh(again) {
    const words = this.t("refresh");
    return h(
      "button",
      { key: "refresh", type: "button", class: "icon", "aria-label": words, title: words, onclick: () => void again() },
      icon("retry"),
    );
  }

  /**
   * A table; where there is little room each row is a card.
   *
   * @param {string} label
   * @param {Column[]} columns
   * @param {any[]} rows
   * @param {(row: any) => string} id
   */
  table(label, columns, rows, id) {
    // As blocks the parts of a table lose their roles in browsers, so they say them.
    return h(
      "table",
      { key: "table", role: "table", class: "grid", "aria-label": label },
      h(
        "thead",
        { role: "rowgroup" },
        h(
          "tr",
          { role: "row" },
          columns.map((column) =>
            h("th", { key: column.label, role: "columnheader", scope: "col", class: column.class }, column.label),
          ),
        ),
      ),
      h(
        "tbody",
        { role: "rowgroup" },
        rows.map((row) =>
          h(
            "tr",
            { role: "row", key: id(row) },
            columns.map((column) =>
              h(
                "td",
                { key: column.label, role: "cell", "data-label": column.label, class: column.class },
                h("div", null, column.cell(row)),
              ),
            ),
          ),
        ),
      ),
    );
  }
}

/** A list that is read page by page. */
export class Paged {
  /** @type {any[]} */
  rows = [];
  /** @type {string | null} */
  next = null;
  isLoading = false;
  isRead = false;
  /** @type {unknown} */
  error = null;
  #turn = 0;

  /**
   * @param {Host} host
   * @param {(query: {cursor?: string}) => Promise<any>} ask
   * @param {(page: any) => any[]} rowsOf
   * @param {number} [enough] rows, after which no further page is read by itself
   */
  constructor(host, ask, rowsOf, enough = 1) {
    this.host = host;
    this.ask = ask;
    this.rowsOf = rowsOf;
    this.enough = enough;
  }

  /** Reads the first page, or the next one. @param {string | null} [cursor] */
  async load(cursor = null) {
    const turn = ++this.#turn;
    this.isLoading = true;
    this.error = null;
    this.host.update();
    let rows = cursor ? this.rows : [];
    let next = cursor;
    const wanted = rows.length + this.enough;
    try {
      // A page may be short or empty, and still have a next one.
      for (let n = 0; n < MOST_PAGES; n++) {
        const page = await this.ask(next ? { cursor: next } : {});
        if (turn !== this.#turn) return;
        rows = [...rows, ...this.rowsOf(page)];
        next = page.next ?? null;
        if (!next || rows.length >= wanted) break;
      }
      this.rows = rows;
      this.next = next;
      this.isRead = true;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.error = error;
    }
    this.isLoading = false;
    this.host.update();
  }

  /** What the list shows: rows, nothing, why it did not load. @param {(rows: any[]) => Content} draw @param {() => Content} empty */
  view(draw, empty) {
    const { host, error } = this;
    if (error)
      return refused(error)
        ? host.state("block", host.t("no_right"), host.because(error))
        : host.state(
            "alert",
            host.because(error),
            null,
            host.retry(() => void this.load()),
          );
    if (!this.isRead) return host.loading();
    return [
      this.rows.length ? draw(this.rows) : !this.next && empty(),
      this.next && host.showMore(this.isLoading, () => void this.load(this.next)),
    ];
  }
}

/** Whether the API says that the person may not. @param {any} error */
export function refused(error) {
  return error?.status === 403;
}
