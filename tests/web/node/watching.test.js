import assert from "node:assert/strict";
import { test } from "node:test";
import { Watching } from "../../../web/client/watching.js";
import { settled } from "./doubles.js";

/** @param {import("node:test").TestContext} t */
function watching(t) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const known = new Set();
  const ask = t.mock.fn(async (/** @type {string[]} */ _ids) => {});
  const made = new Watching(ask, (id) => known.has(id), Date.now);
  t.after(() => made.stop());
  const asked = () => ask.mock.calls.map(({ arguments: [ids] }) => ids);
  return { watching: made, known, asked };
}

test("the people of a screen are asked for together, those of whom something is known not at all", async (t) => {
  const { watching: made, known, asked } = watching(t);
  known.add("carol");
  made.watch(["alice", "bob"]);
  made.watch(["carol"]);
  t.mock.timers.tick(300);
  await settled();
  assert.deepEqual(asked(), [["alice", "bob"]]);
});

test("a person of whom nothing is known is asked for once a minute, and at once when the reason may have passed", async (t) => {
  const { watching: made, asked } = watching(t);
  made.watch(["bob"]);
  t.mock.timers.tick(300);
  t.mock.timers.tick(58_000);
  await settled();
  assert.equal(asked().length, 1);
  made.askAgain(["bob", "someone else"]);
  t.mock.timers.tick(300);
  assert.equal(asked().length, 2);
  t.mock.timers.tick(75_000);
  assert.equal(asked().length, 3);
});

test("nobody is asked for after the last screen has let go of them", async (t) => {
  const { watching: made, asked } = watching(t);
  const [one, two] = [made.watch(["bob"]), made.watch(["bob"])];
  one();
  one();
  t.mock.timers.tick(300);
  assert.equal(asked().length, 1);
  two();
  t.mock.timers.tick(600_000);
  assert.equal(asked().length, 1);
});
