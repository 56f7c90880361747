import assert from "node:assert/strict";
import { test } from "node:test";
import { isEmojiAlone, loadEmoji, QUICK, searchEmoji } from "../../../web/components/base/emoji.js";

const MOST_BYTES = 64_000;

for (const language of ["en", "es", "fr", "de", "ar", "ja"]) {
  test(`${language} names every emoji but a few signs, in a bounded file`, async () => {
    const groups = await loadEmoji(language);
    const all = groups.flatMap((group) => group.emoji);
    assert.ok(all.length > 1_500);
    assert.equal(new Set(all.map((one) => one.emoji)).size, all.length);
    assert.ok(all.filter((one) => one.name === one.emoji).length < 25);
    const names = (await import(`../../../web/emoji/${language}.js`)).default;
    assert.ok(new TextEncoder().encode(names).length < MOST_BYTES);
    for (const quick of QUICK)
      assert.ok(
        all.some((one) => one.emoji === quick),
        quick,
      );
  });
}

/** @type {[string, string, string][]} */
const SEARCHES = [
  ["en", "thumbs up", "👍"],
  ["en", "+1", "👍"],
  ["en", "germany", "🇩🇪"],
  ["es", "corazon roj", "❤️"],
  ["de", "HERZ", "❤️"],
  ["fr", "pouce", "👍"],
  ["ar", "قلب", "❤️"],
  ["ja", "ハート", "❤️"],
  ["ja", "ドイツ", "🇩🇪"],
];
for (const [language, q, wanted] of SEARCHES) {
  test(`${language}: “${q}” finds ${wanted}`, async () => {
    const found = searchEmoji(await loadEmoji(language), q);
    assert.ok(
      found.some((one) => one.emoji === wanted),
      found.map((one) => one.emoji).join(""),
    );
  });
}

test("an empty search and one without a hit find nothing", async () => {
  const groups = await loadEmoji("tlh");
  assert.deepEqual(searchEmoji(groups, "  "), []);
  assert.deepEqual(searchEmoji(groups, "zzzzzz"), []);
  assert.ok(searchEmoji(groups, "a").length <= 120);
});

test("up to three emoji and nothing else are shown large", () => {
  for (const text of ["👍", "❤️", "👍🏽 🎉", "👨‍👩‍👧", "🇩🇪"]) assert.ok(isEmojiAlone(text), text);
  for (const text of ["", "a", "👍a", "1", "👍👍👍👍", "👍".repeat(200)]) assert.ok(!isEmojiAlone(text), text);
});
