/** A person's picture, or their initials upon a colour of their own. */
import { h } from "./h.js";
import { hue, initials } from "./names.js";
import { ownNode } from "./own.js";

/** @type {Set<string>} addresses of pictures that did not come */
const broken = new Set();

/**
 * @param {{id?: string | null, name?: string | null, avatar_url?: string | null} | null | undefined} user
 * @param {import("./h.js").Props} [props] of the element
 */
export function avatar(user, props) {
  const { id = "", name = "", avatar_url: address } = user ?? {};
  const given = { part: "avatar", "aria-hidden": "true", ...props };
  const own =
    user &&
    ownNode("avatar", user, `${id} ${name} ${address}`, { ...given, class: `avatar ${props?.["class"] ?? ""}` });
  if (own) return own;
  const picture =
    address &&
    !broken.has(address) &&
    h("img", {
      src: address,
      alt: "",
      loading: "lazy",
      decoding: "async",
      referrerpolicy: "no-referrer",
      onerror: (/** @type {Event} */ event) => {
        broken.add(address);
        /** @type {HTMLElement} */ (event.target).hidden = true;
      },
    });
  return h(
    "span",
    {
      ...given,
      class: `avatar ${props?.["class"] ?? ""}`,
      style: { "--hue": hue(id || name || "") },
    },
    initials(name ?? ""),
    picture,
  );
}
