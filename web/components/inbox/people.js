/** Choosing people from the directory: a search, what it found, and for groups who was chosen. */
import { avatar } from "../base/avatar.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { searchField } from "../base/search.js";

/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {{id: string, name?: string | null, role?: string | null, avatar_url?: string | null}} Person */

const PAUSE_MS = 250; // after the last key
const MOST_EMPTY = 5; // pages without a person that are read in a row

export class People {
  q = "";
  /** @type {Person[]} */
  found = [];
  /** @type {string | null} */
  next = null;
  isLoading = true;
  /** @type {unknown} */
  error = null;
  /** @type {Map<string, Person>} */
  chosen = new Map();
  #turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Host} host
   * @param {Store} store
   * @param {{isMany?: boolean, without?: Set<string>, choose?: (person: Person) => void}} [options] `isMany`: people are ticked; `without`: who is not offered
   */
  constructor(host, store, options = {}) {
    this.host = host;
    this.store = store;
    this.isMany = options.isMany ?? false;
    this.without = options.without ?? new Set();
    this.choose = options.choose ?? (() => {});
    void this.#look();
  }

  /** @param {string} q */
  search(q) {
    this.q = q;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), PAUSE_MS);
  }

  /** @param {string | null} [cursor] of the next page; without one the search begins anew */
  async #look(cursor = null) {
    const turn = ++this.#turn;
    this.isLoading = true;
    this.error = null;
    this.host.update();
    let found = cursor ? this.found : [];
    let next = cursor;
    try {
      // A page may be short, or empty, and still have a next one.
      for (let n = 0; n < MOST_EMPTY; n++) {
        const page = await this.store.directory({
          limit: 30,
          ...(this.q.trim() ? { q: this.q.trim() } : {}),
          ...(next ? { cursor: next } : {}),
        });
        if (turn !== this.#turn) return;
        found = [...found, ...page.users];
        next = page.next;
        if (!next || page.users.length) break;
      }
    } catch (error) {
      if (turn !== this.#turn) return;
      this.error = error;
    }
    this.found = found;
    this.next = next;
    this.isLoading = false;
    this.host.update();
  }

  /** @param {Person} person */
  toggle(person) {
    if (!this.chosen.delete(person.id)) this.chosen.set(person.id, person);
    this.host.update();
  }

  /** The search field. */
  field() {
    const { host } = this;
    const more = { autofocus: true, enterkeyhint: "search" };
    return searchField(host.t("search_people"), (q) => this.search(q), more);
  }

  /** Who was chosen, each with a button that takes them out. */
  chips() {
    const { host } = this;
    if (!this.chosen.size) return null;
    return h(
      "ul",
      { class: "chips", role: "list", key: "chips" },
      [...this.chosen.values()].map((person) =>
        h(
          "li",
          { key: person.id },
          h(
            "button",
            {
              type: "button",
              class: "chip",
              "aria-label": host.t("remove_name", { name: person.name ?? person.id }),
              onclick: () => this.toggle(person),
            },
            h("bdi", { class: "cut" }, person.name ?? person.id),
            icon("close"),
          ),
        ),
      ),
    );
  }

  /** What was found. */
  list() {
    const { host } = this;
    const people = this.found.filter((person) => !this.without.has(person.id) && person.id !== this.store.userId);
    if (this.error)
      return h(
        "div",
        { class: "state", role: "alert", key: "error" },
        h("p", null, host.because(this.error)),
        h("button", { type: "button", class: "button", onclick: () => void this.#look() }, host.t("retry")),
      );
    if (this.isLoading && !people.length) return skeleton(host.t("loading"));
    if (!people.length) return host.state("user", host.t("nobody_found"), host.t("nobody_found_hint"));
    return [
      h(
        "ul",
        { class: "people", role: "list", key: "people" },
        people.map((person) => this.#row(person)),
      ),
      this.next && host.showMore(this.isLoading, () => void this.#look(this.next)),
    ];
  }

  /** @param {Person} person */
  #row(person) {
    const isChosen = this.chosen.has(person.id);
    return h(
      "li",
      { key: person.id },
      h(
        "button",
        {
          type: "button",
          class: "person",
          "aria-pressed": this.isMany ? isChosen : null,
          onclick: () => (this.isMany ? this.toggle(person) : this.choose(person)),
        },
        avatar(person),
        h("bdi", { class: "cut" }, person.name ?? person.id),
        person.role && h("span", { class: "role", part: "role" }, person.role),
        this.isMany && h("span", { class: isChosen ? "tick on" : "tick" }, isChosen && icon("check")),
      ),
    );
  }
}

/** Rows that stand for what is on its way. @param {string} label @param {number} [rows] */
export function skeleton(label, rows = 6) {
  return h(
    "div",
    { class: "skeleton", role: "status", "aria-label": label, key: "skeleton" },
    Array.from({ length: rows }, () => h("div", null, h("i", null), h("b", null))),
  );
}
