/** Articles that may help with a request while it is written. */
import { h } from "../base/h.js";
import { baseOf } from "../base/languages.js";
import { plain } from "../base/markdown.js";
import { Reader } from "./reader.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {{subject: string, description: string, isBusy: boolean}} Written a request as far as it is written */
/** @typedef {import("../../client/wire.d.ts").components["schemas"]["SuggestedArticle"]} Found */

const PAUSE_MS = 400;
const MOST = 5; // articles that are shown
const SUBJECT = 200; // characters that the operation takes
const DESCRIPTION = 2000; // characters that count for it

/** The articles beside one request. It asks after a pause, and of several questions the newest one counts. */
export class Articles {
  /** @type {Found[]} */
  #found = [];
  #asked = "";
  #turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Host} host @param {Store} store @param {Written} form @param {() => void} leave closes the form */
  constructor(host, store, form, leave) {
    this.host = host;
    this.store = store;
    this.form = form;
    this.reader = new Reader(host, store, {
      back: "article_back",
      leave,
      focus: (id) => (this.#found.some((one) => one.id === id) ? `[data-article="${id}"]` : "[name=description]"),
    });
  }

  /** Asks for suggestions, once the person pauses. */
  ask() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#suggest(), PAUSE_MS);
  }

  async #suggest() {
    const subject = cut(this.form.subject, SUBJECT);
    const description = cut(this.form.description, DESCRIPTION);
    const body = { subject, description, language: baseOf(this.host.language) };
    const asked = JSON.stringify(body);
    if (asked === this.#asked || this.form.isBusy) return;
    this.#asked = asked;
    const turn = ++this.#turn;
    try {
      const isEmpty = !subject && !description;
      const { suggestions } = isEmpty
        ? { suggestions: [] }
        : await this.store.client.rest("POST", "/support/articles/suggest", { body });
      if (turn !== this.#turn) return;
      this.#found = suggestions.slice(0, MOST);
      this.host.update();
    } catch {
      if (turn === this.#turn) this.#asked = ""; // what is shown stays, and the next pause asks again
    }
  }

  /** How many there are, within the form: a button that leads to them. */
  note() {
    const count = this.#found.length;
    const go = () => /** @type {HTMLElement | null} */ (this.host.root.querySelector(".suggested button"))?.focus();
    return h(
      "p",
      { key: "found", class: "found", role: "status" },
      count > 0 &&
        h("button", { type: "button", class: "link", onclick: go }, this.host.t("articles_found", { count })),
    );
  }

  /** The suggestions, under the form. */
  list() {
    if (!this.#found.length) return null;
    return h(
      "section",
      { key: "suggested", class: "suggested", "aria-labelledby": "suggested" },
      h("h3", { id: "suggested" }, this.host.t("articles_help")),
      h(
        "ul",
        { role: "list" },
        this.#found.map((one) =>
          h(
            "li",
            { key: one.id, lang: one.language },
            h(
              "button",
              { type: "button", dir: "auto", "data-article": one.id, onclick: () => this.reader.open(one) },
              one.title,
            ),
            h("p", { dir: "auto" }, plain(one.excerpt)),
          ),
        ),
      ),
    );
  }
}

/** Returns the beginning of a text, in characters as the API counts them. @param {string} text @param {number} most */
function cut(text, most) {
  return [...text.trim()].slice(0, most).join("");
}
