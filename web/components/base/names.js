/** Names as they are shown: initials, a colour, and cuts that split no character. A name is hostile text and has no markup. */

const MOST_OF_A_CLUSTER = 24; // UTF-16 units: more than the longest emoji of a family, far less than a tower of marks

/** @type {Intl.Segmenter | undefined} */
let segmenter;

/**
 * Goes through the grapheme clusters of a text, each cut to a bounded length.
 *
 * @param {string} text
 * @param {number} most how many clusters
 * @returns {string[]}
 */
export function graphemes(text, most = Number.POSITIVE_INFINITY) {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const found = [];
  for (const { segment } of segmenter.segment(text)) {
    if (found.length >= most) break;
    found.push(segment.length > MOST_OF_A_CLUSTER ? wholeCharacters(segment, MOST_OF_A_CLUSTER) : segment);
  }
  return found;
}

/** Cuts between characters, never within a pair of surrogates. @param {string} text @param {number} units */
function wholeCharacters(text, units) {
  const last = text.charCodeAt(units - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? units - 1 : units);
}

/**
 * Cuts a text to at most so many grapheme clusters; a cut one ends with `…`.
 *
 * @param {string} text
 * @param {number} most
 */
export function cut(text, most) {
  // A cluster has one unit at least, so this is enough for all that is shown, however long the text is.
  const shown = graphemes(text.slice(0, (most + 1) * MOST_OF_A_CLUSTER), most + 1);
  return shown.length > most ? `${shown.slice(0, most).join("").trimEnd()}…` : shown.join("");
}

/**
 * Returns one or two characters for an avatar without a picture: `Ana María López` is `AL`, `山田太郎` is `山`. A name without a letter or a
 * number gives `?`.
 *
 * @param {string | null | undefined} name
 */
export function initials(name) {
  const words = (name ?? "")
    .slice(0, 512)
    .split(/[^\p{L}\p{N}\p{M}'’]+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words[0];
  if (!first) return "?";
  const last = /** @type {string} */ (words.at(-1));
  const isOne = words.length === 1 || /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/u.test(first);
  const letters = isOne ? [initial(first)] : [initial(first), initial(last)];
  // Arabic letters would join to a word that nobody meant, and without a hair between them look as if they did.
  return letters.join(/\p{sc=Arabic}/u.test(first) ? "\u200a" : "");
}

/** @param {string} word */
function initial(word) {
  return (graphemes(word.replace(/^[^\p{L}\p{N}]+/u, ""), 1)[0] ?? "").toLocaleUpperCase();
}

/**
 * Returns the hue, 0 to 359, of an avatar without a picture: it stays with an id, and two ids of a list rarely look alike.
 *
 * @param {string} id
 */
export function hue(id) {
  let hash = 7;
  for (let n = 0; n < id.length; n++) hash = (Math.imul(hash, 31) + id.charCodeAt(n)) >>> 0;
  return (hash * 137) % 360;
}

/** @typedef {{tag: string, props: Record<string, any>, children: (Marked | string)[], key: null, node: null}} Marked a tree of base/h.js */

/**
 * Parts a text at the places that a search found; each place becomes a `mark`.
 *
 * @param {string} text as it was written
 * @param {[number, number][]} highlights pairs of code point offsets, as `GET /search` has them
 * @param {number} [before] how many characters to keep before the first place; more are cut
 * @returns {(Marked | string)[]}
 */
export function highlighted(text, highlights, before = Number.POSITIVE_INFINITY) {
  const points = [...text];
  const first = highlights[0]?.[0] ?? 0;
  let start = Math.max(0, Math.min(points.length, first - before));
  // The next whole word, if one begins before the place.
  const space = start ? points.slice(start, first).findIndex((point) => /\s/.test(point)) : -1;
  if (space >= 0) start += space + 1;
  /** @type {(Marked | string)[]} */
  const parts = start ? ["…"] : [];
  let at = start;
  for (const [from, to] of [...highlights].sort((a, b) => a[0] - b[0])) {
    if (from < at || to <= from) continue;
    if (from > at) parts.push(points.slice(at, from).join(""));
    parts.push({ tag: "mark", props: {}, children: [points.slice(from, to).join("")], key: null, node: null });
    at = to;
  }
  if (at < points.length) parts.push(points.slice(at).join(""));
  return parts.map((part) => (typeof part === "string" ? unmarked(part) : part));
}

/** Returns a part of a message without its markup. @param {string} part */
function unmarked(part) {
  return part
    .replace(/\[([^\]\n]*)\]\(\S*?\)/g, "$1")
    .replace(/^\]\(\S*?\)|\[$/g, "") // a link whose words were found
    .replace(/^[ \t]*(?:>|#{1,6}|[-*+]|```\w*)(?=\s|$)[ \t]*/gm, "")
    .replace(/\*\*|__|~~|`|(?<![\p{L}\p{N}])[*_](?=\S)|(?<=\S)[*_](?![\p{L}\p{N}])/gu, "");
}

/**
 * Folds a text for a comparison: case, accents and width do not count.
 *
 * @param {string} text
 */
export function folded(text) {
  return text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase();
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/**
 * Returns a file's size in the reader's language: `1.2 MB`.
 *
 * @param {number} bytes
 * @param {string} [language]
 */
export function size(bytes, language) {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: /** @type {string} */ (UNITS[power]),
    unitDisplay: power ? "short" : "narrow",
    maximumFractionDigits: value < 10 && power ? 1 : 0,
  }).format(value);
}
