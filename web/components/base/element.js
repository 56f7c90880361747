/** What all elements have in common: a shadow root, a store, words, and what they show when there is nothing to show. */
import { h, patch } from "./h.js";
import { icon } from "./icons.js";
import { directionOf, languageOf, onWords, say } from "./languages.js";
import { onCustomize } from "./own.js";
import { theme } from "./theme.js";
import { exact } from "./times.js";

/** @typedef {import("./contract.d.ts").Store} Store */
/** @typedef {import("./h.js").Content} Content */
/**
 * How the elements reach Parley: a store, or what a client needs to make one.
 *
 * @typedef {{store?: Store, url?: string, socketUrl?: string, token?: string | (() => string | Promise<string>), tokenUrl?: string}} Connection
 */

const CONNECTION = ["url", "socket-url", "token", "token-url"];
/** @type {Set<ParleyElement>} the elements that are in a document now */
const present = new Set();
/** @type {Map<string, Store>} the stores that attributes asked for: elements that say the same share one */
const asked = new Map();
/** @type {Map<Store, number>} the stores of `asked`, and how many elements use each */
const uses = new Map();
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g; // as the server's sentences have them
/** After so long without an element the connection of a store ends: a page that moves an element takes it out and puts it back. */
const UNUSED_MS = 5000;
/** The failures of signing in of which the page has been told. @type {WeakSet<object>} */
const told = new WeakSet();
/** @type {Store | null} */
let ofPage = null;
/** The page's store if `configure` has made it, which then also ends it. @type {Store | null} */
let madeForPage = null;
/** @type {((connection: Connection) => Store) | null} */
let make = null;

/** @type {(store: Store) => void} */
let used = () => {};

/** Calls back with the store of each element, as often as elements take one. @param {(store: Store) => void} listener */
export function onStore(listener) {
  used = listener;
}

/** Says how a store is made of a connection. @param {(connection: Connection) => Store} maker */
export function makeStoresWith(maker) {
  make = maker;
  updateAll();
}

/**
 * Gives all elements of the page their store, but those that have one of their own. Without a connection it takes that away: they show
 * that nobody is signed in. The connection that the call before has made ends.
 *
 * @param {Connection | null} connection
 * @returns {Store | null}
 */
export function configure(connection) {
  const before = madeForPage;
  madeForPage = connection && !connection.store ? (make?.(connection) ?? null) : null;
  ofPage = connection?.store ?? madeForPage;
  updateAll();
  before?.client.close();
  return ofPage;
}

/** @param {Store | null} store @param {1 | -1} change */
function use(store, change) {
  const count = store ? uses.get(store) : undefined;
  if (store === null || count === undefined) return; // its maker ends it
  uses.set(store, count + change);
  if (count + change === 0) setTimeout(() => endUnused(store), UNUSED_MS);
}

/** @param {Store} store */
function endUnused(store) {
  if (uses.get(store) !== 0) return;
  uses.delete(store);
  for (const [key, known] of asked) if (known === store) asked.delete(key);
  store.client.close();
}

/** Draws every element again: after another store, other words, another language. */
export function updateAll() {
  for (const element of present) element.update();
}
onWords(updateAll);
onCustomize(updateAll);

export class ParleyElement extends HTMLElement {
  /** @type {CSSStyleSheet[]} its own, after those that all have */
  static styles = [];
  /** @type {string[]} whose change draws the element again */
  static attributes = [];

  static get observedAttributes() {
    // biome-ignore lint/complexity/noThisInStatic: the attributes of the class that is defined, not of this one
    return [...CONNECTION, "lang", "dir", ...this.attributes];
  }

  /** @type {Store | null} */
  #own = null;
  /** @type {Store | null} */
  #heard = null;
  /** Whose things it has shown. @type {Store | null} */
  #shown = null;
  #unsubscribe = () => {};
  #isQueued = false;
  #internals = this.attachInternals();
  /** Ends when the element leaves the document: for listeners. */
  gone = new AbortController();
  /** @type {unknown} what an action of the user's failed with, until they have dismissed it */
  problem = null;
  /** The language of the element, as a tag of BCP 47. */
  language = "en";

  constructor() {
    super();
    const own = /** @type {typeof ParleyElement} */ (this.constructor);
    this.root = this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [theme, ...own.styles];
  }

