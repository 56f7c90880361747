/** `<parley-admin>`: the screen of moderators and admins. It is loaded when it is first shown: few people need it. */
import { define, ParleyElement } from "../base/element.js";
import { onDemand } from "../base/part.js";
import { css } from "../base/theme.js";

const screen = onDemand("parley-admin-screen", () => import("./screen.js"));

/** `area` is the one that is shown first: `reports`, `suspensions`, `words`, `search`, `audit`, `figures` or `webhooks`. */
export class ParleyAdmin extends ParleyElement {
  /** @override */
  static styles = [css`:host { block-size: 100%; min-block-size: 24rem; background: var(--p-bg) }`];
  /** @override */
  static attributes = ["area"];

  /** @override */
  view() {
    return screen(this, { area: this.getAttribute("area"), exportparts: "head, status, badge, dialog, chart" });
  }
}

define("parley-admin", ParleyAdmin);
