/**
 * Times as people read them, in the reader's zone and language. Each function takes server times (RFC 3339) and the server's now in milliseconds
 * since 1970, so that a device whose clock is wrong shows the same as the others: `now = Date.now() + offset`.
 */

/** @typedef {{language?: string, now?: number, timeZone?: string}} Reader the language as a tag of BCP 47, the server's now, the zone (the device's) */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** French "-2 min" and German "vor 2 m" are not what people write. @type {Record<string, Intl.RelativeTimeFormatStyle>} */
const STYLE = { fr: "short", de: "short" };

/** Formats are slow to make and a long list needs thousands of times: each is made once. @type {Map<string, any>} */
const formats = new Map();

/**
 * @param {string | undefined} language
 * @param {Intl.DateTimeFormatOptions} options
 * @returns {Intl.DateTimeFormat}
 */
function dates(language, options) {
  const key = `${language}${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat(language, options);
    } catch {
      format = new Intl.DateTimeFormat(language, { ...options, timeZone: undefined }); // a zone that this browser does not know
    }
    formats.set(key, format);
  }
  return format;
}

/** @param {string} language @returns {Intl.RelativeTimeFormat} */
function spans(language) {
  const key = `~${language}`;
  const style = STYLE[language.slice(0, 2)] ?? "narrow";
  if (!formats.has(key)) formats.set(key, new Intl.RelativeTimeFormat(language, { style, numeric: "auto" }));
  return formats.get(key);
}

/** @param {string} text @param {string} language */
function capital(text, language) {
  const [first = ""] = text;
  return first.toLocaleUpperCase(language) + text.slice(first.length);
}

/**
 * Returns the calendar day in the reader's zone, `2026-11-29`: two times are of one day if it is the same.
 *
 * @param {string | number} at
 * @param {Reader} [reader]
 */
export function dayKey(at, { timeZone } = {}) {
  return dates("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
}

/** Returns how many midnights of the reader's zone lie between two times. @param {number} from @param {number} to @param {Reader} reader */
function daysBetween(from, to, reader) {
  return Math.round((Date.parse(dayKey(to, reader)) - Date.parse(dayKey(from, reader))) / DAY);
}

/**
 * Returns the time for a list: `now`, `2m ago`, `1h ago`, `Yesterday`, `Monday`, `12 Mar`, `12 Mar 2025`. A time ahead of now, as two clocks
 * make it, is `now`. Empty if the time is none.
 *
 * @param {string | number | null | undefined} at
 * @param {Reader} [reader]
 */
export function relative(at, reader = {}) {
  const { language = "en", now = Date.now(), timeZone } = reader;
  const then = at === null || at === undefined ? Number.NaN : new Date(at).getTime();
  if (Number.isNaN(then)) return "";
  const past = Math.max(0, now - then);
  if (past < MINUTE) return spans(language).format(0, "second");
  if (past < HOUR) return spans(language).format(-Math.floor(past / MINUTE), "minute");
  const days = daysBetween(then, now, reader);
  if (days < 1 || past < 6 * HOUR) return spans(language).format(-Math.floor(past / HOUR), "hour");
  if (days === 1) return capital(spans(language).format(-1, "day"), language);
  if (days < 7) return capital(dates(language, { timeZone, weekday: "long" }).format(then), language);
  const isThisYear = dayKey(then, reader).slice(0, 4) === dayKey(now, reader).slice(0, 4);
  return dates(language, {
    timeZone,
    day: "numeric",
    month: "short",
    ...(isThisYear ? {} : { year: "numeric" }),
  }).format(then);
}

/**
 * Returns the whole time for a tooltip: `Sunday, 29 November 2026 at 20:15:04`.
 *
 * @param {string | number | null | undefined} at
 * @param {Reader} [reader]
 */
export function exact(at, { language = "en", timeZone } = {}) {
  const then = at === null || at === undefined ? Number.NaN : new Date(at).getTime();
  return Number.isNaN(then) ? "" : dates(language, { timeZone, dateStyle: "full", timeStyle: "medium" }).format(then);
}

/**
 * Returns the time of day for a bubble: `20:15`.
 *
 * @param {string | number} at
 * @param {Reader} [reader]
 */
export function clock(at, { language = "en", timeZone } = {}) {
  return dates(language, { timeZone, hour: "numeric", minute: "2-digit" }).format(new Date(at));
}

/**
 * Returns the words of a day separator: `Today`, `Yesterday`, `Monday`, `12 March`, `12 March 2025`.
 *
 * @param {string | number} at
 * @param {Reader} [reader]
 */
export function day(at, reader = {}) {
  const { language = "en", now = Date.now(), timeZone } = reader;
  const then = new Date(at).getTime();
  const days = daysBetween(then, now, reader);
  if (days <= 1) return capital(spans(language).format(-Math.max(0, days), "day"), language);
  if (days < 7) return capital(dates(language, { timeZone, weekday: "long" }).format(then), language);
  const isThisYear = dayKey(then, reader).slice(0, 4) === dayKey(now, reader).slice(0, 4);
  return dates(language, {
    timeZone,
    day: "numeric",
    month: "long",
    ...(isThisYear ? {} : { year: "numeric" }),
  }).format(then);
}

/**
 * Returns a span as a player or a clock shows it: `0:07`, `12:30`, `1:02:03`.
 *
 * @param {number} ms
 */
export function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  const parts = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, n) => (n ? String(part).padStart(2, "0") : String(part))).join(":");
}

/**
 * Returns how long it takes until the words of `relative` change, for a timer: a minute within the first hour, then an hour at most.
 *
 * @param {string | number} at
 * @param {number} [now]
 */
export function untilChange(at, now = Date.now()) {
  const past = Math.max(0, now - new Date(at).getTime());
  const step = past < HOUR ? MINUTE : HOUR;
  return step - (past % step) || step;
}
