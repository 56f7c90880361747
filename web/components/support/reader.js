/** An article of the knowledge base that is read, with the question whether it has helped. */
import words from "../../languages/en.articles.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { bringWords } from "../base/languages.js";
import { parse } from "../base/markdown.js";
import { css } from "../base/theme.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {{id: string, title: string, language: string}} Found an article as far as a list has it */
/** @typedef {{found: Found, article: import("../../client/wire.d.ts").components["schemas"]["Article"] | null, error: unknown, helped: boolean | null, said: string, isBusy: boolean, isSolved: boolean}} Reading */
/** @typedef {{back: string, focus: (id: string) => string, leave?: () => void, ask?: () => void}} Options `back` are the words of the way back, and `focus` finds what has the focus then; `leave` closes a request that is being written, `ask` begins one */

bringWords(words);

const styles = css`
.found { min-block-size: 1.5em; margin-block-start: -.6rem; font-size: .9em }
section.suggested { display: grid; gap: .6rem; max-inline-size: 36rem; margin: 1.5rem auto 0 }
.suggested h3 { font-size: 1rem }
ul:is(.suggested, .suggested *) { display: grid; gap: .5rem }
.suggested li { position: relative; display: grid; gap: .15rem; padding: .65rem .9rem; border: 1px solid var(--p-line); border-radius: 14px; background: var(--p-raised); overflow-wrap: anywhere }
.suggested button { font-weight: 600; text-align: start }
.suggested button::after { content: ""; position: absolute; inset: 0; border-radius: 13px }
.suggested button:focus-visible { outline: 0 }
.suggested button:focus-visible::after { outline: 2px solid var(--p-accent) }
.suggested p { color: var(--p-soft); font-size: .9em; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden }
:is(.suggested, .article) :is(button, p, h2, li, blockquote, pre) { unicode-bidi: plaintext }
.find { padding: 0 1rem .6rem }
.find .clear { position: absolute; inset-inline-end: .2rem; inset-block-start: .15rem }
ul.suggested { padding: .3rem .5rem }
.return { min-inline-size: 0 }
.return:dir(rtl) svg { scale: -1 1 }
.article { flex: 1; min-block-size: 0; overflow-y: auto; padding: 1rem 1.2rem 2rem; line-height: 1.55; overflow-wrap: anywhere }
.article > * { max-inline-size: 40rem; margin-inline: auto }
.article h2 { font-size: 1.3rem; line-height: 1.3; margin-block-end: .8rem; outline: 0 }
.article :is(p, ul, ol, pre, blockquote) + * { margin-block-start: .8rem }
.article ul { list-style: disc; padding-inline-start: 1.4rem }
.article ol { list-style: decimal; padding-inline-start: 1.8rem }
.article blockquote { margin-inline: 0; padding-inline-start: .8rem; border-inline-start: 3px solid var(--p-line) }
.article code { font: .875em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--p-other); padding: .1em .35em; border-radius: 5px }
.article pre { padding: .6em .75em; border-radius: 10px; background: var(--p-other); overflow: auto }
.article pre code { padding: 0; background: none }
.article a { color: var(--p-accent) }
.votes { display: flex; flex-wrap: wrap; align-items: center; justify-content: center; gap: .5rem }
.votes p { font-weight: 600; padding-inline-end: .4rem }
.votes [aria-pressed=true] { background: var(--p-active); color: var(--p-on-active); border-color: currentColor }
.foot > [role=status]:empty { margin-block-end: -.6rem }
.state .votes { margin-block-start: .6rem }
@media (hover: hover) { .suggested li:hover { background: var(--p-hover) } }
@media (forced-colors: active) { .votes [aria-pressed=true] { outline: 2px solid Highlight } }
`;

/** What shows one article at a time, in the place of something else. */
export class Reader {
  /** @type {Reading | null} */
  #reading = null;
  /** @type {Set<string>} articles of which the person said that they need no ticket, also if no answer came */
  #saved = new Set();
  /** What gets the focus with the next drawing. */
  #focus = "";

  /** @param {Host} host @param {Store} store @param {Options} options */
  constructor(host, store, options) {
    this.host = host;
    this.store = store;
    this.options = options;
    const sheets = host.root.adoptedStyleSheets;
    if (!sheets.includes(styles)) host.root.adoptedStyleSheets = [...sheets, styles];
  }

  get isReading() {
    return this.#reading !== null;
  }

  /** Leaves the article, for something else that is chosen. */
  close() {
    this.#reading = null;
  }

