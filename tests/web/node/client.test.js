import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createClient, memoryStorage } from "../../../web/client/index.js";
import { FakeLocks, FakeSocket, hello, tokenUntil } from "./doubles.js";

/** A socket that opens by itself. */
class OpenSocket extends FakeSocket {
  /** @param {string} url @param {string[]} protocols */
  constructor(url, protocols) {
    super(url, protocols);
    queueMicrotask(() => this.readyState === 0 && this.open());
  }
}

const inAnHour = () => Date.now() / 1000 + 3600;
/** @type {Record<string, any>} */
let answers;
/** @type {string[]} */
let used;

beforeEach(() => {
  FakeSocket.reset();
  FakeSocket.answers = {
    hello: () =>
      hello({ server_time: new Date().toISOString(), reconnect_by: new Date(inAnHour() * 1000).toISOString() }),
    sync: () => ({ conversations: {}, joined: [], left: [], later: [], users: {} }),
    send_message: (data) => ({ message: { id: "d_1.1", ...data } }),
  };
  answers = {
    "/sync": { conversations: {}, joined: [], left: [], later: [], users: {} },
    "/ws-tickets": { ticket: "t1" },
  };
  used = [];
});

/** @type {typeof fetch} */
const fetching = async (url, { headers } = {}) => {
  used.push(/** @type {any} */ (headers)["Authorization"]);
  const answer = answers[new URL(String(url)).pathname];
  await new Promise((resolve) => setTimeout(resolve, 1));
  if (answer === undefined) return Response.json({ code: "not_found", detail: "" }, { status: 404 });
  return answer instanceof Response ? answer.clone() : Response.json(answer);
};

/** @param {import("node:test").TestContext} t @param {object} [options] */
function client(t, options = {}) {
  const made = createClient({
    url: "http://test",
    socketUrl: "ws://test",
    token: tokenUntil(inAnHour()),
    storage: memoryStorage(),
    locks: null,
    page: null,
    WebSocket: /** @type {any} */ (OpenSocket),
    fetch: fetching,
    ...options,
  });
  t.after(() => made.close());
  return made;
}

