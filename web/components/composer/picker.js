/** `<parley-emoji>`: all emoji by groups, with search; GIFs, if the page has a search for them. Loaded when it is first opened. */
import { define, ParleyElement } from "../base/element.js";
import { loadEmoji, searchEmoji } from "../base/emoji.js";
import { h } from "../base/h.js";
import { css } from "../base/theme.js";

/** @typedef {import("../base/emoji.js").EmojiGroup} EmojiGroup */
/** @typedef {import("./composer.js").Gif} Gif */

const RECENT = "parley:emoji";
const MOST_RECENT = 24;
const SEARCH_MS = 300;

const styles = css`
:host { inline-size: min(21rem, calc(100vw - 2rem)); block-size: min(21rem, 60dvh) }
.all { display: flex; flex-direction: column; block-size: 100%; gap: .4rem }
.tabs { display: flex; justify-content: space-between }
.tabs button { flex: 1; min-inline-size: 1.9rem; block-size: 2rem; border-radius: 9px; font-size: 1.05rem; line-height: 1; filter: grayscale(1); opacity: .75 }
.tabs button[aria-selected=true] { filter: none; opacity: 1; background: var(--p-active) }
.grid { flex: 1; overflow: auto; overscroll-behavior: contain; display: grid; grid-template-columns: repeat(auto-fill, minmax(2.3rem, 1fr)); align-content: start; scrollbar-width: thin }
.tabs button, .grid button { font-family: var(--p-emoji) }
.grid button { aspect-ratio: 1; border-radius: 9px; font-size: 1.45rem; line-height: 1 }
.grid p { grid-column: 1 / -1; padding: 1.5rem; text-align: center }
.gifs { grid-template-columns: 1fr 1fr; gap: .3rem }
.gifs button { aspect-ratio: 4 / 3; overflow: hidden; background: var(--p-raised) }
.gifs img { inline-size: 100%; block-size: 100%; object-fit: cover }
@media (hover: hover) { .grid button:hover { background: var(--p-hover) } }
`;

export class ParleyEmoji extends ParleyElement {
  /** @override */
  static styles = [styles];

  /** @type {((q: string) => Promise<Gif[]>) | undefined} */
  gifs = undefined;
  /** @type {EmojiGroup[]} */ #groups = [];
  #language = "";
  #group = "";
  #q = "";
  /** @type {Gif[] | null} */ #found = null;
  /** @type {any} */ #timer = null;

  /** @override */
  render() {
    if (this.gifs) {
      if (this.#found === null && !this.#timer) this.#searchGifs(0);
    } else if (this.#language !== this.language) void this.#load();
    return h(
      "div",
      { class: "all" },
      h("input", {
        class: "field",
        type: "search",
        autofocus: true,
        placeholder: this.t(this.gifs ? "search_gifs" : "search_emoji"),
        "aria-label": this.t(this.gifs ? "search_gifs" : "search_emoji"),
        value: this.#q,
        oninput: (/** @type {Event} */ event) => this.#search(/** @type {HTMLInputElement} */ (event.target).value),
        ref: (/** @type {HTMLElement | null} */ input) =>
          input && matchMedia("(pointer: fine)").matches && input.focus(),
      }),
      this.gifs ? this.#gifGrid() : this.#emojiGrid(),
    );
  }

  async #load() {
    this.#language = this.language;
    const groups = await this.attempt(() => loadEmoji(this.language));
    this.#groups = groups ?? [];
    this.#group ||= recent().length ? "recent" : (this.#groups[0]?.id ?? "");
    this.update();
  }

  /** @param {string} q */
  #search(q) {
    this.#q = q;
    if (this.gifs) this.#searchGifs(SEARCH_MS);
    this.update();
  }

