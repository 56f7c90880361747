/** The words of the elements, in the language of the place where they stand. */

/** @type {Record<string, string | Record<string, string>>} */
const EN = {
  cancel: "Cancel",
  close: "Close",
  dismiss: "Dismiss",
  error: "That did not work. Try again.",
  error_network: "There is no connection to the server. Try again.",
  loading: "Loading",
  offline: "You are offline. What you write is sent when the connection is back.",
  retry: "Try again",
  signed_out: "You are signed out",
  signed_out_hint: "Sign in to see your messages.",
  suspended: "Your account is suspended",
};
const RIGHT_TO_LEFT = /^(ar|he|fa|ur|ps|yi|dv|ckb)\b/;

/** Calls back when more words are there. @param {() => void} _listener */
export function onWords(_listener) {}

/**
 * Returns a sentence; of one with a number, `{one: …, other: …}`, the form that `count` takes. A key without words comes back as it is.
 *
 * @param {string} language
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function say(language, key, values = {}) {
  const found = EN[key];
  if (found === undefined) return key;
  const form = new Intl.PluralRules(language).select(Number(values["count"] ?? 0));
  const text = typeof found === "string" ? found : (found[form] ?? found["other"] ?? key);
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Returns the language of an element: that of the closest ancestor which names one, else the browser's. @param {Element} element */
export function languageOf(element) {
  for (let at = /** @type {Node | null} */ (element); at; at = at instanceof ShadowRoot ? at.host : at.parentNode) {
    if (at instanceof HTMLElement && at.lang) return at.lang;
  }
  return navigator.language || "en";
}

/** @param {string} language @returns {"ltr" | "rtl"} */
export function directionOf(language) {
  return RIGHT_TO_LEFT.test(language) ? "rtl" : "ltr";
}
