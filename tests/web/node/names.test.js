import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, folded, graphemes, highlighted, hue, initials, size } from "../../../web/components/base/names.js";

test("initials are the first letters of the first and the last word", () => {
  assert.equal(initials("Ana María López"), "AL");
  assert.equal(initials("ana"), "A");
  assert.equal(initials("Ann-Kathrin O’Neill"), "AO");
  assert.equal(initials("Straße (Gast)"), "SG");
  assert.equal(initials("山田 太郎"), "山");
  assert.equal(initials("أحمد علي"), "أ\u200aع");
  assert.equal(initials("🎉"), "?");
  assert.equal(initials(""), "?");
  assert.equal(initials(null), "?");
});

test("a tower of marks is bounded", () => {
  const tower = `a${"\u0301".repeat(10_000)}`;
  assert.ok(initials(tower).length <= 24);
  assert.ok(cut(tower, 10).length <= 25);
  assert.equal(graphemes(tower).length, 1);
});

test("a cut splits no character", () => {
  assert.equal(cut("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2), "👨‍👩‍👧‍👦👨‍👩‍👧‍👦…");
  assert.equal(cut("abc", 3), "abc");
  assert.equal(cut("ab cd", 3), "ab…");
});

test("a hue stays with an id and lies on the circle", () => {
  assert.equal(hue("alice"), hue("alice"));
  assert.notEqual(hue("alice"), hue("bob"));
  for (const id of ["", "a", "~parley.system-desk", "x".repeat(500)]) assert.ok(hue(id) >= 0 && hue(id) < 360);
});

/** @param {ReturnType<typeof highlighted>} parts */
const shown = (parts) =>
  parts.map((part) => (typeof part === "string" ? part : `[${part.children.join("")}]`)).join("");

test("places of a search are counted in code points", () => {
  assert.equal(shown(highlighted("👍 yes yes", [[2, 5]])), "👍 [yes] yes");
  assert.equal(
    shown(
      highlighted("👍👍 yes", [
        [3, 6],
        [0, 1],
      ]),
    ),
    "[👍]👍 [yes]",
  );
  assert.equal(shown(highlighted("0123456789", [[8, 9]], 2)), "…67[8]9");
  assert.equal(shown(highlighted("one two three four", [[14, 18]], 8)), "…three [four]");
  assert.equal(shown(highlighted("abc", [])), "abc");
  assert.equal(shown(highlighted("abc", [[2, 99]])), "ab[c]");
});

test("case, accents and width do not count in a comparison", () => {
  assert.equal(folded("ÉCOLE Ａｂ"), "ecole ab");
});

test("sizes are in the reader's language", () => {
  assert.equal(size(999, "en"), "999B");
  assert.equal(size(1_250_000, "en"), "1.3 MB");
  assert.match(size(1_250_000, "de"), /1,3/);
  assert.equal(size(0, "en"), "0B");
});

test("what a search found is shown without its markup", () => {
  const text = "> so **it** was\n- a [plan](https://a.example) of `snake_case` 2*3";
  const at = text.indexOf("plan");
  assert.equal(shown(highlighted(text, [[at, at + 4]])), "so it was\na [plan] of snake_case 2*3");
  assert.equal(shown(highlighted("**bold** _word_", [[9, 15]])), "bold [_word_]");
});
