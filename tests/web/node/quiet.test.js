import assert from "node:assert/strict";
import { test } from "node:test";
import { isQuiet } from "../../../web/components/notify/quiet.js";
import { hoursOf, rulesOf } from "../../../web/components/settings/hours.js";

const NONE = { quiet_hours: null, do_not_disturb_until: null, exceptions: { mention: false, urgent_ticket: false } };
/** @param {Record<string, string[][]>} days @param {string} [time_zone] */
const hours = (days, time_zone = "Europe/Berlin") => ({ ...NONE, quiet_hours: { time_zone, days } });
const at = Date.parse;

test("quiet hours go by the clock on the wall, over midnight, and by the day on which they begin", () => {
  const nights = hours({ mon: [["22:00", "07:00"]], sat: [["00:00", "24:00"]] });
  assert.equal(isQuiet(nights, at("2026-11-30T20:59:00Z")), false); // a Monday, 21:59 in Berlin
  assert.equal(isQuiet(nights, at("2026-11-30T21:00:00Z")), true);
  assert.equal(isQuiet(nights, at("2026-12-01T05:59:00Z")), true);
  assert.equal(isQuiet(nights, at("2026-12-01T06:00:00Z")), false);
  assert.equal(isQuiet(nights, at("2026-12-01T21:30:00Z")), false); // Tuesday's night
  assert.equal(isQuiet(nights, at("2026-12-05T11:00:00Z")), true);
  assert.equal(isQuiet(nights, at("2026-12-05T23:30:00Z")), false); // Sunday there
  assert.equal(isQuiet(nights, at("2026-07-06T20:30:00Z")), true); // summer time
});

test("do not disturb holds until then, and exceptions disturb all the same", () => {
  const until = { ...NONE, do_not_disturb_until: "2026-11-30T12:00:00Z" };
  assert.equal(isQuiet(until, at("2026-11-30T11:59:00Z")), true);
  assert.equal(isQuiet(until, at("2026-11-30T12:00:00Z")), false);
  const lenient = { ...until, exceptions: { mention: true, urgent_ticket: false } };
  assert.equal(isQuiet(lenient, at("2026-11-30T11:00:00Z"), { isMention: true }), false);
  assert.equal(isQuiet(lenient, at("2026-11-30T11:00:00Z"), { isUrgent: true }), true);
  assert.equal(isQuiet(NONE, at("2026-11-30T11:00:00Z")), false);
});

test("a zone that the browser does not know is the device's own", () => {
  assert.equal(
    typeof isQuiet(hours({ mon: [["22:00", "07:00"]] }, "Mars/Olympus"), at("2026-11-30T11:00:00Z")),
    "boolean",
  );
});

test("rules of times and days become pairs by day, and come back", () => {
  const days = {
    mon: [["22:00", "07:00"]],
    tue: [["22:00", "07:00"]],
    sat: [["00:00", "24:00"]],
    sun: [["20:00", "24:00"]],
  };
  const rules = rulesOf({ time_zone: "UTC", days });
  assert.deepEqual(rules, [
    { from: "22:00", to: "07:00", days: [0, 1] },
    { from: "00:00", to: "00:00", days: [5] },
    { from: "20:00", to: "00:00", days: [6] },
  ]);
  assert.deepEqual(hoursOf(rules), days);
  assert.deepEqual(hoursOf([{ from: "09:00", to: "09:00", days: [2] }]), { wed: [["00:00", "24:00"]] });
  assert.equal(hoursOf([{ from: "09:00", to: "10:00", days: [] }]), null);
  assert.deepEqual(rulesOf(null), []);
});
