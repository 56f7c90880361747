import assert from "node:assert/strict";
import { test } from "node:test";
import { addWords, directionOf, LANGUAGES, loadWords, onWords, say } from "../../../web/components/base/languages.js";
import english from "../../../web/languages/en.js";

/** @param {string} language @returns {Promise<import("../../../web/components/base/languages.js").Words>} */
const wordsOf = async (language) => (await import(`../../../web/languages/${language}.js`)).default;
/** @param {string | Record<string, string>} entry */
const places = (entry) =>
  (typeof entry === "string" ? [entry] : Object.values(entry)).map((text) =>
    [...text.matchAll(/\{\w+\}/g)].map(String).sort(),
  );

for (const language of LANGUAGES) {
  test(`${language} has every sentence, with its places and its forms`, async () => {
    const words = await wordsOf(language);
    assert.deepEqual(Object.keys(words).sort(), Object.keys(english).sort());
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort();
    for (const [key, entry] of Object.entries(words)) {
      const wanted = /** @type {string | Record<string, string>} */ (english[key]);
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
