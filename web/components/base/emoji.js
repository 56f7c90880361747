/** The emoji that a picker shows, by groups, with names in the reader's language. All of it is loaded when it is first asked for. */
import { folded } from "./names.js";

/** @typedef {{emoji: string, name: string, words: string}} Emoji `words` is what a search looks through */
/** @typedef {{id: string, emoji: Emoji[]}} EmojiGroup `id`: `smileys`, `people`, `nature`, `food`, `travel`, `activities`, `objects`, `symbols`, `flags` */

/** @type {Record<string, () => Promise<{default: string}>>} */
const NAMES = {
  en: () => import("../../emoji/en.js"),
  es: () => import("../../emoji/es.js"),
  fr: () => import("../../emoji/fr.js"),
  de: () => import("../../emoji/de.js"),
  ar: () => import("../../emoji/ar.js"),
  ja: () => import("../../emoji/ja.js"),
};

/** The reactions that are one click away, unless the page says others. */
export const QUICK = ["👍", "❤️", "😊", "😮", "😢", "🎉"];

/** @type {Map<string, Promise<EmojiGroup[]>>} */
const loaded = new Map();

/**
 * Loads the emoji with their names in a language; a language without names gets the English ones.
 *
 * @param {string} tag of BCP 47
 * @returns {Promise<EmojiGroup[]>}
 */
export function loadEmoji(tag) {
  const base = (tag.split("-")[0] ?? "").toLowerCase();
  const language = NAMES[base] ? base : "en";
  const known = loaded.get(language);
  if (known) return known;
  const loading = load(language).catch((error) => {
    loaded.delete(language); // the next one who asks tries again
    throw error;
  });
  loaded.set(language, loading);
  return loading;
}

/** @param {string} language @returns {Promise<EmojiGroup[]>} */
async function load(language) {
  const names = /** @type {() => Promise<{default: string}>} */ (NAMES[language]);
  const [groups, text] = await Promise.all([import("../../emoji/list.js"), names()]);
  const lines = text.default.split("\n");
  const regions = new Intl.DisplayNames([language], { type: "region" });
  let at = 0;
  return groups.default.map(([id, list]) => ({
    id,
    emoji: list.split(" ").map((emoji) => {
      const [name = "", ...words] = (id === "flags" ? flagName(emoji, regions) : (lines[at++] ?? "")).split("|");
      return { emoji, name: name || emoji, words: ` ${folded([name, ...words].join(" "))} ${emoji}` };
    }),
  }));
}

/** The two letters of a country's flag say its name; other flags keep none. @param {string} emoji @param {Intl.DisplayNames} regions */
function flagName(emoji, regions) {
  const letters = [...emoji].map((letter) => /** @type {number} */ (letter.codePointAt(0)) - 0x1f1e6 + 65);
  if (letters.length !== 2 || letters.some((letter) => letter < 65 || letter > 90)) return "";
  const code = String.fromCharCode(...letters);
  return `${regions.of(code) ?? code}|${code}`;
}

/**
 * Returns the emoji that have all words of the search, each as the beginning of a word; those whose name begins with it come first.
 *
 * @param {EmojiGroup[]} groups
 * @param {string} q
 * @param {number} [most]
 * @returns {Emoji[]}
 */
export function searchEmoji(groups, q, most = 120) {
  const words = folded(q.slice(0, 100))
    .split(/[\s:_]+/)
    .filter(Boolean);
  if (!words.length) return [];
  const found = groups.flatMap((group) => group.emoji.filter((one) => words.every((word) => has(one, word))));
  const first = ` ${words[0]}`;
  const starts = (/** @type {Emoji} */ one) => Number(!one.words.startsWith(first));
  return found.sort((a, b) => starts(a) - starts(b)).slice(0, most);
}

/** Japanese and Arabic words hold what people type within them. @param {Emoji} one @param {string} word */
function has(one, word) {
  return one.words.includes(/[\u0600-\uffff]/.test(word) ? word : ` ${word}`);
}

/**
 * Says whether a message is up to three emoji and nothing else, so that they may be shown large.
 *
 * @param {string} text
 */
export function isEmojiAlone(text) {
  if (text.length > 40) return false;
  const marks = text.match(
    /\p{Regional_Indicator}{2}|\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier}|\u200d\p{Extended_Pictographic})*/gu,
  );
  return !!marks && marks.length <= 3 && marks.join("") === text.replace(/\s/g, "");
}
