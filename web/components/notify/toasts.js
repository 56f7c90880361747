/** Messages of conversations that are not on the screen, one after the other, at the edge of the page. */
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { face } from "../inbox/entry.js";
import { previewOf } from "../inbox/preview.js";
import { mayTell, withLast } from "./rules.js";
import { toasts } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {{id: string, message: any, timer: ReturnType<typeof setTimeout> | undefined}} Toast one for each conversation: its newest message */

const MOST = 3;
const SHOWN_MS = 8_000;

/** Events: `parley-select` {conversation_id, message_seq}; without a listener that prevents it, the store selects the conversation. */
export class ParleyToasts extends ParleyElement {
  /** @override */
  static styles = [toasts];

  /** @type {Toast[]} */
  #toasts = [];
  /** @type {Store | null} */
  #heard = null;
  #end = () => {};

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    this.gone.signal.addEventListener("abort", () => {
      this.#end();
      this.#heard = null;
      for (const { timer } of this.#toasts) clearTimeout(timer);
      this.#toasts = [];
    });
  }

  /** @override */
  forget() {
    this.#toasts = [];
  }

  /** @override */
  signedOut() {
    return null;
  }

  /** @param {Store} store @override */
  view(store) {
    if (this.#heard !== store) {
      this.#end();
      this.#heard = store;
      this.#end =
        store.client.on?.("message", (/** @type {{message: any}} */ { message }) => this.#take(store, message)) ??
        (() => {});
    }
    const shown = this.#toasts.filter(({ id }) => id !== store.current);
    return [
      h(
        "div",
        { class: "stack", role: "log", "aria-live": "polite", "aria-label": this.t("messages"), key: "toasts" },
        shown.map((toast) => this.#toast(store, toast)),
      ),
      h("parley-calls", { key: "calls", exportparts: "call" }),
    ];
  }

  /** @param {Store} store @param {any} message */
  #take(store, message) {
    const id = message.conversation_id;
    const conversation = store.conversation(id);
    if (!conversation || store.current === id || !mayTell(store, message)) return;
    const rest = this.#toasts.filter((toast) => toast.id !== id || clearTimeout(toast.timer));
    this.#toasts = [...rest, { id, message, timer: this.#later(id) }].slice(-MOST);
    this.update();
  }

  /** @param {string} id */
  #later(id) {
    return setTimeout(() => this.#dismiss(id), SHOWN_MS);
  }

  /** @param {string} id */
  #dismiss(id) {
    this.#toasts = this.#toasts.filter((toast) => toast.id !== id || clearTimeout(toast.timer));
    this.update();
  }

  /** @param {Store} store @param {Toast} toast */
  #toast(store, toast) {
    const { id, message } = toast;
    const conversation = store.conversation(id);
    if (!conversation) return null;
    const preview = previewOf(this, store, withLast(conversation, message));
    // A person who reads, points at it or has the focus there is not hurried.
    const wait = () => clearTimeout(toast.timer);
    const go = () => {
      clearTimeout(toast.timer);
      toast.timer = this.#later(id);
    };
    return h(
      "div",
      {
        key: id,
        class: "toast",
        part: "toast",
        onpointerenter: wait,
        onpointerleave: go,
        onfocusin: wait,
        onfocusout: go,
      },
      h(
        "button",
        {
          type: "button",
          class: "open",
          onclick: () => {
            this.#dismiss(id);
            this.goTo(id, message.seq);
          },
        },
        face(conversation),
        h(
          "span",
          null,
          h("strong", { class: "cut" }, h("bdi", null, conversation.title_shown)),
          h(
            "span",
            { class: "words" },
            preview.from && [h("bdi", null, preview.from), ": "],
            h("bdi", null, preview.text),
          ),
        ),
      ),
      h(
        "button",
        { type: "button", class: "icon", "aria-label": this.t("dismiss"), onclick: () => this.#dismiss(id) },
        icon("close"),
      ),
    );
  }
}

define("parley-toasts", ParleyToasts);
