import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, ParleyError } from "../../../web/client/errors.js";
import { Outbox } from "../../../web/client/outbox.js";
import { settled } from "./doubles.js";

/** @param {string} clientId @param {object} [change] */
function entry(clientId, change = {}) {
  return /** @type {import("../../../web/client/types.d.ts").OutboxEntry} */ ({
    client_id: clientId,
    conversation_id: "d_1",
    to: null,
    body: { text: clientId },
    files: [],
    created_at: 0,
    state: "waiting",
    progress: 0,
    error: null,
    ...change,
  });
}

/** @param {import("node:test").TestContext} t @param {object} [change] */
function outbox(t, change = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
  const world = {
    isOnline: true,
    disk: new Map(),
    sent: /** @type {string[]} */ ([]),
    told: /** @type {any[]} */ ([]),
  };
  const made = new Outbox({
    now: Date.now,
    keep: async (changes) => {
      for (const [id, value] of changes) value === null ? world.disk.delete(id) : world.disk.set(id, value);
    },
    tell: (changes) => world.told.push(changes),
    onChange: () => {},
    upload: async (_, file) => `a_${file.client_id}`,
    send: async ({ client_id }) => {
      world.sent.push(client_id);
    },
    isStored: async () => false,
    canSend: () => world.isOnline,
    ...change,
  });
  t.after(() => made.stop());
  return { outbox: made, world };
}

test("messages of one conversation are sent one after the other, of two at the same time", async (t) => {
  /** @type {(() => void)[]} */
  const ends = [];
  /** @type {string[]} */
  const begun = [];
  const { outbox: made } = outbox(t, {
    send: (/** @type {any} */ { client_id }) => {
      begun.push(client_id);
      return new Promise((resolve) => ends.push(() => resolve(undefined)));
    },
  });
  await made.add(entry("a1"));
  await made.add(entry("a2"));
  await made.add(entry("b1", { conversation_id: "d_2" }));
  await settled();
  assert.deepEqual(begun, ["a1", "b1"]);
  ends[0]?.();
  await settled();
  assert.deepEqual(begun, ["a1", "b1", "a2"]);
});

test("a message is on disk before it is sent, and off it after", async (t) => {
  const { outbox: made, world } = outbox(t, {
    send: async (/** @type {any} */ { client_id }) => {
      assert.ok(world.disk.has(client_id));
      world.sent.push(client_id);
    },
  });
  await made.add(entry("a1"));
  await settled();
  assert.deepEqual(world.sent, ["a1"]);
  assert.equal(world.disk.size, 0);
  assert.deepEqual(made.entries, []);
});

test("nothing is sent without a connection, and all of it in order with one", async (t) => {
  const { outbox: made, world } = outbox(t);
  world.isOnline = false;
  await made.add(entry("a1"));
  await made.add(entry("a2"));
  await settled();
  assert.deepEqual(world.sent, []);
  world.isOnline = true;
  made.run();
  await settled();
  assert.deepEqual(world.sent, ["a1", "a2"]);
});

test("a refusal that may pass is tried again after the time that it names, with the same id", async (t) => {
  let refusals = 2;
  const { outbox: made, world } = outbox(t, {
    send: async (/** @type {any} */ { client_id }) => {
      world.sent.push(client_id);
      if (refusals-- > 0)
        throw new ParleyError({ status: 429, code: "rate_limited", detail: "", retry_after_ms: 5000 });
    },
  });
  await made.add(entry("a1"));
  await settled();
  assert.equal(made.entries[0]?.state, "waiting");
  t.mock.timers.tick(4999);
  await settled();
  assert.equal(world.sent.length, 1);
  t.mock.timers.tick(1);
  await settled();
  t.mock.timers.tick(5000);
  await settled();
  assert.deepEqual(world.sent, ["a1", "a1", "a1"]);
  assert.deepEqual(made.entries, []);
});

