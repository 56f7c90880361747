import assert from "node:assert/strict";
import { test } from "node:test";
import { CallManager } from "../../../web/client/calls.js";
import { failure, ParleyError } from "../../../web/client/errors.js";
import { Peer } from "./peer.js";

/** @typedef {import("../../../web/client/calls.js").Call} Call */
const MEDIA = /** @type {MediaStream} */ (/** @type {unknown} */ ({ getTracks: () => [], getVideoTracks: () => [] }));

const ALWAYS = ["conversation_id", "call_id", "signal"];
/** What the server takes with each signal. @type {Record<string, string[]>} */
const FIELDS = {
  offer: [...ALWAYS, "media", "payload"],
  answer: [...ALWAYS, "payload"],
  candidate: [...ALWAYS, "payload"],
  ringing: ALWAYS,
  hang_up: ALWAYS,
  resume: [...ALWAYS, "previous_connection_id"],
};

/** Parley's part, for two people with any number of devices: it keeps the call, and passes signals on. */
class Server {
  /** Each signal, as it goes. @type {string[]} */
  asked = [];
  /** @type {{userId: string, manager: CallManager, isHere: boolean}[]} */
  devices = [];
  /** @type {any[]} */
  signals = [];
  /** @type {any} */
  call = null;
  /** @type {Error[]} */
  failures = [];
  isBusy = false;
  clock = { ms: 1_000_000 };
  /** @type {{at: number, run: () => void}[]} */
  timers = [];

  /** @param {string} userId */
  device(userId) {
    let open = 0;
    /** @type {CallManager} */
    const manager = new CallManager({
      userId,
      now: () => this.clock.ms,
      RTCPeerConnection: /** @type {any} */ (Peer),
      timers: () => ({ call_ring_s: 45, call_offer_resend_s: 5 }),
      rest: async () => ({ ice_servers: [{ urls: ["turn:x"] }] }),
      setTimeout: (run, ms) => {
        const timer = { at: this.clock.ms + ms, run };
        this.timers.push(timer);
        return timer;
      },
      clearTimeout: (timer) => this.timers.splice(this.timers.indexOf(timer), 1),
      request: async (_, data) => {
        this.asked.push(data.signal);
        assert.ok(open++ === 0 || data.signal === "hang_up", "a signal waits for the ack before it");
        await new Promise(setImmediate);
        open--;
        return this.#take(device, data);
      },
    });
    /** @type {Server["devices"][0]} */
    const device = { userId, manager, isHere: false };
    this.devices.push(device);
    return manager;
  }

  /** @param {Server["devices"][0]} device @param {any} data */
  #take(device, data) {
    const error = this.failures.shift();
    if (error) throw error;
    this.signals.push({ from: device.userId, ...data });
    assert.deepEqual(Object.keys(data).sort(), FIELDS[data.signal]?.sort(), "the fields that go with the signal");
    const { call_id, conversation_id, signal, media = "audio", payload = null } = data;
    if (signal === "offer" && !this.call) {
      const times = { started_at: "", rings_until: this.#rings(), answered_at: null, ended_at: null };
      this.call = {
        call_id,
        conversation_id,
        state: "ringing",
        reason: null,
        media,
        caller_id: "alice",
        callee_id: "bob",
        ...times,
      };
      if (this.isBusy) Object.assign(this.call, { state: "ended", reason: "busy" });
    }
    if (!this.call || this.call.call_id !== call_id) throw refusal("call_not_found");
    const { call } = this;
    if (call.state === "ended") {
      if (signal === "answer") throw refusal("call_over");
      return { ...call };
    }
    if (signal === "answer" && call.state === "ringing") {
      call.state = "active";
      for (const one of this.devices)
        if (one.userId === "bob" && one !== device)
          this.#tell(one, device, { signal: "hang_up", reason: "answered_elsewhere" });
    }
    if (signal === "hang_up")
      Object.assign(call, {
        state: "ended",
        reason: call.state === "active" ? "hung_up" : device.userId === "alice" ? "missed" : "declined",
      });
    const rings_until = signal === "offer" && call.state === "ringing" ? this.#rings() : null;
    for (const one of this.devices)
      if (one.userId !== device.userId && signal !== "resume")
        this.#tell(one, device, { signal, media, payload, rings_until, reason: call.reason });
    return { ...call };
  }

