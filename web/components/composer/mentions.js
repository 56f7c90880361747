import { avatar } from "../base/avatar.js";
import { h } from "../base/h.js";
import { folded } from "../base/names.js";

/** @typedef {import("./composer.js").ParleyComposer} Composer */
/** @typedef {{id: string, name: string, role?: string | null, avatar_url?: string | null}} Person */

const MOST = 6; // suggestions
const LONGEST = 40; // letters after the `@` within which people are still looked for

/** The people who may be mentioned: suggestions while an `@` is written, and who is named by a text. */
export class Mentions {
  #composer;
  /** @type {string | null} */ #conversation = null;
  /** @type {Map<string, string>} ids by the names that were chosen */ #chosen = new Map();
  /** @type {Person[] | null} members that were read */ #members = null;
  /** @type {Person[]} */ #found = [];
  #from = -1;
  #index = 0;

  /** @param {Composer} composer */
  constructor(composer) {
    this.#composer = composer;
  }

  get isOpen() {
    return this.#found.length > 0;
  }

  get activeId() {
    return this.isOpen ? `suggestion-${this.#index}` : null;
  }

  /** @param {string | null} conversationId */
  begin(conversationId) {
    this.#conversation = conversationId;
    this.#chosen.clear();
    this.#members = null;
    this.#found = [];
  }

  /** Takes the people whom a text names already. @param {string[]} ids */
  know(ids) {
    for (const id of ids)
      this.#chosen.set(id === "*" ? this.#composer.t("everyone") : (this.#composer.store?.user(id).name ?? id), id);
  }

  /** The ids of those who were chosen and are still named. @param {string} text @returns {string[]} */
  within(text) {
    const ids = [...this.#chosen].filter(([name]) => text.includes(`@${name}`)).map(([, id]) => id);
    return [...new Set(ids)].slice(0, this.#composer.store?.["sizes"]?.max_mentions ?? 50);
  }

  /** Looks whether an `@` is being written at the caret, and for whom. */
  look() {
    const { area } = this.#composer;
    const before = area && area.selectionStart === area.selectionEnd ? area.value.slice(0, area.selectionStart) : "";
    const match = new RegExp(`(?:^|[\\s(])@([^@\\n]{0,${LONGEST}})$`).exec(before);
    const wanted = match ? folded(match[1] ?? "") : null;
    const wasOpen = this.isOpen;
    this.#from = match ? before.length - (match[1]?.length ?? 0) - 1 : -1;
    this.#found = wanted === null ? [] : this.#search(wanted);
    this.#index = Math.min(this.#index, Math.max(0, this.#found.length - 1));
    if (wasOpen || this.isOpen) this.#composer.update();
  }

  /** @param {string} wanted @returns {Person[]} */
  #search(wanted) {
    const { store } = this.#composer;
    const conversation = this.#conversation && store?.conversation(this.#conversation);
    if (!store || !conversation || conversation.type === "direct") return [];
    if (!this.#members) {
      this.#members = [];
      const id = this.#conversation;
      void store["members"](id).then(
        (/** @type {any} */ answer) => {
          if (this.#conversation !== id) return;
          this.#members = answer.members.map((/** @type {any} */ member) => ({
            ...store.user(member.user_id),
            name: member.name ?? member.user_id,
            id: member.user_id,
          }));
          this.look();
        },
        () => {
          this.#members = null; // the next letter asks again
        },
      );
    }
    const known = conversation.members.map(({ user_id, name }) => ({
      ...store.user(user_id),
      id: user_id,
      name: store.user(user_id).name ?? name ?? user_id,
    }));
    const all = new Map([...this.#members, ...known].map((person) => [person.id, person]));
    all.delete(store["userId"]);
    const words = [...all.values()]
      .filter(({ name }) => starts(name, wanted))
      .sort((a, b) => a.name.localeCompare(b.name));
    const everyone = { id: "*", name: this.#composer.t("everyone"), role: null };
    const isForAll = conversation.capabilities.includes("mention_everyone") && starts(everyone.name, wanted);
    // The first one is taken by Enter: that must not be everyone by mistake.
    return isForAll ? [...words.slice(0, MOST - 1), everyone] : words.slice(0, MOST);
  }

  /** Takes a key of the list. Returns whether it was one. @param {KeyboardEvent} event */
  key(event) {
    if (!this.isOpen) return false;
    const { key } = event;
    const count = this.#found.length;
    if (key === "ArrowDown") this.#index = (this.#index + 1) % count;
    else if (key === "ArrowUp") this.#index = (this.#index - 1 + count) % count;
    else if (key === "Enter" || key === "Tab") this.#choose(this.#index);
    else if (key === "Escape") this.#found = [];
    else return false;
    event.preventDefault();
    event.stopPropagation();
    this.#composer.update();
    return true;
  }

  /** @param {number} index */
  #choose(index) {
    const person = this.#found[index];
    if (!person) return;
    this.#chosen.set(person.name, person.id);
    this.#found = [];
    this.#index = 0;
    this.#composer.replace(`@${person.name} `, this.#from);
  }

  list() {
    const { t } = { t: this.#composer.t.bind(this.#composer) };
    if (!this.isOpen) return null;
    return h(
      "ul",
      {
        class: "suggestions",
        part: "suggestions",
        key: "suggestions",
        id: "suggestions",
        role: "listbox",
        "aria-label": t("suggestions"),
      },
      this.#found.map((person, index) =>
        h(
          "li",
          {
            key: person.id,
            id: `suggestion-${index}`,
            role: "option",
            "aria-selected": index === this.#index,
            // The focus stays in the text.
            onpointerdown: (/** @type {Event} */ event) => event.preventDefault(),
            onclick: () => this.#choose(index),
          },
          avatar(person),
          h("bdi", { class: "cut" }, person.name),
          person.role && h("span", { class: "role" }, person.role),
        ),
      ),
    );
  }
}

/** Whether a word of a name begins so. @param {string} name @param {string} wanted */
function starts(name, wanted) {
  return ` ${folded(name)}`.includes(` ${wanted}`);
}
