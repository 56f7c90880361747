/** The quiet hours of a person, as the server reckons them: by the clock on their wall. */

/** @typedef {{time_zone: string, days: Record<string, string[][]>}} QuietHours */
/** @typedef {{quiet_hours: QuietHours | null, do_not_disturb_until: string | null, exceptions: {mention: boolean, urgent_ticket: boolean}}} Preferences */

/** What is known of the preferences of each person, and since when. @type {Map<string, {data: any, at: number}>} */
export const preferencesOf = new Map();

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/**
 * Says whether nothing may disturb a person now.
 *
 * @param {Preferences} preferences
 * @param {number} now
 * @param {{isMention?: boolean, isUrgent?: boolean}} [what]
 */
export function isQuiet({ quiet_hours, do_not_disturb_until, exceptions }, now, { isMention, isUrgent } = {}) {
  if ((isMention && exceptions.mention) || (isUrgent && exceptions.urgent_ticket)) return false;
  if (do_not_disturb_until && Date.parse(do_not_disturb_until) > now) return true;
  return !!quiet_hours && within(quiet_hours, now);
}

/** @param {QuietHours} hours @param {number} now */
function within({ time_zone, days }, now) {
  const { day, time } = onTheWall(now, time_zone);
  const pairs = (/** @type {number} */ at) => days[/** @type {string} */ (DAYS[(at + 7) % 7])] ?? [];
  return (
    pairs(day).some(([from = "", to = ""]) => from <= time && (to < from || time < to)) ||
    pairs(day - 1).some(([from = "", to = ""]) => to < from && time < to)
  );
}

/** @param {number} now @param {string} timeZone */
function onTheWall(now, timeZone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const shown = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  let format;
  try {
    format = new Intl.DateTimeFormat("en-GB", { ...shown, timeZone });
  } catch {
    format = new Intl.DateTimeFormat("en-GB", shown); // a zone that this browser does not know
  }
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return { day: DAYS.indexOf(String(parts["weekday"]).toLowerCase()), time: `${parts["hour"]}:${parts["minute"]}` };
}
