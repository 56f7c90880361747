/** `<parley-details>`: what is beside a thread. It is loaded when it is first shown. */
import { conversationOf, define, ParleyElement } from "../base/element.js";
import { onDemand } from "../base/part.js";
import { css } from "../base/theme.js";

const screen = onDemand("parley-details-screen", () => import("./details.js"));

/** `conversation` is what it is about; without it, the page's selected one. Events: `parley-close`, `parley-select` {conversation_id, message_seq}. */
export class ParleyDetails extends ParleyElement {
  /** @override */
  static styles = [css`:host { block-size: 100%; background: var(--p-bg) }`];
  /** @override */
  static attributes = ["conversation"];

  /** @override */
  view() {
    const conversation = conversationOf(this);
    if (!conversation || conversation.startsWith("to:"))
      return this.state("info", this.t("choose"), this.t("choose_hint"));
    return screen(this, { conversation, exportparts: "state, role, problem" });
  }
}

define("parley-details", ParleyDetails);
