import assert from "node:assert/strict";
import { test } from "node:test";
import { Delivered } from "../../../web/client/delivered.js";
import { Sending } from "../../../web/client/sending.js";
import { settled } from "./doubles.js";

test("messages that come together are told as delivered once, also after the user has read", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const object = { id: "g_1", type: "group", context: null, last_seq: 1, delivered_seq: 0 };
  const client = /** @type {any} */ ({
    replica: { conversations: new Map([["g_1", { object }]]), thread: () => ({ messages: [] }) },
    request: t.mock.fn(async () => {}),
  });
  const delivered = new Delivered(client, assert.fail);
  const asked = () => client.request.mock.calls.map((/** @type {any} */ call) => call.arguments[1].message_id);
  delivered.soon("g_1");
  delivered.soon("g_1");
  t.mock.timers.tick(1000);
  await settled();
  assert.deepEqual(asked(), ["g_1.1"]);

  object.delivered_seq = 1;
  object.last_seq = 2;
  delivered.soon("g_1");
  delivered.read("g_1");
  t.mock.timers.tick(1000);
  assert.equal(asked().length, 1, "reading says that, too");
  object.last_seq = 3;
  delivered.soon("g_1");
  t.mock.timers.tick(1000);
  await settled();
  assert.deepEqual(asked(), ["g_1.1", "g_1.3"]);
});

test("a message with a file is sent with the attachment that the file became", async () => {
  const sent = Promise.withResolvers();
  const attachment = { id: "a_1", state: "clean" };
  const sending = new Sending({
    client: /** @type {any} */ ({
      state: { hello: null },
      request: async (/** @type {string} */ _action, /** @type {any} */ data) => sent.resolve(data),
    }),
    uploads: { rest: async () => ({ attachment, upload: null }) },
    now: Date.now,
    outbox: { keep: async () => {}, tell: () => {}, onChange: () => {}, canSend: () => true },
  });
  sending.hear(attachment); // of another tab: its code is not there, and not needed
  sending.send("d_1", { text: "look", files: [new File(["x"], "a.txt", { type: "text/plain" })] });
  const { text, attachment_ids } = await sent.promise;
  assert.deepEqual([text, attachment_ids], ["look", ["a_1"]]);
});
