/** A link for a navigation bar, with the number of unread messages. */
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { short } from "../inbox/entry.js";
import { unread } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */

/** `href` leads to the messages. Its slot takes another picture or words. Event: `parley-unread` {count}, when the number has changed. */
export class ParleyUnread extends ParleyElement {
  /** @override */
  static styles = [unread];
  /** @override */
  static attributes = ["href", "label"];

  #told = -1;

  /** @override */
  signedOut() {
    return this.#link(0);
  }

  /** @param {Store} store @override */
  view(store) {
    const count = store.unread;
    if (count !== this.#told) {
      this.#told = count;
      this.emit("unread", { count });
    }
    return this.#link(count);
  }

  /** @param {number} count */
  #link(count) {
    const href = this.getAttribute("href");
    const name = this.getAttribute("label") ?? this.t("messages");
    const label = count ? `${name}, ${this.t("unread_count", { count })}` : name;
    return h(
      href === null ? "span" : "a",
      href === null
        ? { class: "still", role: "img", "aria-label": label, part: "link" }
        : { href, "aria-label": label, part: "link" },
      h("slot", null, icon("chat")),
      count > 0 && h("span", { class: "badge", part: "badge", "data-count": short(count) }),
    );
  }
}

define("parley-unread", ParleyUnread);
