/** `<parley-desk>`: the agents' screen. It is loaded when it is first shown: only agents need it. */
import { define, ParleyElement } from "../base/element.js";
import { onDemand } from "../base/part.js";
import { css } from "../base/theme.js";

const screen = onDemand("parley-desk-screen", () => import("./screen.js"));

/** `categories` names those of the desk (`booking: Booking, general`). Event: `parley-select` {conversation_id}. */
export class ParleyDesk extends ParleyElement {
  /** @override */
  static styles = [css`:host { block-size: 100%; min-block-size: 24rem; background: var(--p-bg) }`];
  /** @override */
  static attributes = ["categories"];

  /** @override */
  view() {
    return screen(this, {
      categories: this.getAttribute("categories"),
      exportparts: "thread-pane, head, status, badge, bubble",
    });
  }
}

define("parley-desk", ParleyDesk);