  #rings() {
    return new Date(this.clock.ms + 45_000).toISOString();
  }

  /** @param {Server["devices"][0]} to @param {Server["devices"][0]} from @param {any} data */
  #tell(to, from, data) {
    const { call_id, conversation_id } = this.call;
    const told = { media: "audio", payload: null, reason: null, rings_until: null, from_user_id: from.userId };
    setImmediate(() => to.manager.hear({ call_id, conversation_id, ...told, ...data }));
  }

  /** @param {number} s */
  async pass(s) {
    this.clock.ms += 1000 * s;
    const due = this.timers.filter((one) => one.at <= this.clock.ms);
    this.timers = this.timers.filter((one) => !due.includes(one));
    for (const one of due) one.run();
    await settled();
  }

  /** @param {string} from */
  sent(from) {
    return this.signals.filter((one) => one.from === from).map((one) => one.signal);
  }
}

/** @param {string} code */
const refusal = (code) => new ParleyError({ status: 409, code, detail: code });

async function settled() {
  for (let count = 0; count < 40; count++) await new Promise(setImmediate);
}

/** A call that rings at bob's. */
async function ringing() {
  Peer.made = [];
  const server = new Server();
  const [alice, bob] = [server.device("alice"), server.device("bob")];
  /** @type {Call[]} */
  const rung = [];
  bob.on("call", (call) => rung.push(call));
  const outgoing = await alice.start("d_1", { media: "video", stream: MEDIA });
  await settled();
  const incoming = /** @type {Call} */ (rung[0]);
  return { server, alice, bob, outgoing, incoming, rung };
}

/** A call that was answered. */
async function speaking() {
  const all = await ringing();
  await all.incoming.answer(MEDIA);
  await settled();
  const [ours, theirs] = /** @type {[Peer, Peer]} */ (/** @type {unknown} */ ([Peer.made[0], Peer.made[1]]));
  return { ...all, ours, theirs };
}

test("a call rings, is answered, and ends at both", async () => {
  const { server, outgoing, incoming, alice, bob, rung } = await ringing();
  assert.equal(rung.length, 1);
  assert.deepEqual([outgoing.state, incoming.state], ["ringing", "incoming"]);
  assert.deepEqual([incoming.userId, incoming.media, outgoing.userId], ["alice", "video", "bob"]);
  await incoming.answer(MEDIA);
  await settled();
  assert.deepEqual([outgoing.state, incoming.state], ["active", "active"]);
  assert.deepEqual(
    Peer.made.map((one) => one.remoteDescription.sdp),
    ["answer to offer 1", "offer 1"],
  );
  assert.deepEqual(Peer.made[0]?.config, { iceServers: [{ urls: ["turn:x"] }] });
  await outgoing.hangUp();
  await settled();
  assert.deepEqual([outgoing.reason, incoming.reason], ["hung_up", "hung_up"]);
  assert.deepEqual([alice.current, bob.current], [null, null]);
  assert.ok(Peer.made.every((one) => one.isClosed));
  assert.deepEqual(server.timers, [], "no timer is left");
});

test("the offer is sent again while it rings, with what the description has by then, and rings once", async () => {
  const { server, rung, outgoing } = await ringing();
  const ours = /** @type {Peer} */ (Peer.made[0]);
  ours.localDescription = { type: "offer", sdp: "offer 1 with candidates" };
  await server.pass(5);
  await server.pass(5);
  assert.deepEqual(server.sent("alice"), ["offer", "offer", "offer"]);
  assert.match(server.signals.at(-1)?.payload, /with candidates/);
  assert.equal(rung.length, 1);
  assert.deepEqual(server.sent("bob"), ["ringing"]);
  await rung[0]?.answer(MEDIA);
  await settled();
  assert.equal(Peer.made[1]?.remoteDescription.sdp, "offer 1 with candidates");
  await server.pass(20);
  assert.equal(server.sent("alice").length, 3, "not after the answer");
  assert.equal(outgoing.state, "active");
});