test("another refusal is shown and kept, the next message is sent, and the user tries again or discards", async (t) => {
  let isRefused = true;
  const { outbox: made, world } = outbox(t, {
    send: async (/** @type {any} */ { client_id }) => {
      if (client_id === "a1" && isRefused)
        throw new ParleyError({ status: 422, code: "banned_words", detail: "Not here." });
      world.sent.push(client_id);
    },
  });
  await made.add(entry("a1"));
  await made.add(entry("a2"));
  await settled();
  assert.deepEqual(world.sent, ["a2"]);
  assert.deepEqual(made.entries[0]?.error, { code: "banned_words", detail: "Not here.", status: 422 });
  assert.equal(world.disk.get("a1").state, "failed");
  isRefused = false;
  await made.retry("a1");
  await settled();
  assert.deepEqual(world.sent, ["a2", "a1"]);
});

test("a sign-in that has ended keeps everything until there is another one", async (t) => {
  let error = failure("no_token", "Sign in again.");
  const { outbox: made, world } = outbox(t, {
    send: async () => {
      throw error;
    },
  });
  await made.add(entry("a1"));
  await settled();
  error = new ParleyError({ status: 401, code: "signed_out", detail: "" });
  made.run();
  await settled();
  assert.equal(made.entries[0]?.state, "waiting");
  assert.equal(world.disk.size, 1);
});

test("files are uploaded once, also if the message is refused after them", async (t) => {
  const uploaded = t.mock.fn(async (/** @type {any} */ _entry, /** @type {any} */ file) => `a_${file.client_id}`);
  let refusals = 1;
  const { outbox: made, world } = outbox(t, {
    upload: uploaded,
    send: async (/** @type {any} */ one) => {
      if (refusals-- > 0) throw failure("timeout", "");
      world.sent.push(one.files[0].attachment_id);
    },
  });
  const file = { name: "a", type: "image/png", size: 1, blob: new Blob(["x"]), client_id: "f1", attachment_id: null };
  await made.add(entry("a1", { files: [file] }));
  await settled();
  t.mock.timers.tick(1000);
  await settled();
  assert.deepEqual(world.sent, ["a_f1"]);
  assert.equal(uploaded.mock.callCount(), 1);
});

test("a file that the browser has not kept says so; nothing is sent without it", async (t) => {
  const { outbox: made, world } = outbox(t);
  const file = { name: "a", type: "image/png", size: 1, blob: null, client_id: "f1", attachment_id: null };
  await made.add(entry("a1", { files: [file] }));
  await settled();
  assert.equal(made.entries[0]?.error?.code, "file_lost");
  assert.deepEqual(world.sent, []);
});

test("a message that is discarded while its file is uploaded is not sent", async (t) => {
  const { outbox: made, world } = outbox(t, {
    upload: (
      /** @type {any} */ _entry,
      /** @type {any} */ _file,
      /** @type {any} */ _progress,
      /** @type {AbortSignal} */ signal,
    ) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(failure("aborted", "")))),
  });
  const file = { name: "a", type: "image/png", size: 1, blob: new Blob(["x"]), client_id: "f1", attachment_id: null };
  await made.add(entry("a1", { files: [file] }));
  await settled();
  await made.discard("a1");
  await settled();
  assert.deepEqual(made.entries, []);
  assert.deepEqual(world.sent, []);
  assert.equal(world.disk.size, 0);
});

test("after a day the server has forgotten the id: a message that is there already is not sent again", async (t) => {
  const { outbox: made, world } = outbox(t, { isStored: async (/** @type {any} */ one) => one.client_id === "old1" });
  world.isOnline = false;
  await made.add(entry("old1"));
  await made.add(entry("old2"));
  t.mock.timers.setTime(24 * 3_600_000);
  world.isOnline = true;
  made.run();
  await settled();
  assert.deepEqual(world.sent, ["old2"]);
  assert.deepEqual(made.entries, []);
});

test("a disk that is full keeps nothing from being sent", async (t) => {
  const { outbox: made, world } = outbox(t, {
    keep: async () => {
      throw new DOMException("full", "QuotaExceededError");
    },
  });
  await assert.rejects(made.add(entry("a1")), { name: "QuotaExceededError" });
  await settled();
  assert.deepEqual(world.sent, ["a1"]);
});

test("a tab shows what another one has changed", async (t) => {
  const { outbox: made, world } = outbox(t);
  world.isOnline = false;
  made.take([["a1", entry("a1")]]);
  assert.equal(made.entries.length, 1);
  made.take([["a1", null]]);
  assert.deepEqual(made.entries, []);
});
