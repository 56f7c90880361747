import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStorage } from "../../../../web/client/index.js";
import { createStore } from "../../../../web/store/index.js";
import { Cuttable, device, people, until } from "./people.js";

const alice = people.alice?.id ?? "";
const bob = people.bob?.id ?? "";

test("two people talk: optimistic, in order, with typing, receipts and unread counts", async (t) => {
  const [a, b] = [createStore(device("alice")), createStore(device("bob"))];
  t.after(() => {
    for (const store of [a, b]) store.client.close();
  });
  await Promise.all([a.load(), b.load()]);
  assert.equal(a.me?.id, alice);

  const id = await a.openContext({ user_id: bob });
  await a.open(id);
  const sent = a.send(id, { text: "Tea at five?" });
  const pending = a.thread(id).messages.at(-1);
  assert.equal(pending?.text, "Tea at five?");
  assert.equal(pending?.pending?.state, "waiting");
  const message = await sent.message;
  assert.equal(message.seq, 1);
  assert.deepEqual(
    a.thread(id).messages.map(({ seq }) => seq),
    [1],
  );

  await until("Bob has it in his list", () => b.conversations()[0]?.last_message?.text === "Tea at five?");
  assert.equal(b.unread, 1);
  assert.equal(b.conversations()[0]?.title_shown, people.alice?.name);
  await b.open(id);
  b.startTyping(id);
  await until("Alice sees that Bob types", () => a.typing(id).includes(bob));
  await b.markRead(id);
  assert.equal(b.unread, 0);
  await until("Alice sees that Bob has read", () => a.receipt(id, 1) === "read");

  for (const text of ["Yes", "No", "Yes, at six"]) b.send(id, { text });
  await until("all have come", () => a.thread(id).messages.length === 4);
  assert.deepEqual(
    a.thread(id).messages.map(({ text }) => text),
    ["Tea at five?", "Yes", "No", "Yes, at six"],
  );
  assert.deepEqual(a.typing(id), []);

  await a.react(`${id}.4`, "👍", true);
  await until("Bob sees the reaction", () => b.message(`${id}.4`)?.reactions[0]?.emoji === "👍");
  await b.edit(`${id}.4`, { text: "Yes, at seven" });
  await until("Alice sees the edit", () => a.message(`${id}.4`)?.text === "Yes, at seven");
  await b.remove(`${id}.3`, "everyone");
  await until("Alice sees that it is gone", () => a.message(`${id}.3`)?.deleted_at);
});

test("a minute without a network: what was written arrives once, what was missed comes, and nothing twice", async (t) => {
  const [a, b] = [
    createStore(device("carol", { WebSocket: /** @type {any} */ (Cuttable) })),
    createStore(device("dave")),
  ];
  t.after(() => {
    for (const store of [a, b]) store.client.close();
  });
  await Promise.all([a.load(), b.load()]);
  const id = await a.openContext({ user_id: people.dave?.id ?? "" });
  await Promise.all([a.open(id), b.open(id)]);
  await a.send(id, { text: "1" }).message;
  Cuttable.cut();
  await until("Carol knows that she is offline", () => a.connection.status === "offline");
  const second = a.send(id, { text: "from the tunnel" });
  assert.equal(a.thread(id).messages.at(-1)?.pending?.state, "waiting");
  await b.send(id, { text: "are you there?" }).message;
  Cuttable.mend();
  a.client.wake();
  await second.message;
  await until("both have the same", () => a.thread(id).messages.length === 3 && b.thread(id).messages.length === 3);
  const texts = ["1", "are you there?", "from the tunnel"];
  assert.deepEqual(
    a.thread(id).messages.map(({ text }) => text),
    texts,
  );
  assert.deepEqual(
    b.thread(id).messages.map(({ text }) => text),
    texts,
  );
});

test("a device that starts again shows what it kept before it has a connection, and sends what it had not sent", async (t) => {
  const storage = memoryStorage();
  const first = createStore(device("erin", { storage, WebSocket: /** @type {any} */ (Cuttable) }));
  await first.load();
  const id = await first.openContext({ user_id: people.frank?.id ?? "" });
  await first.open(id);
  await first.send(id, { text: "kept" }).message;
  Cuttable.cut();
  await until("offline", () => first.connection.status === "offline");
  first.send(id, { text: "unsent" });
  await until("it is on disk", async () => (await storage.load()).outbox.length === 1);
  first.client.close();

  const again = createStore(device("erin", { storage, WebSocket: /** @type {any} */ (Cuttable) }));
  t.after(() => again.client.close());
  const loaded = again.load();
  await until("it shows what was kept", () => again.thread(id).messages.length === 2);
  assert.deepEqual(
    again.thread(id).messages.map(({ text }) => text),
    ["kept", "unsent"],
  );
  Cuttable.mend();
  await loaded;
  again.client.wake();
  await until("it is sent", () => again.thread(id).messages.at(-1)?.seq === 2);
  assert.equal((await storage.load()).outbox.length, 0);
});

test("a message to a person opens the conversation", async (t) => {
  const a = createStore(device("alice"));
  t.after(() => a.client.close());
  await a.load();
  const to = { user_id: people.grace?.id ?? "" };
  const sent = a.send(to, { text: "Hello, Grace" });
  assert.equal(a.pendingTo(to)[0]?.text, "Hello, Grace");
  const message = await sent.message;
  assert.deepEqual(a.pendingTo(to), []);
  await until(
    "it is in the list",
    () => a.conversation(message.conversation_id)?.last_message?.text === "Hello, Grace",
  );
});

test("a file is uploaded, checked and sent", async (t) => {
  const a = createStore(device("alice"));
  t.after(() => a.client.close());
  await a.load();
  const id = await a.openContext({ user_id: bob });
  await a.open(id);
  const file = new File(["# Plan"], "plan.md", { type: "text/markdown" });
  const message = await a.send(id, { text: "the plan", files: [file] }).message;
  assert.equal(message.attachments[0]?.name, "plan.md");
});

test("a file that the server does not take says so, and stays in the outbox until it is discarded", async (t) => {
  const a = createStore(device("alice"));
  t.after(() => a.client.close());
  await a.load();
  const id = await a.openContext({ user_id: bob });
  await a.open(id);
  const { clientId, message } = a.send(id, {
    files: [new File(["MZ"], "run.exe", { type: "application/x-msdownload" })],
  });
  await assert.rejects(message, { name: "ParleyError" });
  assert.equal(a.thread(id).messages.at(-1)?.pending?.state, "failed");
  await a.discard(clientId);
  assert.equal(a.thread(id).messages.at(-1)?.pending, undefined);
});

test("a token that the server does not take ends in a clear state", async (t) => {
  const a = createStore(device("alice", { token: "no.token.atall" }));
  t.after(() => a.client.close());
  await assert.rejects(a.load(), { name: "ParleyError" });
  assert.equal(a.connection.status, "signed_out");
});

test("a conversation that the user is not in says so, and is no endless loading", async (t) => {
  const [a, b] = [createStore(device("alice")), createStore(device("bob"))];
  t.after(() => {
    for (const store of [a, b]) store.client.close();
  });
  await Promise.all([a.load(), b.load()]);
  const id = await a.openContext({ user_id: people.grace?.id ?? "" });
  await assert.rejects(b.open(id), { code: "conversation_not_found" });
  assert.deepEqual([b.thread(id).isLoading, b.thread(id).error?.code], [false, "conversation_not_found"]);
});
