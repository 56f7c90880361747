import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Connection } from "../../../web/client/connection.js";
import { ParleyError } from "../../../web/client/errors.js";
import { createClient } from "../../../web/client/index.js";
import { Tokens } from "../../../web/client/tokens.js";
import { FakeSocket, hello, settled, tokenUntil } from "./doubles.js";

beforeEach(() => {
  FakeSocket.reset();
  FakeSocket.answers = { hello: () => hello() };
});

/** @param {import("node:test").TestContext} t */
function connection(
  t,
  {
    rest = async () => ({ ticket: "t1" }),
    source = /** @type {any} */ (tokenUntil(1e6)),
    onOpen = async () => {},
  } = {},
) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
  /** @type {any[]} */
  const states = [];
  /** @type {[string, any][]} */
  const events = [];
  const made = new Connection({
    socketUrl: "ws://test/v1",
    tokens: new Tokens(source, Date.now),
    rest: /** @type {any} */ ({ call: rest }),
    WebSocket: /** @type {any} */ (FakeSocket),
    now: Date.now,
    random: () => 1,
    onEvent: (event, data) => events.push([event, data]),
    onFrame: () => {},
    onOpen,
    onReady: () => {},
    onForgotten: (joined) => events.push(["forgotten", joined]),
    onState: (state) => states.push(state),
  });
  t.after(() => made.stop());
  return { connection: made, states, events };
}

/** @param {ReturnType<typeof connection>} made */
async function online({ connection }) {
  connection.start();
  await settled();
  FakeSocket.last.open();
  await settled();
}

test("it greets with the token as a subprotocol, and is online after it has caught up", async (t) => {
  const made = connection(t);
  await online(made);
  assert.deepEqual(FakeSocket.last.protocols, ["bearer", tokenUntil(1e6)]);
  assert.equal(made.states.at(-1).status, "online");
  assert.equal(made.connection.socket?.hello?.user.id, "alice");
});