test("a call that nobody answers is given up, and stops ringing by itself at the other's", async () => {
  const { server, outgoing, incoming } = await ringing();
  server.devices = server.devices.filter((one) => one.userId === "alice");
  await server.pass(46);
  assert.deepEqual([outgoing.state, outgoing.reason], ["ended", "missed"]);
  assert.equal(server.sent("alice").at(-1), "hang_up");
  assert.deepEqual([incoming.state, incoming.reason], ["ended", "missed"]);
});

test("declining, and giving up, end it at once", async () => {
  const first = await ringing();
  await first.incoming.hangUp();
  await settled();
  assert.deepEqual([first.incoming.reason, first.outgoing.reason], ["declined", "declined"]);
  const second = await ringing();
  await second.outgoing.hangUp();
  await settled();
  assert.deepEqual([second.outgoing.reason, second.incoming.reason], ["missed", "missed"]);
});

test("a person who is busy ends the call with that reason", async () => {
  const server = new Server();
  server.isBusy = true;
  const call = await server.device("alice").start("d_1", { stream: MEDIA });
  assert.deepEqual([call.state, call.reason], ["ended", "busy"]);
});

test("a refused call rejects", async () => {
  const server = new Server();
  const alice = server.device("alice");
  server.failures = [refusal("in_another_call")];
  await assert.rejects(alice.start("d_1", { stream: MEDIA }), { code: "in_another_call" });
  assert.equal(alice.current, null);
});

test("a failure that may pass is tried again", async () => {
  const server = new Server();
  const alice = server.device("alice");
  server.failures = [failure("network", "gone")];
  const started = alice.start("d_1", { stream: MEDIA });
  await settled();
  await server.pass(1);
  assert.equal((await started).state, "calling");
});

test("candidates go one by one after the description, and wait for it at the other side", async () => {
  const { server, incoming } = await ringing();
  const ours = /** @type {Peer} */ (Peer.made[0]);
  for (const candidate of ["a", "b"]) ours.onicecandidate({ candidate: { candidate } });
  ours.onicecandidate({ candidate: null });
  await settled();
  assert.deepEqual(server.sent("alice"), ["offer", "candidate", "candidate"]);
  const answered = incoming.answer(MEDIA);
  await settled();
  const theirs = /** @type {Peer} */ (Peer.made[1]);
  assert.deepEqual(theirs.candidates, ["a", "b"]);
  await answered;
  theirs.onicecandidate({ candidate: { candidate: "c" } });
  await settled();
  assert.deepEqual(server.sent("bob"), ["ringing", "answer", "candidate"]);
  assert.deepEqual(ours.candidates, ["c"]);
});

test("one device answers, and the other one stops ringing", async () => {
  Peer.made = [];
  const server = new Server();
  const [alice, phone, laptop] = [server.device("alice"), server.device("bob"), server.device("bob")];
  await alice.start("d_1", { stream: MEDIA });
  await settled();
  const other = /** @type {Call} */ (laptop.current);
  await phone.current?.answer(MEDIA);
  await settled();
  assert.deepEqual([other.state, other.reason], ["ended", "answered_elsewhere"]);
  assert.equal(phone.current?.state, "active");
});

test("who answers too late is told so", async () => {
  const { server, incoming } = await ringing();
  server.failures = [refusal("answered_elsewhere")];
  await assert.rejects(incoming.answer(MEDIA), { code: "answered_elsewhere" });
  assert.equal(incoming.reason, "answered_elsewhere");
});

test("a call that another tab has answered or declined stops ringing in this one", async () => {
  const first = await ringing();
  const status = { ...first.server.call, state: "active" };
  first.bob.hearAck({ signal: "answer" }, status);
  assert.equal(first.incoming.reason, "answered_elsewhere");
  const second = await ringing();
  second.bob.hearAck({ signal: "hang_up" }, { ...second.server.call, state: "ended", reason: "declined" });
  assert.equal(second.incoming.reason, "declined");
  const third = await speaking();
  third.bob.hearAck({ signal: "answer" }, { ...third.server.call });
  assert.equal(third.incoming.state, "active", "its own answer");
});

test("a late signal does not bring back a call that is over", async () => {
  const { server, incoming, bob, rung } = await ringing();
  const late = { ...server.call, signal: /** @type {const} */ ("offer"), from_user_id: "alice", payload: "{}" };
  await incoming.hangUp();
  await bob.hear({ ...late, rings_until: new Date(server.clock.ms + 9000).toISOString() });
  assert.equal(rung.length, 1);
  await bob.hear({
    ...late,
    call_id: "other",
    payload: "not JSON",
    rings_until: new Date(server.clock.ms).toISOString(),
  });
  assert.equal(rung.length, 1);
});

