import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, day, dayKey, duration, exact, relative, untilChange } from "../../../web/components/base/times.js";

const NOW = Date.parse("2026-11-29T12:00:00Z"); // a Sunday
const reader = { language: "en", now: NOW, timeZone: "UTC" };
const ago = (/** @type {number} */ ms) => relative(NOW - ms, reader);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("a list says how long ago something was, in the words of chats", () => {
  assert.equal(ago(0), "now");
  assert.equal(ago(59_999), "now");
  assert.equal(ago(2 * MINUTE), "2m ago");
  assert.equal(ago(HOUR), "1h ago");
  assert.equal(ago(11 * HOUR), "11h ago");
  assert.equal(ago(13 * HOUR), "Yesterday");
  assert.equal(ago(2 * 24 * HOUR), "Friday");
  assert.equal(ago(10 * 24 * HOUR), "Nov 19");
  assert.match(ago(400 * 24 * HOUR), /2025/);
});

test("an hour before midnight is no yesterday in the first hours of a day", () => {
  const night = Date.parse("2026-11-29T00:30:00Z");
  assert.equal(relative(night - HOUR, { ...reader, now: night }), "1h ago");
});

test("a time ahead of the clock is now, and what is no time is nothing", () => {
  assert.equal(relative(NOW + 2 * HOUR, reader), "now");
  assert.equal(relative(null, reader), "");
  assert.equal(relative("soon", reader), "");
  assert.equal(exact(undefined, reader), "");
});

test("each language has words of its own", () => {
  const of = (/** @type {string} */ language) => relative(NOW - 2 * MINUTE, { ...reader, language });
  assert.equal(of("es"), "hace 2 min");
  assert.match(of("fr"), /^il y a 2\smin$/);
  assert.equal(of("de"), "vor 2 Min.");
  assert.equal(of("ja"), "2分前");
  assert.match(of("ar"), /دقيقتين/);
  assert.equal(relative(NOW - 20 * HOUR, { ...reader, language: "de-AT" }), "Gestern");
});

test("days begin at the reader's midnight", () => {
  const late = "2026-11-29T23:30:00Z";
  assert.equal(dayKey(late, { timeZone: "UTC" }), "2026-11-29");
  assert.equal(dayKey(late, { timeZone: "Asia/Tokyo" }), "2026-11-30");
  assert.equal(day(late, { ...reader, now: Date.parse("2026-11-30T01:00:00Z") }), "Yesterday");
  assert.equal(day(late, { ...reader, timeZone: "Asia/Tokyo", now: Date.parse("2026-11-30T01:00:00Z") }), "Today");
  assert.equal(day("2026-11-26T12:00:00Z", reader), "Thursday");
  assert.equal(day("2026-03-01T12:00:00Z", reader), "March 1");
  assert.equal(day("2025-03-01T12:00:00Z", reader), "March 1, 2025");
});

test("a day of a change of clocks is one day", () => {
  const zone = { ...reader, timeZone: "Europe/Berlin", now: Date.parse("2026-10-26T11:00:00Z") };
  assert.equal(day("2026-10-25T00:30:00Z", zone), "Yesterday");
});

test("a bubble says the time of day, a tooltip all of it", () => {
  assert.equal(clock("2026-11-29T20:15:00Z", { ...reader, language: "de" }), "20:15");
  assert.match(exact("2026-11-29T20:15:04Z", reader), /Sunday, November 29, 2026.*8:15:04/);
});

test("an unknown zone is the device's", () => {
  assert.match(dayKey(NOW, { timeZone: "Mars/Olympus" }), /^2026-11-/);
});

test("spans are shown as a player does", () => {
  assert.equal(duration(7_000), "0:07");
  assert.equal(duration(750_000), "12:30");
  assert.equal(duration(3_723_000), "1:02:03");
  assert.equal(duration(-5), "0:00");
});

test("the words change at the next whole minute, later at the next hour", () => {
  assert.equal(untilChange(NOW - 90_000, NOW), 30_000);
  assert.equal(untilChange(NOW - 90 * MINUTE, NOW), 30 * MINUTE);
  assert.equal(untilChange(NOW + HOUR, NOW), MINUTE);
});
