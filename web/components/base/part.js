/** A part of the screen that comes on demand: few pages need it, and all pages together have 90 KB. */
import { unique } from "./dialog.js";
import { h } from "./h.js";

/** @typedef {import("./element.js").ParleyElement} Host */

/** @type {WeakMap<object, string>} */
const keys = new WeakMap();

/** Another person gets an element of their own: it knows nothing of what the person before has seen. @param {object | null} store */
function keyOf(store) {
  if (!store) return null;
  const key = keys.get(store) ?? unique("store");
  keys.set(store, key);
  return key;
}

/**
 * Returns what draws an element of a module that is imported when it is first shown: until then bones, and why if it does not come.
 *
 * @param {string} tag
 * @param {() => Promise<unknown>} bring imports the module that defines the element
 * @returns {(host: Host, props: import("./h.js").Props) => import("./h.js").Content}
 */
export function onDemand(tag, bring) {
  /** @type {Promise<void> | null} */
  let underWay = null;
  let isThere = false;
  let hasFailed = false;
  return function draw(host, props) {
    if (isThere) return h(tag, { key: keyOf(host.store), ...props });
    const again = () => {
      hasFailed = false;
      underWay = null;
      host.update();
    };
    if (hasFailed) return host.state("alert", host.t("error_network"), null, host.retry(again));
    underWay ??= bring().then(
      () => {
        isThere = true;
      },
      () => {
        hasFailed = true; // the state says so, and its button tries again
      },
    );
    void underWay.then(() => host.update());
    return host.loading();
  };
}
