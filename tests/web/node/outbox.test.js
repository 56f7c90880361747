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

/** An outbox with a message whose file is on its way until the upload is aborted. @param {import("node:test").TestContext} t */
async function uploading(t) {
  const made = outbox(t, {
    upload: (
      /** @type {any} */ _entry,
      /** @type {any} */ _file,
      /** @type {any} */ _progress,
      /** @type {AbortSignal} */ signal,
    ) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(failure("aborted", "")))),
  });
  const file = { name: "a", type: "image/png", size: 1, blob: new Blob(["x"]), client_id: "f1", attachment_id: null };
  await made.outbox.add(entry("a1", { files: [file] }));
  await settled();
  return made;
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

test("a message whose connection broke is sent by the next one, also if that comes while its state is kept", async (t) => {
  const refusals = [failure("closed", "The connection is gone.")];
  const keeping = /** @type {(() => void)[]} */ ([]);
  const { outbox: made, world } = outbox(t, {
    keep: () => (world.sent.length === 1 ? new Promise((resolve) => keeping.push(() => resolve(undefined))) : null),
    send: async (/** @type {any} */ { client_id }) => {
      world.sent.push(client_id);
      const refusal = refusals.pop();
      world.isOnline = !refusal;
      if (refusal) throw refusal;
    },
  });
  await made.add(entry("a1"));
  await settled();
  world.isOnline = true;
  made.run();
  keeping[0]?.();
  await settled();
  t.mock.timers.tick(1000);
  await settled();
  assert.deepEqual(world.sent, ["a1", "a1"]);
  assert.deepEqual(made.entries, []);
});

test("a message that goes over REST is tried again while the socket stands", async (t) => {
  const refusals = [failure("network", "The server cannot be reached.")];
  const { outbox: made, world } = outbox(t, {
    send: async (/** @type {any} */ { client_id }) => {
      world.sent.push(client_id);
      const refusal = refusals.pop();
      if (refusal) throw refusal;
    },
  });
  await made.add(entry("a1"));
  await settled();
  assert.equal(made.entries[0]?.state, "waiting");
  t.mock.timers.tick(1000);
  await settled();
  assert.deepEqual(world.sent, ["a1", "a1"]);
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
  const { outbox: made, world } = await uploading(t);
  await made.discard("a1");
  await settled();
  assert.deepEqual(made.entries, []);
  assert.deepEqual(world.sent, []);
  assert.equal(world.disk.size, 0);
});

test("a message whose file is uploaded while the client is closed waits for the next one", async (t) => {
  const { outbox: made, world } = await uploading(t);
  world.isOnline = false;
  made.stop();
  await settled();
  assert.deepEqual([world.disk.get("a1").state, world.disk.get("a1").error], ["waiting", null]);
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

test("who becomes the leader sends what another one had begun, in order, with the files that are kept", async (t) => {
  const { outbox: made, world } = outbox(t, {
    upload: async (/** @type {any} */ _, /** @type {any} */ file) => {
      if (file.blob !== "kept") throw failure("network", "The file is gone with its tab.");
      return `a_${file.client_id}`;
    },
  });
  world.isOnline = false;
  const file = {
    name: "a",
    type: "",
    size: 1,
    blob: /** @type {any} */ ("gone"),
    client_id: "f1",
    attachment_id: null,
  };
  const begun = [
    entry("a2", { created_at: 2, state: "uploading", files: [file] }),
    entry("a1", { created_at: 1, state: "sending" }),
  ];
  for (const one of begun) made.take([[one.client_id, one]]);
  await made.add(entry("a3", { created_at: 3 }));
  assert.equal(made.get("a1")?.state, "sending");
  made.lead([entry("a2", { files: [{ ...file, blob: "kept" }] })]);
  assert.deepEqual(
    made.entries.map(({ client_id, state }) => [client_id, state]),
    [
      ["a1", "waiting"],
      ["a2", "waiting"],
      ["a3", "waiting"],
    ],
  );
  world.isOnline = true;
  made.take([["a4", entry("a4", { created_at: 4, state: "sending" })]]); // the last word of the one before
  await settled();
  assert.deepEqual(world.sent, ["a1", "a2", "a3", "a4"]);
});

test("other tabs hear of a message as it is when it is kept", async (t) => {
  const { promise, resolve } = Promise.withResolvers();
  const { outbox: made, world } = outbox(t, { keep: () => promise, send: () => new Promise(() => {}) });
  const added = made.add(entry("a1"));
  made.run();
  resolve(undefined);
  await added;
  assert.deepEqual(
    world.told.map(([[, one]]) => one.state),
    ["sending", "sending"],
  );
});
