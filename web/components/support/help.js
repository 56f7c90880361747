/** The search of the knowledge base above a customer's requests. Loaded where the page wants it. */
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { baseOf } from "../base/languages.js";
import { highlighted } from "../base/names.js";
import { searchField } from "../base/search.js";
import { skeleton } from "../inbox/people.js";
import { Reader } from "./reader.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {import("../../client/wire.d.ts").components["schemas"]["FoundArticles"]} FoundArticles */

const PAUSE_MS = 300;
const MOST = 20; // articles that are shown
const QUERY = "200"; // characters that the operation takes
const BEFORE = 30; // characters before the first word that was found

export class Help {
  #q = "";
  /** @type {FoundArticles | null} */
  #found = null;
  /** @type {unknown} */
  #error = null;
  #turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Host} host @param {Store} store @param {(subject: string) => void} ask begins a request */
  constructor(host, store, ask) {
    this.host = host;
    this.store = store;
    this.reader = new Reader(host, store, {
      back: "help_back",
      focus: (id) => (this.#found?.results.some((one) => one.id === id) ? `[data-article="${id}"]` : ".find input"),
      ask: () => ask(this.#q.trim()),
    });
  }

  /** Whether results have the place of the requests. */
  get isSearching() {
    return this.#q.trim() !== "";
  }

  /** Asks once the person pauses; of several questions the newest one counts. @param {string} q */
  #search(q) {
    this.#q = q;
    this.#error = null;
    if (!this.isSearching) this.#found = null;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#read(), PAUSE_MS);
    this.host.update();
  }

  async #read() {
    const turn = ++this.#turn;
    if (!this.isSearching) return;
    const query = { q: this.#q.trim(), language: baseOf(this.host.language), limit: MOST };
    try {
      const found = await this.store.client.rest("GET", "/support/articles/search", { query });
      if (turn === this.#turn) this.#take(found, null);
    } catch (error) {
      if (turn === this.#turn) this.#take(null, error);
    }
    this.host.update();
  }

  /** @param {FoundArticles | null} found @param {unknown} error */
  #take(found, error) {
    this.#found = found;
    this.#error = error;
  }

  field() {
    return h(
      "div",
      { key: "find", class: "find", role: "search", "aria-label": this.host.t("help_search") },
      searchField(
        this.host.t("help_search"),
        (q) => this.#search(q),
        { maxlength: QUERY, value: this.#q },
        this.isSearching &&
          h(
            "button",
            {
              type: "button",
              class: "icon clear",
              "aria-label": this.host.t("clear"),
              onclick: () => {
                this.#search("");
                /** @type {HTMLElement | null} */ (this.host.root.querySelector(".find input"))?.focus();
              },
            },
            icon("close"),
          ),
      ),
    );
  }

  /** The articles that were found, in the place of the requests. */
  results() {
    const { host } = this;
    const found = this.#found;
    const results = found?.results.slice(0, MOST) ?? [];
    return [
      h(
        "p",
        { key: "count", class: "hidden", role: "status" },
        found && host.t("help_found", { count: results.length }),
      ),
      this.#error
        ? host.state(
            "alert",
            host.because(this.#error),
            null,
            host.retry(() => void this.#read()),
          )
        : !found
          ? skeleton(host.t("loading"), 4)
          : results.length
            ? h(
                "ul",
                { key: "results", class: "suggested", role: "list", "aria-label": host.t("articles") },
                results.map((one) => this.#result(one)),
              )
            : host.state("search", host.t("no_results"), host.t("no_results_hint")),
    ];
  }

  /** @param {FoundArticles["results"][number]} one */
  #result(one) {
    const marks = /** @type {{title: [number, number][], excerpt: [number, number][]}} */ (one.highlights);
    return h(
      "li",
      { key: one.id, lang: one.language },
      h(
        "button",
        { type: "button", dir: "auto", "data-article": one.id, onclick: () => this.reader.open(one) },
        highlighted(one.title, marks.title),
      ),
      h("p", { dir: "auto" }, highlighted(one.excerpt, marks.excerpt, BEFORE)),
    );
  }
}