test("either changes what is sent by another offer", async () => {
  const { server, incoming, ours, theirs } = await speaking();
  theirs.onnegotiationneeded();
  await settled();
  assert.deepEqual(server.sent("bob").slice(-1), ["offer"]);
  assert.equal(ours.remoteDescription.sdp, "offer 1");
  assert.equal(theirs.remoteDescription.sdp, "answer to offer 1");
  assert.equal(incoming.state, "active");
});

test("if both change at once, the caller's offer stands", async () => {
  const { ours, theirs } = await speaking();
  theirs.onnegotiationneeded();
  ours.onnegotiationneeded();
  await settled();
  assert.deepEqual([ours.remoteDescription.sdp, theirs.remoteDescription.sdp], ["answer to offer 2", "offer 2"]);
});

test("a resent first offer that comes after the answer changes nothing", async () => {
  const { server, bob, theirs } = await speaking();
  const payload = JSON.stringify({ type: "offer", sdp: "late" });
  const rings_until = new Date(server.clock.ms + 9000).toISOString();
  await bob.hear({ ...server.call, signal: "offer", from_user_id: "alice", payload, rings_until });
  assert.equal(theirs.remoteDescription.sdp, "offer 1");
});

test("after a reconnection resume goes first, and ICE starts again if the network has changed", async () => {
  const { server, alice, ours } = await speaking();
  ours.connectionState = "disconnected";
  ours.onicecandidate({ candidate: { candidate: "late" } });
  await alice.reconnected("c1");
  await settled();
  assert.deepEqual(server.sent("alice").slice(-2), ["resume", "candidate"]);
  assert.equal(server.signals.find((one) => one.signal === "resume")?.previous_connection_id, "c1");
  assert.equal(ours.restarts, 1);
});

test("an ack that says ended means that there is nothing to resume", async () => {
  const { server, alice, outgoing } = await speaking();
  Object.assign(server.call, { state: "ended", reason: "failed" });
  await alice.reconnected("c1");
  assert.deepEqual([outgoing.state, outgoing.reason], ["ended", "failed"]);
});

test("a call in a conversation that allows none any more is hung up", async () => {
  const { alice, outgoing } = await speaking();
  alice.check(() => true);
  assert.equal(outgoing.state, "active");
  alice.check(() => false);
  await settled();
  assert.equal(outgoing.state, "ended");
});

test("hanging up before the offer was sent leaves nothing", async () => {
  Peer.made = [];
  const server = new Server();
  const alice = server.device("alice");
  const started = alice.start("d_1", { stream: MEDIA });
  await alice.current?.hangUp();
  const call = await started;
  assert.deepEqual([call.state, call.reason, Peer.made.length], ["ended", "missed", 0]);
});

test("who cannot answer, for want of a microphone say, hangs up", async () => {
  const { server, incoming, bob } = await ringing();
  /** @type {Call[]} */
  const ended = [];
  bob.on("end", (call) => ended.push(call));
  const broken = /** @type {any} */ ({
    getTracks: () => {
      throw new Error("no microphone");
    },
  });
  await assert.rejects(incoming.answer(broken), { message: "no microphone" });
  await settled();
  assert.equal(server.sent("bob").at(-1), "hang_up");
  assert.deepEqual([ended, incoming.reason], [[incoming], "failed"]);
});

test("tracks of the beginning are in the first offer: no second one follows", async () => {
  Peer.made = [];
  const server = new Server();
  const stream = /** @type {any} */ ({ getTracks: () => [{ kind: "audio" }], getVideoTracks: () => [] });
  await server.device("alice").start("d_1", { stream });
  await settled();
  assert.deepEqual(server.sent("alice"), ["offer"]);
});

test("an offer that meets one that is being made is the callee's to give way to", async () => {
  const { server, alice, ours } = await speaking();
  const payload = JSON.stringify({ type: "offer", sdp: "theirs" });
  ours.onnegotiationneeded();
  await alice.hear({ ...server.call, signal: "offer", from_user_id: "bob", payload, rings_until: null });
  assert.notEqual(ours.remoteDescription.sdp, "theirs");
});