  /** Takes back that articles have saved a ticket: one was sent after all. A vote that fails stays as it was. */
  sent() {
    for (const article_id of this.#saved)
      void this.store.client
        .rest("PUT", "/support/articles/{article_id}/vote", { path: { article_id }, body: { helped: true } })
        .catch(() => {});
  }

  /** Gives the focus to what a person would look for; called with each drawing. */
  drawn() {
    const wanted = this.#focus;
    this.#focus = "";
    if (wanted) /** @type {HTMLElement | null} */ (this.host.root.querySelector(wanted))?.focus();
  }

  /** Shows an article. @param {Found} found */
  open(found) {
    void this.#open(found);
  }

  /** @param {Found} found */
  async #open(found) {
    /** @type {Reading} */
    const reading = { found, article: null, error: null, helped: null, said: "", isBusy: false, isSolved: false };
    this.#reading = reading;
    this.#focus = "#article";
    this.host.problem = null;
    this.host.update();
    try {
      const path = { article_id: found.id };
      const article = await this.store.client.rest("GET", "/support/articles/{article_id}", { path });
      Object.assign(reading, { article, helped: article.own_vote?.helped ?? null });
    } catch (error) {
      reading.error = error;
    }
    this.host.update();
  }

  #back() {
    const id = this.#reading?.found.id ?? "";
    this.#reading = null;
    this.#focus = this.options.focus(id);
    this.host.problem = null;
    this.host.update();
  }

  /** @param {Reading} reading @param {boolean} helped @param {boolean} [instead_of_ticket] */
  async #vote(reading, helped, instead_of_ticket = false) {
    const { id } = reading.found;
    const { leave } = this.options;
    reading.isBusy = true;
    if (instead_of_ticket) this.#saved.add(id);
    this.host.update();
    const vote = await this.host.attempt(() =>
      this.store.client.rest("PUT", "/support/articles/{article_id}/vote", {
        path: { article_id: id },
        body: { helped, instead_of_ticket },
      }),
    );
    reading.isBusy = false;
    if (vote) {
      reading.helped = helped;
      reading.said = helped || !leave ? "article_thanks_yes" : "article_thanks_no";
      reading.isSolved = instead_of_ticket;
      if (!instead_of_ticket) this.#saved.delete(id);
      if (instead_of_ticket && this.#reading === reading) this.#focus = "#article";
    }
    this.host.update();
  }

  /** The head of an article. It leads back to where it was chosen. */
  head() {
    return h(
      "header",
      { class: "top", key: "article-top" },
      h(
        "button",
        { type: "button", class: "button return", onclick: () => this.#back() },
        icon("back"),
        h("span", { class: "cut" }, this.host.t(this.options.back)),
      ),
    );
  }

  /** The article that is read; nothing if none is. */
  view() {
    const { host } = this;
    const reading = this.#reading;
    if (!reading) return null;
    if (reading.isSolved) return this.#done();
    const { found, article, error } = reading;
    return [
      h(
        "article",
        {
          key: `article ${found.id}`,
          class: "article",
          lang: article?.language ?? found.language,
          dir: "auto",
          tabindex: "0",
          "aria-labelledby": "article",
        },
        h("h2", { id: "article", tabindex: "-1" }, article?.title ?? found.title),
        error
          ? h(
              "div",
              { key: "failed", lang: host.language },
              host.state(
                "alert",
                host.because(error),
                null,
                host.retry(() => void this.#open(found)),
              ),
            )
          : h("div", { key: "text" }, article ? parse(article.text) : host.loading()),
      ),
      article && this.#question(reading),
    ];
  }

  /** @param {Reading} reading */
  #question(reading) {
    const { host } = this;
    const { leave, ask } = this.options;
    /** @param {boolean} helped @param {string} words */
    const button = (helped, words) =>
      h(
        "button",
        {
          key: words,
          type: "button",
          class: "button",
          "aria-pressed": reading.helped === helped,
          disabled: reading.isBusy,
          onclick: () => void this.#vote(reading, helped),
        },
        host.t(words),
      );
    return h(
      "footer",
      { class: "foot", key: "vote" },
      h(
        "div",
        { class: "votes", role: "group", "aria-labelledby": "helped" },
        h("p", { id: "helped" }, host.t("article_helped")),
        button(true, "article_yes"),
        button(false, "article_no"),
      ),
      h("p", { class: "soft", role: "status" }, reading.said && host.t(reading.said)),
      reading.helped &&
        leave &&
        h(
          "button",
          {
            key: "solved",
            type: "button",
            class: "button main",
            disabled: reading.isBusy,
            onclick: () => void this.#vote(reading, true, true),
          },
          icon("check"),
          host.t("article_solved"),
        ),
      reading.helped === false &&
        ask &&
        h("button", { key: "ask", type: "button", class: "button main", onclick: ask }, host.t("new_ticket")),
    );
  }

  /** Says thanks. What was written stays until the person leaves it. */
  #done() {
    const { host } = this;
    const { leave } = this.options;
    return h(
      "div",
      { class: "state", part: "state", key: "done" },
      icon("check"),
      h("h2", { id: "article", tabindex: "-1" }, host.t("article_done")),
      h("p", null, host.t("article_done_hint")),
      h(
        "div",
        { class: "votes" },
        h("button", { type: "button", class: "button main", onclick: leave }, host.t("article_close")),
      ),
    );
  }
}