  connectedCallback() {
    present.add(this);
    if (this.gone.signal.aborted) this.gone = new AbortController();
    // A property that was set before the element was defined hides the accessor of the class.
    for (const name of Object.keys(this)) {
      if (!(name in Object.getPrototypeOf(this))) continue;
      const value = /** @type {any} */ (this)[name];
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
    if (getComputedStyle(this).colorScheme === "normal") this.#internals.states.add("auto");
    this.update();
  }

  disconnectedCallback() {
    present.delete(this);
    this.gone.abort();
    this.#listenTo(null);
    this.#internals.states.delete("auto");
  }

  /** @param {string} _name @param {string | null} _old @param {string | null} _value */
  attributeChangedCallback(_name, _old, _value) {
    this.update();
  }

  /** The store: the element's own, that of its attributes, of the closest element of Parley's around it, or of the page. @returns {Store | null} */
  get store() {
    return this.#own ?? this.#ofAttributes() ?? around(this)?.store ?? ofPage;
  }

  set store(store) {
    this.#own = store;
    updateAll();
    this.update();
  }

  /** Draws the element again, once for all that changes in this microtask. */
  update() {
    if (this.#isQueued || !this.isConnected) return;
    this.#isQueued = true;
    queueMicrotask(() => {
      this.#isQueued = false;
      if (this.isConnected) this.#draw();
    });
  }

  #draw() {
    const store = this.store;
    this.#listenTo(store);
    this.language = languageOf(this);
    const attributes = {
      class: "root",
      lang: this.language,
      dir: this.closest("[dir]") ? null : directionOf(this.language),
    };
    patch(this.root, h("div", attributes, this.render()));
    this.drawn();
  }

  /** What the element shows. @returns {Content} */
  render() {
    const store = this.store;
    const status = store?.connection.status;
    if (!store || status === "signed_out") {
      if (store) this.#tellOfFailure(store.connection.error);
      return this.signedOut();
    }
    if (status === "suspended") return this.suspended(store);
    return this.view(store);
  }

  /** What the element shows to a person who is signed in. @param {Store} _store @returns {Content} */
  view(_store) {
    return null;
  }

  /** Called after each drawing, with everything in its place. */
  drawn() {}

  /** @param {Store | null} store */
  #listenTo(store) {
    if (store === this.#heard) return;
    if (store && this.#shown && store !== this.#shown) {
      this.problem = null;
      this.forget();
    }
    this.#shown = store ?? this.#shown;
    this.#unsubscribe();
    use(store, 1);
    use(this.#heard, -1);
    this.#heard = store;
    this.#unsubscribe = store?.subscribe(() => this.changed()) ?? (() => {});
    if (store) used(store);
  }

  /** Called when another person takes the place of one: nothing of theirs may stay. */
  forget() {}

  /** Called when the store has changed. */
  changed() {
    this.update();
  }

  #ofAttributes() {
    const url = this.getAttribute("url");
    if (!url || !make) return null;
    const key = CONNECTION.map((name) => this.getAttribute(name) ?? "").join("\n");
    const known = asked.get(key);
    if (known) return known;
    const given = (/** @type {string} */ name) => this.getAttribute(name) ?? undefined;
    const store = make({
      url,
      socketUrl: given("socket-url"),
      token: given("token"),
      tokenUrl: given("token-url"),
    });
    asked.set(key, store);
    uses.set(store, 0);
    return store;
  }

  /**
   * Returns a sentence in the element's language.
   *
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   * @returns {string}
   */
  t(key, values) {
    return say(this.language, key, values);
  }

  /**
   * Tells the page. Returns false if a listener has prevented the default.
   *
   * @param {string} name without `parley-`
   * @param {unknown} [detail]
   */
  emit(name, detail) {
    return this.dispatchEvent(
      new CustomEvent(`parley-${name}`, { detail, bubbles: true, composed: true, cancelable: true }),
    );
  }

  /**
   * Does what the user asked for. If it fails, the user reads why, and `undefined` comes back.
   *
   * @template T
   * @param {() => T | Promise<T>} act
   * @returns {Promise<T | undefined>}
   */
  async attempt(act) {
    try {
      return await act();
    } catch (error) {
      if (!this.emit("error", { error })) return undefined;
      this.problem = error;
      this.update();
      return undefined;
    }
  }

  /** Tells of a choice; without a listener that prevents it, the store shows it. @param {string} id @param {number | null} [seq] of a message */
  goTo(id, seq = null) {
    const { store } = this;
    if (!this.emit("select", { conversation_id: id, message_seq: seq }) || !store) return;
    store.select(id);
    if (seq) void this.attempt(() => store["jump"](id, seq));
  }

  /** Why something failed, as a sentence, with times as the reader's clock has them. @param {unknown} error */
  because(error) {
    const problem = /** @type {any} */ (error)?.problem ?? error ?? {};
    const key = `error_${problem.code}`;
    const words = this.t(key, problem);
    const shown = words === key ? (problem.detail ?? this.t("error")) : words;
    // The quotation marks of programmers are none of people's.
    return shown
      .replaceAll("`", "")
      .replace(TIME, (/** @type {string} */ at) => exact(at, { language: this.language }));
  }

  /** The sentence of the last failure, with a button that takes it away. @returns {Content} */
  problemBar() {
    if (!this.problem) return null;
    const close = () => {
      this.problem = null;
      this.update();
    };
    return h(
      "div",
      { class: "bar", part: "problem", role: "alert", key: "problem" },
      icon("alert"),
      h("span", null, this.because(this.problem)),
      h("button", { class: "link", type: "button", onclick: close }, this.t("dismiss")),
    );
  }

  /** Says that there is no connection, while there is none. @param {Store} store @returns {Content} */
  offlineBar(store) {
    const { status } = store.connection;
    const isOff = status === "offline" || status === "closed";
    return h(
      "div",
      { role: "status", key: "offline" },
      isOff && h("div", { class: "bar", part: "offline" }, icon("offline"), h("span", null, this.t("offline"))),
    );
  }

  /** @returns {Content} */
  signedOut() {
    const { store } = this;
    if (store && whyNot(store.connection.error)) {
      const again = () => void store["load"]().catch(() => {}); // the state says that it failed again
      return this.state("alert", this.t("not_signed_in"), null, this.retry(again));
    }
    const { error } = store?.connection ?? {};
    if (error?.code === "other_person") return this.state("user", this.t("signed_out"), this.because(error));
    return h("slot", { name: "signed-out" }, this.state("user", this.t("signed_out"), this.t("signed_out_hint")));
  }

  /** Tells the page once why signing in did not work: it alone can mend that. @param {unknown} error */
  #tellOfFailure(error) {
    const why = whyNot(error);
    if (!why || told.has(/** @type {object} */ (error))) return;
    told.add(/** @type {object} */ (error));
    // What a page throws may quote the token.
    const line = `Parley: signing in did not work. ${why}`.replace(/\beyJ[\w.…-]*/g, "eyJ…");
    if (this.emit("error", { error })) console.error(line);
  }

