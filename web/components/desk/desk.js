/** `<parley-desk>`: the agents' screen. It is loaded when it is first shown: only agents need it. */
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { css } from "../base/theme.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */

/** @type {Promise<unknown> | null} */
let loading = null;
let isLoaded = false;

/** `categories` names those of the desk (`booking: Booking, general`). Event: `parley-select` {conversation_id}. */
export class ParleyDesk extends ParleyElement {
  /** @override */
  static styles = [css`:host { block-size: 100%; min-block-size: 24rem; background: var(--p-bg) }`];
  /** @override */
  static attributes = ["categories"];

  /** @param {Store} _store @override */
  view(_store) {
    if (isLoaded)
      return h("parley-desk-screen", {
        categories: this.getAttribute("categories"),
        exportparts: "thread-pane, head, status, badge, bubble",
      });
    loading ??= import("./screen.js").then(
      () => {
        isLoaded = true;
      },
      () => {
        loading = null; // the next drawing tries again
      },
    );
    void loading.then(() => this.update());
    return this.loading();
  }
}

define("parley-desk", ParleyDesk);
