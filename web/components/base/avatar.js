/** A person's picture, or their initials upon a colour of their own. */
import { h } from "./h.js";

/** @type {Set<string>} addresses of pictures that did not come */
const broken = new Set();

/**
 * @param {{id?: string | null, name?: string | null, avatar_url?: string | null} | null | undefined} user
 * @param {import("./h.js").Props} [props] of the element
 */
export function avatar(user, props) {
  const address = user?.avatar_url;
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
      part: "avatar",
      "aria-hidden": "true",
      ...props,
      class: `avatar ${props?.["class"] ?? ""}`,
      style: { "--hue": hue(user?.id ?? user?.name ?? "") },
    },
    initials(user?.name ?? ""),
    picture,
  );
}

/** Returns the first letters of the first word and of the last one. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/).slice(0, 40);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return (
    ends
      .map((word) => firstGrapheme(word ?? ""))
      .join("")
      .toLocaleUpperCase() || "?"
  );
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** @param {string} word */
function firstGrapheme(word) {
  const [first] = graphemes.segment(word.slice(0, 40));
  // A letter with a hundred marks upon it is no initial.
  return [...(first?.segment ?? "")].slice(0, 4).join("");
}

/** @param {string} text */
function hue(text) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + /** @type {number} */ (letter.codePointAt(0))) % 3600;
  return sum % 360;
}
