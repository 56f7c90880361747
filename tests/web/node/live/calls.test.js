/** Calls over real sockets; only the media are doubles. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStorage } from "../../../../web/client/index.js";
import { createStore } from "../../../../web/store/index.js";
import { FakeLocks } from "../doubles.js";
import { Peer } from "../peer.js";
import { Cuttable, device, people, until } from "./people.js";

/** @type {any} */ (globalThis).RTCPeerConnection = Peer;
const STREAM = /** @type {any} */ ({ getTracks: () => [], getVideoTracks: () => [] });

/** @param {Record<string, any>} options */
async function pair(options = {}) {
  const [a, b] = [createStore(device("alice", options)), createStore(device("bob"))];
  await Promise.all([a.load(), b.load()]);
  const id = await a.openContext({ user_id: people.bob?.id ?? "" });
  await until("Bob has it", () => b.conversation(id));
  return { a, b, id, ofAlice: await a.client.calls(), ofBob: await b.client.calls() };
}

test("a call rings, is answered, survives a reconnection and ends", async (t) => {
  const { a, b, id, ofAlice, ofBob } = await pair({ WebSocket: Cuttable });
  t.after(() => {
    Cuttable.mend();
    for (const { client } of [a, b]) client.close();
  });
  const call = await ofAlice.start(id, { media: "video", stream: STREAM });
  await until("it rings", () => call.state === "ringing" && ofBob.current?.state === "incoming");
  const answered = ofBob.current;
  assert.deepEqual([answered?.media, answered?.userId], ["video", people.alice?.id]);
  await answered?.answer(STREAM);
  await until("they speak", () => call.state === "active");
  Cuttable.cut();
  await until("Alice is offline", () => a.connection.status === "offline");
  Cuttable.mend();
  a.client.wake();
  await until("Alice is back", () => a.connection.status === "online");
  /** @type {any} */ (call.peer).onnegotiationneeded();
  await until("they go on from the new connection", () => /** @type {any} */ (call.peer).signalingState === "stable");
  assert.equal(answered?.state, "active");
  await answered?.hangUp();
  await until("it is over", () => call.state === "ended");
  assert.equal(call.reason, "hung_up");
});

test("two tabs ring: the one that does not answer stops, and what they cannot do any more ends", async (t) => {
  const browser = { locks: /** @type {any} */ (new FakeLocks()), storage: memoryStorage(), BroadcastChannel };
  const { a, b, id, ofAlice, ofBob } = await pair(browser);
  const second = createStore(device("alice", browser));
  await second.load();
  t.after(() => {
    for (const { client } of [a, b, second]) client.close();
  });
  const ofSecond = await second.client.calls();
  const call = await ofBob.start(id, { stream: STREAM });
  await until("both tabs ring", () => ofAlice.current && ofSecond.current);
  const other = ofAlice.current;
  await ofSecond.current?.answer(STREAM);
  await until("the other one stops", () => other?.state === "ended");
  assert.equal(other?.reason, "answered_elsewhere");
  await until("they speak", () => call.state === "active");
  await a.block(people.bob?.id ?? "", true);
  await until("a block ends the call", () => call.state === "ended" && ofSecond.current === null);
  await a.block(people.bob?.id ?? "", false);
});

test("a group on the screen reads its members again when they change", async (t) => {
  const [a, b] = [createStore(device("carol")), createStore(device("dave"))];
  t.after(() => {
    for (const { client } of [a, b]) client.close();
  });
  await Promise.all([a.load(), b.load()]);
  const id = await a.createGroup({ title: "Tea", member_ids: [people.dave?.id ?? ""] });
  await until("Dave has it", () => b.conversation(id));
  await b.open(id);
  const members = () => [...(b.client.replica?.conversations.get(id)?.members?.keys() ?? [])];
  assert.equal(members().length, 2);
  await a.addMembers(id, [people.erin?.id ?? ""]);
  await until("Dave sees Erin", () => members().includes(people.erin?.id ?? ""));
});
