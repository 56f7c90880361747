/** What the host draws itself: avatars, and the bodies of messages. */
import { h } from "./h.js";

/**
 * Each returns a node of the host's, or nothing for what is drawn by default. It is asked again whenever the place is drawn for somebody or something else, so
 * it makes another node each time.
 *
 * @typedef {object} Own
 * @property {(user: {id?: string | null, name?: string | null, avatar_url?: string | null}) => Node | null | undefined} [avatar]
 * @property {(message: import("./contract.d.ts").ShownMessage) => Node | null | undefined} [body]
 */

/** @type {Own} */
let own = {};
let version = 0;
let draw = () => {};

/** Grows when the host draws otherwise: of what rows are made. */
export const ownVersion = () => version;

/** Says what the host draws itself, in all elements of the page; `{}` takes it back. @param {Own} drawing */
export function customize(drawing) {
  own = drawing;
  version++;
  draw();
}

/** @param {() => void} again draws all elements again */
export function onCustomize(again) {
  draw = again;
}

/**
 * An element around the host's node, or null.
 *
 * @param {"avatar" | "body"} what
 * @param {any} about
 * @param {string} key of all that the node is about
 * @param {import("./h.js").Props} props
 */
export function ownNode(what, about, key, props) {
  let node;
  try {
    node = own[what]?.(about);
  } catch (error) {
    reportError(error); // the host's fault is the host's to see; the person sees the default
  }
  if (!node) return null;
  const ref = (/** @type {Element | null} */ element) => element?.append(/** @type {Node} */ (node));
  return h("div", { ...props, key: `own ${key}`, ref });
}
