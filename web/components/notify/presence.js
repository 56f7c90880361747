/** Whether a person is there: a dot with words beside it; with `compact` the words are for screen readers alone. */
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { relative } from "../base/times.js";
import { presence } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */

export class ParleyPresence extends ParleyElement {
  /** @override */
  static styles = [presence];
  /** @override */
  static attributes = ["user", "compact"];

  #watched = "";
  #unwatch = () => {};

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    this.gone.signal.addEventListener("abort", () => {
      this.#unwatch();
      this.#watched = "";
    });
  }

  /** @override */
  signedOut() {
    return null;
  }

  /** @param {Store} store @override */
  view(store) {
    const user = this.getAttribute("user") ?? "";
    if (store.connection.status === "online" && user !== this.#watched) {
      this.#unwatch();
      this.#watched = user;
      this.#unwatch = user ? store.watchPresence([user]) : () => {};
    }
    const { online, last_seen } = store.presence(user);
    if (online === null && !last_seen) return null; // nothing is known, or nothing may be
    const time = relative(last_seen, { language: this.language, now: store.now() });
    const words = online ? this.t("online") : time && this.t("last_seen", { time });
    return h(
      "span",
      { class: online ? "is on" : "is", part: online ? "online" : "offline" },
      h("i", null),
      h("span", { class: "words" }, words),
    );
  }
}

define("parley-presence", ParleyPresence);
