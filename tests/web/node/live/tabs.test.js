import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStorage } from "../../../../web/client/index.js";
import { createStore } from "../../../../web/store/index.js";
import { FakeLocks } from "../doubles.js";
import { Cuttable, device, people, until } from "./people.js";

/** Makes the tabs of one browser: they share its locks, its channels and its storage. */
function browser() {
  const shared = { locks: /** @type {any} */ (new FakeLocks()), storage: memoryStorage(), BroadcastChannel };
  return (/** @type {string} */ name, /** @type {object} */ options = {}) =>
    createStore(device(name, { ...shared, ...options }));
}

/** @param {import("../../../../web/store/store.js").Store} store @param {string} id */
const texts = (store, id) => store.thread(id).messages.map(({ text }) => text);

test("two tabs share one connection, show the same, and the second takes over when the first is closed", async (t) => {
  const tab = browser();
  const first = tab("alice");
  await first.load();
  const second = tab("alice");
  const b = createStore(device("bob"));
  t.after(() => {
    for (const store of [first, second, b]) store.client.close();
  });
  await Promise.all([second.load(), b.load()]);
  assert.deepEqual([first.connection.isLeader, second.connection.isLeader], [true, false]);
  const connections = await b.client.rest("GET", "/me/connections", {});
  assert.equal(connections.connections.length, 1);
  const own = await first.client.rest("GET", "/me/connections", {});
  assert.equal(own.connections.length, 1, "two tabs, one connection");

  const id = await second.openContext({ user_id: b.userId ?? "" });
  await Promise.all([first.open(id), second.open(id)]);
  await second.send(id, { text: "from the second tab" }).message;
  await until("the first shows it", () => texts(first, id).length === 1);
  await first.send(id, { text: "from the first tab" }).message;
  await until("the second shows it", () => texts(second, id).length === 2);
  await b.open(id);
  await b.send(id, { text: "from Bob" }).message;
  await until("both show Bob's", () => texts(first, id).length === 3 && texts(second, id).length === 3);
  await second.markRead(id);
  await until("the first knows that it is read", () => first.unread === 0);
  await first.react(`${id}.3`, "🎉", true);
  await until("the second shows the reaction", () => second.message(`${id}.3`)?.reactions.length === 1);

  first.client.close();
  await until("the second leads", () => second.connection.isLeader && second.connection.status === "online");
  await b.send(id, { text: "still there?" }).message;
  await until("it follows the conversation that it has open", () => texts(second, id).length === 4);
  await second.send(id, { text: "yes" }).message;
  assert.deepEqual(texts(second, id), ["from the second tab", "from the first tab", "from Bob", "still there?", "yes"]);
});

test("what a tab has not sent is sent by the next leader, once", async (t) => {
  const tab = browser();
  const first = tab("carol", { WebSocket: Cuttable });
  await first.load();
  const second = tab("carol");
  await second.load();
  const id = await first.openContext({ user_id: people.dave?.id ?? "" });
  await Promise.all([first.open(id), second.open(id)]);
  Cuttable.cut();
  await until("both know that they are offline", () => second.connection.status === "offline");
  first.send(id, { text: "one" });
  second.send(id, { text: "two" });
  await until("both tabs show both", () => [first, second].every((store) => texts(store, id).length === 2));
  first.client.close();
  t.after(() => {
    second.client.close();
    Cuttable.mend();
  });
  await until("they are sent", () => second.thread(id).messages.at(-1)?.seq === 2);
  assert.deepEqual(texts(second, id).sort(), ["one", "two"]);
});

test("two people in two tabs of one browser have nothing in common", async (t) => {
  const shared = { locks: /** @type {any} */ (new FakeLocks()), BroadcastChannel };
  const [a, b] = [createStore(device("erin", shared)), createStore(device("frank", shared))];
  t.after(() => {
    for (const store of [a, b]) store.client.close();
  });
  await Promise.all([a.load(), b.load()]);
  assert.deepEqual([a.connection.isLeader, b.connection.isLeader], [true, true]);
  assert.deepEqual([a.userId, b.userId], [people.erin?.id, people.frank?.id]);
  const id = await a.openContext({ user_id: people.grace?.id ?? "" });
  await a.send(id, { text: "not for Frank" }).message;
  assert.equal(b.conversation(id), null);
});

test("signing out in one tab ends all tabs and forgets what was kept", async () => {
  const shared = { locks: /** @type {any} */ (new FakeLocks()), storage: memoryStorage(), BroadcastChannel };
  const first = createStore(device("grace", shared));
  await first.load();
  const second = createStore(device("grace", shared));
  await second.load();
  await until("something is kept", async () => (await shared.storage.load()).meta.length > 0);
  await first.client.signOut();
  await until("the second has ended", () => second.connection.status === "closed");
  assert.deepEqual(await shared.storage.load(), { conversations: [], outbox: [], meta: [] });
});