test("it waits twice as long after each failure, half a minute at most, and not at all when it is woken", async (t) => {
  const made = connection(t);
  await online(made);
  const waits = [];
  for (let n = 0; n < 7; n++) {
    FakeSocket.last.close(1006);
    await settled();
    if (n === 1) {
      // The first refused handshake is followed by a try with a ticket at once, because that says why.
      FakeSocket.last.close(1006);
      await settled();
    }
    waits.push(made.states.at(-1).retryAt - Date.now());
    t.mock.timers.tick(waits.at(-1) ?? 0);
    await settled();
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  FakeSocket.last.close(1006);
  await settled();
  const before = FakeSocket.made.length;
  made.connection.wake();
  await settled();
  assert.equal(FakeSocket.made.length, before + 1);
});

test("after a refused handshake it asks for a ticket, which says why, and connects with it", async (t) => {
  const made = connection(t);
  made.connection.start();
  await settled();
  FakeSocket.last.close(1006);
  await settled();
  assert.equal(FakeSocket.last.url, "ws://test/v1?ticket=t1");
  assert.deepEqual(FakeSocket.last.protocols, []);
});

test("it stops when the server says signed_out", async (t) => {
  const refuse = async () => {
    throw new ParleyError({ status: 401, code: "signed_out", detail: "No." });
  };
  const made = connection(t, { rest: refuse });
  made.connection.start();
  await settled();
  FakeSocket.last.close(1006);
  await settled();
  assert.equal(made.states.at(-1).status, "signed_out");
  t.mock.timers.tick(3_600_000);
  await settled();
  assert.equal(FakeSocket.made.length, 1);
});

test("a suspended person's device looks every five minutes, stays suspended meanwhile, and comes back", async (t) => {
  let asked = 0;
  const refuse = async () => {
    asked++;
    const until = new Date(Date.now() + 8 * 60_000).toISOString();
    if (asked < 3) throw new ParleyError({ status: 403, code: "suspended", detail: "No.", until });
    return { ticket: "t" };
  };
  const made = connection(t, { rest: refuse });
  made.connection.start();
  await settled();
  FakeSocket.last.close(1006);
  await settled();
  assert.equal(made.states.at(-1).status, "suspended");
  const before = made.states.length;
  t.mock.timers.tick(299_000);
  await settled();
  assert.equal(asked, 1);
  t.mock.timers.tick(1_000);
  await settled();
  assert.equal(asked, 2);
  assert.deepEqual(new Set(made.states.slice(before).map(({ status }) => status)), new Set(["suspended"]));
  t.mock.timers.tick(300_000);
  await settled();
  assert.equal(asked, 3);
  assert.equal(FakeSocket.made.length, 2);
});

test("it waits as long as the server asks for", async (t) => {
  const refuse = async () => {
    throw new ParleyError({ status: 429, code: "rate_limited", detail: "", retry_after_ms: 77_000 });
  };
  const made = connection(t, { rest: refuse });
  made.connection.start();
  await settled();
  FakeSocket.last.close(1006);
  await settled();
  assert.equal(made.states.at(-1).retryAt - Date.now(), 77_000);
});

test("it opens the next connection before the server cuts this one, and then closes the old one", async (t) => {
  const caughtUp = t.mock.fn(async () => {});
  const made = connection(t, { onOpen: caughtUp });
  await online(made);
  const old = FakeSocket.last;
  t.mock.timers.tick(115 * 60_000);
  await settled();
  assert.notEqual(FakeSocket.last, old);
  assert.equal(old.readyState, 1);
  FakeSocket.last.open();
  await settled();
  assert.equal(old.readyState, 3);
  assert.equal(caughtUp.mock.callCount(), 2);
  assert.equal(made.connection.socket?.isOpen, true);
  assert.equal(made.states.at(-1).status, "online");
});

test("a socket that ends while it catches up is not taken for a connection; another one is opened", async (t) => {
  let isCut = true;
  const made = connection(t, {
    onOpen: async () => {
      if (isCut) FakeSocket.last.close(1006); // what is asked meanwhile may fail, and nobody has to be told
      isCut = false;
    },
  });
  await online(made);
  assert.equal(made.states.at(-1).status, "offline");
  t.mock.timers.tick(1000);
  await settled();
  FakeSocket.last.open();
  await settled();
  assert.equal(made.states.at(-1).status, "online");
  assert.ok(made.connection.socket);
});

test("it pings when nothing else has renewed the lease", async (t) => {
  const made = connection(t);
  await online(made);
  t.mock.timers.tick(284_000);
  assert.equal(FakeSocket.last.sentOf("ping").length, 0);
  made.connection.socket?.tell("typing_start", {});
  t.mock.timers.tick(2000);
  assert.equal(FakeSocket.last.sentOf("ping").length, 0);
  t.mock.timers.tick(283_000);
  assert.equal(FakeSocket.last.sentOf("ping").length, 1);
  assert.equal(FakeSocket.last.sentOf("ping")[0].request_id, undefined);
});

test("a connection that does not answer a test is closed, and another one is opened", async (t) => {
  const made = connection(t);
  await online(made);
  made.connection.wake();
  assert.equal(FakeSocket.last.sentOf("ping").length, 1);
  t.mock.timers.tick(10_000);
  await settled();
  assert.equal(made.states.at(-1).status, "offline");
  t.mock.timers.tick(1000);
  await settled();
  assert.equal(FakeSocket.made.length, 2);
});

test("an ack without a request that lists what is joined says that the server forgot this device", async (t) => {
  const made = connection(t);
  await online(made);
  FakeSocket.last.say({ type: "ack", data: { expires_at: "", joined: [] } });
  assert.deepEqual(made.events, [["forgotten", []]]);
});

test("requests end with an error when their connection does", async (t) => {
  const made = connection(t);
  await online(made);
  const asked = made.connection.socket?.request("sync", {});
  FakeSocket.last.close(1006);
  await assert.rejects(/** @type {Promise<any>} */ (asked), { code: "closed" });
});

test("frames that are not JSON, unknown events and foreign answers disturb nothing", async (t) => {
  const made = connection(t);
  await online(made);
  FakeSocket.last.onmessage?.({ data: "no json" });
  FakeSocket.last.onmessage?.({ data: "null" });
  FakeSocket.last.say({ type: "ack", request_id: "r999", data: {} });
  FakeSocket.last.say({ message: "Internal server error", connectionId: "x", requestId: "y" });
  FakeSocket.last.say({ type: "event", event: "of_a_later_version", data: {} });
  assert.deepEqual(made.events, [["of_a_later_version", {}]]);
  assert.equal(made.connection.socket?.isOpen, true);
});

test("a connection that is stopped while it is greeted takes nothing in", async (t) => {
  const onOpen = t.mock.fn(async () => {});
  const made = connection(t, { onOpen });
  made.connection.start();
  await settled();
  FakeSocket.last.open();
  made.connection.stop();
  await settled();
  assert.equal(onOpen.mock.callCount(), 0);
  assert.equal(FakeSocket.last.readyState, 3);
});

test("a program without WebSocket, as in Node 20, learns what it needs", async () => {
  const client = createClient({
    url: "http://localhost/v1",
    socketUrl: "ws://localhost/v1",
    token: "x",
    WebSocket: /** @type {any} */ (undefined),
  });
  await assert.rejects(client.connect(), { code: "failed", detail: /Node 22/ });
});

test("a server whose catching up fails is asked less and less often", async (t) => {
  const onOpen = async () => {
    throw new ParleyError({ status: 0, code: "unknown", detail: "" });
  };
  const made = connection(t, { onOpen });
  await online(made);
  const waits = [];
  for (let n = 0; n < 4; n++) {
    waits.push(made.states.at(-1).retryAt - Date.now());
    t.mock.timers.tick(waits.at(-1) ?? 0);
    await settled();
    FakeSocket.last.open();
    await settled();
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000]);
});

for (const broken of [
  { reconnect_by: undefined, heartbeat_s: undefined },
  { reconnect_by: "soon", server_time: null, heartbeat_s: "often" },
  { reconnect_by: "2999-01-01T00:00:00Z" },
]) {
  test(`a hello with ${JSON.stringify(broken)} makes neither connections nor pings without end`, async (t) => {
    FakeSocket.answers["hello"] = () => hello(broken);
    const made = connection(t);
    await online(made);
    for (let second = 0; second < 200; second++) {
      t.mock.timers.tick(1000);
      await settled();
    }
    assert.equal(FakeSocket.made.length, 1);
    assert.equal(FakeSocket.last.sentOf("ping").length, 0);
    assert.equal(made.states.at(-1).status, "online");
  });
}

test("events without data are none", async (t) => {
  const made = connection(t);
  await online(made);
  for (const data of [null, undefined, 7, "text"]) FakeSocket.last.say({ type: "event", event: "new_message", data });
  assert.deepEqual(made.events, []);
});