/** @param {string} what @param {() => unknown} holds */
async function until(what, holds) {
  for (let turn = 0; turn < 500; turn++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  assert.fail(`it did not come about: ${what}`);
}

test("the token of another person is never used: the client stops, and what is kept stays its person's", async (t) => {
  const ours = tokenUntil(inAnHour());
  const theirs = tokenUntil(inAnHour(), { sub: "bob" });
  let token = ours;
  const storage = memoryStorage();
  const made = client(t, { token: () => token, storage });
  await made.connect();
  FakeSocket.answers = { ...FakeSocket.answers, send_message: () => undefined };
  const message = made.send("d_1", { text: "Alice's" }).message;
  await until("it is kept", async () => (await storage.load()).outbox.length === 1);
  token = theirs;
  answers["/me"] = Response.json({ code: "unauthorized", detail: "It has expired." }, { status: 401 });
  await assert.rejects(made.rest("GET", "/me"), { code: "other_person" });
  assert.deepEqual([made.state.status, made.state.error?.code], ["signed_out", "other_person"]);
  assert.equal(made.state.error?.detail, "You are signed in as another person. Reload the page.");
  assert.equal(FakeSocket.last.readyState, 3);
  const sockets = FakeSocket.made.length;
  made.wake();
  await assert.rejects(made.rest("GET", "/me"), { code: "other_person" });
  await assert.rejects(made.request("sync", { cursors: {} }), { code: "closed" });
  assert.equal(FakeSocket.made.length, sockets);
  assert.ok(used.every((header) => header === `Bearer ${ours}`));
  const kept = await storage.load();
  assert.deepEqual([kept.outbox[0]?.body.text, new Map(kept.meta).get("userId")], ["Alice's", "alice"]);
  assert.equal(made.userId, "alice");
  void message;
});

test("a token that does not say whose it is: the server says so, and the client stops as well", async (t) => {
  const storage = memoryStorage();
  const made = client(t, { token: "opaque", storage });
  await made.connect();
  FakeSocket.answers["hello"] = () => hello({ user: { id: "bob" } });
  const errors = /** @type {any[]} */ ([]);
  made.on("error", ({ error }) => errors.push(error));
  FakeSocket.last.close(1006);
  made.wake();
  await until("it stops", () => made.state.status === "signed_out");
  assert.equal(made.state.error?.code, "other_person");
  assert.equal(made.userId, "alice");
  assert.ok(FakeSocket.made.every(({ readyState }) => readyState === 3));
  assert.equal(new Map((await storage.load()).meta).get("userId"), "alice");
  assert.deepEqual(errors, []);
});

test("a leader that ends in the middle: the next one sends what it had begun, in order, with the same ids", async (t) => {
  const locks = new FakeLocks();
  const storage = memoryStorage();
  const shared = { locks, storage, BroadcastChannel };
  const first = client(t, shared);
  await first.connect();
  FakeSocket.answers["send_message"] = () => undefined;
  const second = client(t, shared);
  await second.connect();
  await until("the second is online", () => second.state.status === "online");
  const sent = ["one", "two"].map((text) => second.send("d_1", { text }));
  await until("the first sends", () => FakeSocket.last.sentOf("send_message").length === 1);
  await until("the second shows that", () => /** @type {any} */ (second.replica?.outbox[0])?.state === "sending");
  FakeSocket.answers["send_message"] = (data) => ({ message: { id: "d_1.1", ...data } });
  first.close();
  await Promise.all(sent.map(({ message }) => message));
  assert.deepEqual(
    FakeSocket.last.sentOf("send_message").map(({ data }) => data.client_id),
    sent.map(({ clientId }) => clientId),
  );
  assert.deepEqual((await storage.load()).outbox, []);
});

test("what waits for an answer when the client ends hears that, and what is sent after it is kept nowhere", async (t) => {
  const storage = memoryStorage();
  const made = client(t, { storage });
  await made.connect();
  FakeSocket.answers["send_message"] = () => undefined;
  const open = made.send("d_1", { text: "open" });
  await until("it is on its way", () => FakeSocket.last.sentOf("send_message").length === 1);
  await made.signOut();
  await assert.rejects(open.message, { code: "closed" });
  await assert.rejects(made.send("d_1", { text: "after" }).message, { code: "closed" });
  assert.deepEqual(await storage.load(), { conversations: [], outbox: [], meta: [] });

  const early = client(t, { token: () => new Promise(() => {}) });
  void early.connect();
  const { message } = early.send("d_1", { text: "before there is a token" });
  early.close();
  await assert.rejects(message, { code: "closed" });
});

for (const broken of [null, {}]) {
  test(`a server that answers ${JSON.stringify(broken)} to a sync has not let the client catch up`, async (t) => {
    answers["/sync"] = Response.json(broken);
    const made = client(t);
    await made.connect();
    assert.deepEqual([made.state.status, made.state.error?.code], ["offline", "timeout"]);
  });
}

test("a message that the server has forgotten the id of is looked for before it is sent again", async (t) => {
  const storage = memoryStorage();
  const old = { client_id: "c1", conversation_id: "d_1", to: null, body: { text: "old" }, files: [], state: "waiting" };
  const entry = /** @type {any} */ ({ ...old, created_at: Date.now() - 25 * 3_600_000, progress: 0, error: null });
  await storage.write({ outbox: [["c1", entry]] });
  answers["/conversations/d_1/messages"] = Response.json({
    messages: [{ client_id: "c1", seq: 1 }],
    found_oldest: true,
  });
  await client(t, { storage }).connect();
  await until("it is out of the outbox", async () => (await storage.load()).outbox.length === 0);
  assert.deepEqual(FakeSocket.last.sentOf("send_message"), []);
});

test("an answer and a refusal that were on their way when a suspension was lifted do not bring it back", async (t) => {
  const suspension = { until: new Date(inAnHour() * 1000).toISOString(), reason: null, scope: "write" };
  const refusal = { status: 403, code: "suspended", detail: "", ...suspension };
  /** @type {{promise: Promise<void>, resolve: () => void}} */
  const { promise, resolve } = Promise.withResolvers();
  let isHeld = false;
  const made = client(t, {
    fetch: /** @type {typeof fetch} */ (
      async (url, asked) => {
        const answer = await fetching(url, asked);
        if (isHeld) await promise;
        return answer;
      }
    ),
  });
  await made.connect();
  answers["/me"] = { id: "alice", suspension };
  await made.rest("GET", "/me");
  assert.deepEqual(made.replica?.me?.suspension, suspension);

  isHeld = true;
  const asked = used.length;
  const reading = made.rest("GET", "/me");
  while (used.length === asked) await new Promise((next) => setTimeout(next, 1));
  answers["/me"] = Response.json(refusal, { status: 403 });
  const refused = assert.rejects(made.rest("GET", "/me"), { code: "suspended" });
  while (used.length === asked + 1) await new Promise((next) => setTimeout(next, 1));
  FakeSocket.last.say({ type: "event", event: "suspension_lifted", data: { at: new Date().toISOString() } });
  resolve();
  await reading;
  await refused;

  assert.equal(made.replica?.me?.suspension, null);
});
