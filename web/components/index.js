/** Defines the custom elements; `configure` gives all of a page their connection. */
import { define } from "./base/element.js";
import { ParleyThread } from "./thread/thread.js";

export { configure } from "./base/element.js";
export { ParleyThread };

define("parley-thread", ParleyThread);
