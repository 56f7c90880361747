/** Defines the custom elements; `configure` gives all of a page their connection. */
import { define } from "./base/element.js";
import { ParleyComposer } from "./composer/composer.js";
import { ParleyThread } from "./thread/thread.js";

export { configure } from "./base/element.js";
export { ParleyComposer, ParleyThread };

define("parley-thread", ParleyThread);
define("parley-composer", ParleyComposer);
