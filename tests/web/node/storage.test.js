import assert from "node:assert/strict";
import { test } from "node:test";
import { Keeping } from "../../../web/client/keeping.js";
import { indexedDbStorage, memoryStorage } from "../../../web/client/storage.js";
// @ts-expect-error: its types are for its name, which only resolves in web/
import { IDBFactory } from "../../../web/node_modules/fake-indexeddb/build/esm/index.js";

const made = {
  memory: () => memoryStorage(),
  indexedDb: () => indexedDbStorage("parley:test", new IDBFactory()),
};
const entry = /** @type {any} */ ({ client_id: "c1", created_at: 1, files: [] });

for (const [name, make] of Object.entries(made)) {
  test(`${name}: what is written is loaded, null takes it away, and clear forgets all`, async () => {
    const storage = make();
    await storage.write({
      conversations: [
        ["d_1", { seq: 1 }],
        ["d_2", { seq: 2 }],
      ],
      outbox: [["c1", entry]],
      meta: [["userId", "alice"]],
    });
    await storage.write({ conversations: [["d_2", null]] });
    assert.deepEqual(await storage.load(), {
      conversations: [["d_1", { seq: 1 }]],
      outbox: [entry],
      meta: [["userId", "alice"]],
    });
    await storage.write({ outbox: [["c1", null]] });
    assert.deepEqual((await storage.load()).outbox, []);
    await storage.clear();
    assert.deepEqual(await storage.load(), { conversations: [], outbox: [], meta: [] });
    storage.close();
  });
}

test("a device that has forgotten a person keeps nothing that ends later", async () => {
  const storage = memoryStorage();
  const keeping = new Keeping(
    () => ({}),
    () => true,
    assert.fail,
  );
  keeping.storage = storage;
  await keeping.write({ outbox: [["c1", entry]] });
  const forgotten = keeping.forget();
  await keeping.write({ outbox: [["c1", { ...entry, state: "failed" }]] });
  await forgotten;
  assert.deepEqual((await storage.load()).outbox, []);
});

test("what was written does not change with the object that was given", async () => {
  const storage = memoryStorage();
  const object = { seq: 1 };
  await storage.write({ conversations: [["d_1", object]] });
  object.seq = 2;
  assert.deepEqual((await storage.load()).conversations, [["d_1", { seq: 1 }]]);
});

test("a browser that forbids its database says so in every call", async () => {
  const forbidden = /** @type {any} */ ({
    open: () => {
      throw new DOMException("no", "SecurityError");
    },
  });
  const storage = indexedDbStorage("parley:test", forbidden);
  await assert.rejects(storage.load());
  await assert.rejects(storage.write({ meta: [["a", 1]] }));
});

test("a database that is deleted while the page is open is opened again", async () => {
  const factory = new IDBFactory();
  const storage = indexedDbStorage("parley:test", factory);
  await storage.write({ meta: [["userId", "alice"]] });
  await new Promise((resolve, reject) => {
    const request = factory.deleteDatabase("parley:test");
    request.onsuccess = resolve;
    request.onerror = reject;
  });
  await storage.write({ outbox: [["c1", entry]] });
  assert.deepEqual(await storage.load(), { conversations: [], outbox: [entry], meta: [] });
  storage.close();
});
