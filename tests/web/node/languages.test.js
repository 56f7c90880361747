import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import {
  addWords,
  bringWords,
  directionOf,
  LANGUAGES,
  loadWords,
  onWords,
  say,
} from "../../../web/components/base/languages.js";

/** @typedef {import("../../../web/components/base/languages.js").Words} Words */

/** English by its files: what is built in, and what the parts bring that come on demand. @returns {Promise<Words>} */
async function english() {
  const files = readdirSync("languages").filter((file) => file.startsWith("en."));
  const parts = await Promise.all(files.map(async (file) => (await import(`../../../web/languages/${file}`)).default));
  return Object.assign({}, ...parts);
}

/** @param {string} language @returns {Promise<Words>} */
const wordsOf = async (language) =>
  language === "en" ? await english() : (await import(`../../../web/languages/${language}.js`)).default;
/** @param {string | Record<string, string>} entry */
const places = (entry) =>
  (typeof entry === "string" ? [entry] : Object.values(entry)).map((text) =>
    [...text.matchAll(/\{\w+\}/g)].map(String).sort(),
  );

for (const language of LANGUAGES) {
  test(`${language} has every sentence, with its places and its forms`, async () => {
    const [words, wantedWords] = [await wordsOf(language), await english()];
    assert.deepEqual(Object.keys(words).sort(), Object.keys(wantedWords).sort());
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort();
    for (const [key, entry] of Object.entries(words)) {
      const wanted = /** @type {string | Record<string, string>} */ (wantedWords[key]);
      assert.equal(typeof entry, typeof wanted, key);
      assert.doesNotMatch(JSON.stringify(entry), /[<>]/, key);
      if (typeof entry === "string") assert.deepEqual(places(entry), places(wanted), key);
      else {
        assert.deepEqual(Object.keys(entry).sort(), forms, key);
        const most = places(wanted).at(-1);
        assert.deepEqual(places(entry.other ?? ""), [most], key);
      }
    }
  });
}

test("a language comes when it is asked for, and tells who waits", async () => {
  assert.equal(say("es", "send"), "Send");
  let told = 0;
  const end = onWords(() => told++);
  await loadWords("es-MX");
  assert.equal(say("es", "send"), "Enviar");
  assert.equal(say("es-MX", "send"), "Enviar");
  assert.ok(told <= 1);
  end();
});

test("numbers take their form, also in Arabic", async () => {
  await loadWords("ar");
  assert.equal(say("en", "members_count", { count: 1 }), "1 member");
  assert.equal(say("en", "members_count", { count: 1200 }), "1,200 members");
  assert.equal(say("ar", "members_count", { count: 2 }), "عضوان");
});

test("what has no words is English, and a key without any is itself", async () => {
  assert.equal(say("tlh", "send"), "Send");
  addWords("ja", { own: "自分" });
  await loadWords("ja");
  assert.equal(say("ja", "own"), "自分");
  assert.equal(say("ja", "send"), "送信");
  assert.equal(say("en", "nothing_like_it"), "nothing_like_it");
});

test("a host's own words stay when the language comes later", async () => {
  addWords("fr", { send: "Poster" });
  await loadWords("fr");
  assert.equal(say("fr", "send"), "Poster");
  assert.equal(say("fr", "cancel"), "Annuler");
});

test("a part that comes on demand brings its English, and leaves a host's own words", () => {
  addWords("en", { brought_own: "Mine" });
  assert.equal(say("en", "brought"), "brought");
  bringWords({ brought: "Brought", brought_own: "Theirs" });
  assert.equal(say("en", "brought"), "Brought");
  assert.equal(say("tlh", "brought"), "Brought");
  assert.equal(say("en", "brought_own"), "Mine");
});

test("a name that turns the direction is isolated", () => {
  assert.equal(say("en", "message_name", { name: "Ana" }), "Message Ana");
  assert.equal(say("en", "message_name", { name: "\u202eevil" }), "Message \u2068\u202eevil\u2069");
  assert.equal(say("ar", "remove_name", { name: "Ana" }), "إزالة \u2068Ana\u2069");
  assert.equal(say("en", "message_name", {}), "Message {name}");
});

test("directions follow the language", () => {
  assert.equal(directionOf("ar-EG"), "rtl");
  assert.equal(directionOf("arn"), "ltr");
  assert.equal(directionOf("en"), "ltr");
});
