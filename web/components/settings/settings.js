/** `<parley-settings>`: what a person sets for themselves and for this device. Its screen is loaded when it is first shown. */
import { define, ParleyElement } from "../base/element.js";
import { onDemand } from "../base/part.js";

const screen = onDemand("parley-settings-screen", () => import("./screen.js"));

/** `worker` is the address of the service worker of Web Push, `page` that of the page which a notification opens. */
export class ParleySettings extends ParleyElement {
  /** @override */
  static attributes = ["worker", "page"];

  /** @override */
  view() {
    return screen(this, {
      worker: this.getAttribute("worker"),
      page: this.getAttribute("page"),
      exportparts: "section",
    });
  }
}

define("parley-settings", ParleySettings);