  /** @param {number} wait */
  #searchGifs(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const q = this.#q;
      const found = await this.attempt(() => this.gifs?.(q));
      if (q !== this.#q) return;
      this.#found = found ?? [];
      this.update();
    }, wait);
  }

  #emojiGrid() {
    if (!this.#groups.length)
      return this.problem
        ? this.problemBar()
        : h(
            "div",
            { class: "state" },
            h("span", { class: "spinner", role: "status", "aria-label": this.t("loading") }),
          );
    const tabs = [
      ...(recent().length ? [{ id: "recent", face: "🕘" }] : []),
      ...this.#groups.map(({ id, emoji }) => ({ id, face: emoji[0]?.emoji ?? "" })),
    ];
    const shown = this.#q
      ? searchEmoji(this.#groups, this.#q)
      : this.#group === "recent"
        ? recent().map((emoji) => ({ emoji, name: emoji }))
        : (this.#groups.find(({ id }) => id === this.#group)?.emoji ?? []);
    return [
      !this.#q &&
        h(
          "div",
          {
            class: "tabs",
            role: "tablist",
            key: "tabs",
            onkeydown: (/** @type {KeyboardEvent} */ event) => move(event, "[role=tab]", 0),
          },
          tabs.map(({ id, face }) =>
            h(
              "button",
              {
                type: "button",
                role: "tab",
                key: id,
                title: this.#nameOf(id),
                "aria-label": this.#nameOf(id),
                "aria-selected": id === this.#group,
                "aria-controls": "grid",
                tabindex: id === this.#group ? "0" : "-1",
                onclick: () => {
                  this.#group = id;
                  this.update();
                },
              },
              face,
            ),
          ),
        ),
      h(
        "div",
        {
          class: "grid",
          id: "grid",
          key: `grid ${this.#q || this.#group}`,
          role: "group",
          "aria-label": this.#q ? this.t("search_emoji") : this.#nameOf(this.#group),
          onkeydown: (/** @type {KeyboardEvent} */ event) => move(event, "button", columns(event)),
        },
        shown.map(({ emoji, name }, index) =>
          h(
            "button",
            {
              type: "button",
              key: emoji,
              title: name,
              "aria-label": name,
              tabindex: index === 0 ? "0" : "-1",
              onclick: () => this.#choose(emoji),
            },
            emoji,
          ),
        ),
        shown.length === 0 && h("p", { class: "soft", role: "status" }, this.t("no_results")),
      ),
    ];
  }

  /** @param {string} id */
  #nameOf(id) {
    return this.t(id === "recent" ? "recent" : `emoji_${id}`);
  }

  #gifGrid() {
    if (this.problem) return this.problemBar();
    if (!this.#found)
      return h(
        "div",
        { class: "state" },
        h("span", { class: "spinner", role: "status", "aria-label": this.t("loading") }),
      );
    return h(
      "div",
      {
        class: "grid gifs",
        key: "gifs",
        role: "group",
        "aria-label": this.t("gifs"),
        onkeydown: (/** @type {KeyboardEvent} */ event) => move(event, "button", columns(event)),
      },
      this.#found.map((gif) =>
        h(
          "button",
          { type: "button", key: gif.url, "aria-label": gif.title || "GIF", onclick: () => this.emit("gif", { gif }) },
          h("img", { src: gif.preview_url ?? gif.url, alt: "", loading: "lazy", referrerpolicy: "no-referrer" }),
        ),
      ),
      this.#found.length === 0 && h("p", { class: "soft", role: "status" }, this.t("no_results")),
    );
  }

  /** @param {string} emoji */
  #choose(emoji) {
    try {
      localStorage.setItem(
        RECENT,
        JSON.stringify([emoji, ...recent().filter((one) => one !== emoji)].slice(0, MOST_RECENT)),
      );
    } catch {
      // Storage is full or forbidden: nothing is remembered.
    }
    this.emit("emoji", { emoji });
  }
}

/** The emoji that were chosen last. @returns {string[]} */
function recent() {
  try {
    const kept = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string" && one.length < 40) : [];
  } catch {
    return []; // forbidden, or not ours
  }
}

/** How many buttons stand in a line. @param {Event} event */
function columns(event) {
  return getComputedStyle(/** @type {Element} */ (event.currentTarget)).gridTemplateColumns.split(" ").length;
}

/** Moves the focus among buttons by arrows; `line` of them stand in a line, 0 if all do. @param {KeyboardEvent} event @param {string} selector @param {number} line */
function move(event, selector, line) {
  const group = /** @type {Element} */ (event.currentTarget);
  const all = /** @type {HTMLElement[]} */ ([...group.querySelectorAll(selector)]);
  const now = all.findIndex((one) => one.matches(":focus"));
  const along = getComputedStyle(group).direction === "rtl" ? -1 : 1;
  const steps = {
    ArrowRight: along,
    ArrowLeft: -along,
    ArrowDown: line,
    ArrowUp: -line,
    Home: -now,
    End: all.length - 1 - now,
  };
  const step = steps[/** @type {"Home"} */ (event.key)];
  if (!step || now < 0) return;
  event.preventDefault();
  const next = all[Math.max(0, Math.min(all.length - 1, now + step))];
  for (const one of all) one.tabIndex = one === next ? 0 : -1;
  next?.focus();
}

define("parley-emoji", ParleyEmoji);
