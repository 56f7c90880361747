/** Defines the custom elements; `configure` gives all of a page their connection. */
export { configure } from "./base/element.js";