test("an offer tells the medium, an answer that comes twice counts once, and a broken path starts ICE again", async () => {
  const { server, alice, bob, incoming, ours, theirs } = await speaking();
  const told = { ...server.call, from_user_id: "x", rings_until: null };
  const offer = JSON.stringify({ type: "offer", sdp: "offer 7" });
  await bob.hear({ ...told, signal: "offer", media: "audio", payload: offer });
  assert.equal(incoming.media, "audio");
  assert.equal(theirs.remoteDescription.sdp, "offer 7");
  await alice.hear({ ...told, signal: "answer", payload: JSON.stringify({ type: "answer", sdp: "again" }) });
  await alice.hear({ ...told, signal: "answer", payload: JSON.stringify({ type: "answer", sdp: "again" }) });
  assert.equal(ours.remoteDescription.sdp, "answer to offer 1");
  ours.connectionState = "failed";
  ours.onconnectionstatechange();
  assert.equal(ours.restarts, 1);
});

test("a picture is sent, taken off and sent again in one place", async () => {
  const { outgoing, ours } = await speaking();
  /** @param {...string} kinds */
  const streamOf = (...kinds) => {
    const tracks = kinds.map((kind) => ({ kind }));
    return /** @type {any} */ ({
      getTracks: () => tracks,
      getVideoTracks: () => tracks.filter(({ kind }) => kind === "video"),
    });
  };
  await outgoing.send(streamOf("audio", "video"));
  assert.equal(outgoing.media, "video");
  await outgoing.send(streamOf("audio"));
  assert.deepEqual(
    ours.transceivers.map((one) => one.direction),
    ["sendrecv", "recvonly"],
  );
  await outgoing.send(streamOf("audio", "video"));
  assert.deepEqual(
    ours.transceivers.map((one) => [one.direction, one.sender.track.kind]),
    [
      ["sendrecv", "audio"],
      ["sendrecv", "video"],
    ],
  );
});

test("what the answer had no place for is offered as soon as they speak", async () => {
  const { server, incoming } = await ringing();
  const answered = incoming.answer(MEDIA);
  await settled();
  await answered;
  const before = server.sent("bob").length;
  assert.equal(server.sent("bob").at(-1), "answer");
  const second = await ringing();
  const stillAnswering = second.incoming.answer(MEDIA);
  while (Peer.made[1]?.signalingState !== "stable" || !Peer.made[1].localDescription)
    await new Promise((resolve) => queueMicrotask(() => resolve(null)));
  Peer.made[1].onnegotiationneeded();
  await stillAnswering;
  await settled();
  assert.equal(second.server.sent("bob").length, before + 1);
  assert.equal(second.server.sent("bob").at(-1), "offer");
});

test("an offer that got lost with the connection is made again after it", async () => {
  const { server, alice, ours } = await speaking();
  ours.signalingState = "have-local-offer";
  await alice.reconnected("c1");
  await settled();
  assert.deepEqual(server.sent("alice").slice(-2), ["resume", "offer"]);
});

test("a signal that meets a hang-up on its way is no failure", async () => {
  const { server, outgoing, ours } = await speaking();
  server.failures = [refusal("call_over")];
  ours.onnegotiationneeded();
  await settled();
  assert.equal(outgoing.reason, "hung_up");
  const second = await ringing();
  second.server.failures = [refusal("call_over")];
  await assert.rejects(second.incoming.answer(MEDIA), { code: "call_over" });
  assert.equal(second.incoming.reason, "missed");
});

test("the end of a call that is spoken goes at once, also while another signal waits for its ack", async () => {
  const { server, outgoing, ours } = await speaking();
  ours.onicecandidate({ candidate: { candidate: "late" } });
  for (let count = 0; count < 5; count++) await new Promise((resolve) => queueMicrotask(() => resolve(null)));
  void outgoing.hangUp();
  assert.deepEqual(server.asked.slice(-2), ["candidate", "hang_up"]);
  assert.notEqual(server.sent("alice").at(-1), "candidate", "its ack has not come");
  await settled();
  assert.equal(outgoing.reason, "hung_up");
});
