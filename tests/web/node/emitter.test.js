import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../../../web/client/emitter.js";

test("a subscription ends by the function that it returned", () => {
  /** @type {Emitter<{change: number}>} */
  const emitter = new Emitter();
  /** @type {number[]} */
  const heard = [];
  const end = emitter.on("change", (number) => heard.push(number));
  emitter.emit("change", 1);
  end();
  emitter.emit("change", 2);
  assert.deepEqual(heard, [1]);
});

test("a listener that fails does not keep the next one from hearing", async (t) => {
  /** @type {Emitter<{change: number}>} */
  const emitter = new Emitter();
  const reported = t.mock.method(globalThis, "queueMicrotask", () => {});
  /** @type {number[]} */
  const heard = [];
  emitter.on("change", () => {
    throw new Error("of a listener");
  });
  emitter.on("change", (number) => heard.push(number));
  emitter.emit("change", 1);
  assert.deepEqual(heard, [1]);
  assert.equal(reported.mock.callCount(), 1);
});
