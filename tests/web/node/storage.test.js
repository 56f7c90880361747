import assert from "node:assert/strict";
import { test } from "node:test";
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