  /** @param {Store} store @returns {Content} */
  suspended(store) {
    return this.state("block", this.t("suspended"), this.because(store.connection.error));
  }

  /** The button of a state that another try may end. @param {() => unknown} again */
  retry(again) {
    return h("button", { type: "button", class: "button", onclick: again }, this.t("retry"));
  }

  /** The button below a page of a list that has another one. @param {boolean} isLoading @param {() => unknown} act */
  showMore(isLoading, act) {
    return h(
      "button",
      { key: "more", type: "button", class: "button wide", disabled: isLoading, onclick: act },
      this.t("show_more"),
    );
  }

  /**
   * A whole pane's state: empty, an error, signed out.
   *
   * @param {import("./icons.js").IconName} name
   * @param {string} title
   * @param {Content} [hint]
   * @param {Content} [action]
   */
  state(name, title, hint, action) {
    return h(
      "div",
      { class: "state", part: "state" },
      icon(name),
      h("h2", null, title),
      hint && h("p", null, hint),
      action,
    );
  }

  /** A pane whose content is on its way. @param {number} [rows] */
  loading(rows = 4) {
    const bones = Array.from({ length: rows }, () => h("i", null));
    return h("div", { class: "bones", role: "status", "aria-label": this.t("loading") }, bones);
  }
}

/** Defines an element, unless the page has it already. @param {string} tag @param {typeof ParleyElement} element */
export function define(tag, element) {
  if (!customElements.get(tag)) customElements.define(tag, element);
}

/** The person whom an element's attributes name (`user`), and what it is about (`context`, `type:id`, with a title). @param {Element} element @param {string} [title] an attribute */
export function recipientOf(element, title = "context-title") {
  const [type, ...rest] = (element.getAttribute("context") ?? "").split(":");
  const named = element.getAttribute(title);
  const context = type ? { type, id: rest.join(":") || null, ...(named ? { title: named } : {}) } : null;
  return { user_id: element.getAttribute("user") ?? "", context };
}

/** The conversation that an element is about: that of its attributes, else the page's selected one. @param {ParleyElement} element @returns {string | null} */
export function conversationOf(element) {
  const { store } = element;
  const id = element.getAttribute("conversation");
  if (id) return store?.["resolve"](id) ?? id;
  if (element.hasAttribute("user")) return store?.["idWith"](recipientOf(element)) ?? null;
  return store?.current ?? null;
}

/** Returns the closest element of Parley's around another, through shadow roots. @param {Element} element @returns {ParleyElement | null} */
export function around(element) {
  for (let at = parentOf(element); at; at = parentOf(at)) if (at instanceof ParleyElement) return at;
  return null;
}

/** @param {Node} node @returns {Node | null} */
function parentOf(node) {
  if (node instanceof ShadowRoot) return node.host;
  return (node instanceof Element && node.assignedSlot) || node.parentNode;
}

/** Why signing in failed; null if nobody is signed in. @param {any} error @returns {string | null} */
function whyNot(error) {
  if (error?.cause) return String(error.cause);
  return error?.status === 401 && error.code !== "signed_out" ? `The API answered 401: ${error.detail}` : null;
}

/**
 * Returns the token that a page's server gives; "" if it answers 401 or 403, because nobody is signed in there.
 *
 * @param {string} address
 * @returns {Promise<string>}
 */
export async function tokenFrom(address) {
  const { origin, pathname } = new URL(address, document.baseURI); // a query may hold a secret
  /** @param {unknown} said */
  const fail = (said) => {
    throw new Error(`${origin}${pathname} ${said}.`);
  };
  const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => fail("does not answer"));
  if (/^40[13]$/.test(`${answer.status}`)) return "";
  if (!answer.ok) fail(`answered ${answer.status}`);
  const { token } = await answer.json().catch(() => ({}));
  return token ?? fail(`answered ${answer.status} without {"token": …}`);
}
