/**
 * The words of the elements, in the language of the place where they stand. English is built in, but for the parts that come on demand:
 * they bring theirs. Other languages are loaded when they are first asked for, each as one file.
 */
import english from "../../languages/en.js";

/** @typedef {Record<string, string | Record<string, string>>} Words a sentence by its key; of one with a number, its forms by Intl.PluralRules */

/** @type {Record<string, () => Promise<{default: Words}>>} */
const LOADERS = {
  ar: () => import("../../languages/ar.js"),
  de: () => import("../../languages/de.js"),
  es: () => import("../../languages/es.js"),
  fr: () => import("../../languages/fr.js"),
  ja: () => import("../../languages/ja.js"),
};
const RIGHT_TO_LEFT = /^(ar|he|fa|ur|ps|yi|dv|ckb)\b/i;
/** Letters of a right-to-left script, and the characters that turn the direction of a text. */
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;

/** The languages that have words. */
export const LANGUAGES = ["en", ...Object.keys(LOADERS)];

/** @type {Map<string, Words>} */
const known = new Map([["en", english]]);
/** @type {Map<string, Promise<void>>} */
const underWay = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {Map<string, Intl.PluralRules>} */
const plurals = new Map();
/** @type {Map<string, Intl.NumberFormat>} */
const numbers = new Map();

let version = 0;

/** Grows when more words are there: for what keeps drawings. */
export function wordsVersion() {
  return version;
}

/** Calls back when more words are there. @param {() => void} listener @returns {() => void} ends that */
export function onWords(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Adds words, or other words than these: a host's own sentences, or a language of its own.
 *
 * @param {string} language
 * @param {Words} words those that are missing stay
 */
export function addWords(language, words) {
  known.set(language, { ...known.get(language), ...words });
  version++;
  for (const listener of listeners) listener();
}

/**
 * Adds the English words of a part that came on demand. A host's own sentences stay.
 *
 * @param {Words} words
 */
export function bringWords(words) {
  addWords("en", { ...words, ...known.get("en") });
}

/**
 * Loads the words of a language. A language without words, and one that does not come, is shown in English.
 *
 * @param {string} tag of BCP 47
 * @returns {Promise<void>}
 */
export function loadWords(tag) {
  const language = baseOf(tag);
  const loader = LOADERS[language];
  if (!loader) return Promise.resolve();
  let loading = underWay.get(language);
  if (!loading) {
    loading = loader().then(
      (words) => addWords(language, { ...words.default, ...known.get(language) }),
      (error) => {
        underWay.delete(language); // the next one who asks tries again
        console.warn(`Parley: the words of ${language} did not load`, error);
      },
    );
    underWay.set(language, loading);
  }
  return loading;
}

/**
 * Returns a sentence; of one with a number, the form that `count` takes. What is not there in the language stands in English, and a key
 * without any words comes back as it is.
 *
 * @param {string} tag the language, as a tag of BCP 47
 * @param {string} key
 * @param {Record<string, string | number>} [values] for the places in braces
 * @returns {string}
 */
export function say(tag, key, values = {}) {
  const language = baseOf(tag);
  if (LOADERS[language] && !underWay.has(language)) void loadWords(language);
  const own = known.get(language)?.[key];
  const found = own ?? known.get("en")?.[key];
  if (found === undefined) return key;
  const spoken = own === undefined ? "en" : tag;
  const text =
    typeof found === "string"
      ? found
      : (found[pluralRules(spoken).select(Number(values.count ?? 0))] ?? found.other ?? key);
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numberFormat(spoken).format(value) : isolated(value, spoken);
  });
}

/** Keeps a name from turning what is beside it. @param {string} value @param {string} language */
function isolated(value, language) {
  return directionOf(language) === "rtl" || TURNS.test(value) ? `\u2068${value}\u2069` : value;
}

/**
 * Returns the language of an element: that of the closest ancestor which names one, else the browser's.
 *
 * @param {Element} element
 */
export function languageOf(element) {
  for (let at = /** @type {Node | null} */ (element); at; at = at instanceof ShadowRoot ? at.host : at.parentNode) {
    if (at instanceof HTMLElement && at.lang && isTag(at.lang)) return at.lang;
  }
  return navigator.language || "en";
}

/** @param {string} language @returns {"ltr" | "rtl"} */
export function directionOf(language) {
  return RIGHT_TO_LEFT.test(language) ? "rtl" : "ltr";
}

/** Returns the language of a tag, without its script and its place. @param {string} tag */
export function baseOf(tag) {
  return (tag.split(/[-_]/)[0] ?? "").toLowerCase();
}

/** @param {string} tag */
function isTag(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** @param {string} language */
function pluralRules(language) {
  const rules = plurals.get(language) ?? new Intl.PluralRules(language);
  plurals.set(language, rules);
  return rules;
}

/** @param {string} language */
function numberFormat(language) {
  const format = numbers.get(language) ?? new Intl.NumberFormat(language);
  numbers.set(language, format);
  return format;
}
