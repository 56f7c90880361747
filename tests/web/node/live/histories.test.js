/**
 * Random histories: three people with two devices each do random things, lose connections and acks, start again from storage and are away. In the end every
 * device, and a new one, has what a fresh read shows.
 *
 * A run prints its seed if it fails; PARLEY_SEEDS=7,8 plays those. PARLEY_TRACE=1 prints each act.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, memoryStorage, ParleyError } from "../../../../web/client/index.js";
import { people } from "./people.js";

/** @typedef {import("../wire.js").Wire} Wire */

const { PARLEY_URL = "", PARLEY_SOCKET_URL = "", PARLEY_SEEDS, PARLEY_TRACE, PARLEY_STEPS = "60" } = process.env;
const SEEDS = PARLEY_SEEDS ? PARLEY_SEEDS.split(",").map(Number) : [1, Math.floor(Math.random() * 2 ** 31)];
const STEPS = Number(PARLEY_STEPS);
const EMOJIS = ["👍", "🎉"];
const PATIENCE_MS = 30_000;

/** Events with numbers that have no gap. */
const COUNTED = [
  "new_message",
  "message_notification",
  "message_updated",
  "message_deleted",
  "reaction_added",
  "reaction_removed",
];

/** Numbers that follow from a seed: mulberry32. @param {number} seed */
function chooser(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    /** @param {number} count */
    below: (count) => next() % count,
    /** @template T @param {readonly T[]} all @returns {T} */
    of: (all) => /** @type {T} */ (all[next() % all.length]),
  };
}

/** One device: a client whose network can be cut, and which may start again with what it kept. */
class Device {
  isDown = false;
  /** Cuts the network when the next message has left, so that its ack is lost. */
  losesAck = false;
  storage = memoryStorage();
  /** What happens to the next event that has a number. @type {"late" | "lost" | null} */
  fault = null;
  /** Conversations of which an event was lost. @type {Set<string>} */
  lost = new Set();
  /** @type {Set<WebSocket>} */
  #sockets = new Set();
  /** @type {any} */
  #cutSoon;
  /** @type {Set<string>} */
  open = new Set();
  isAway = false;

  /** @param {string} name @param {number} number */
  constructor(name, number) {
    this.person = /** @type {{id: string, token: string}} */ (people[name]);
    this.name = `${name}${number}`;
    this.client = this.#made();
  }

  #made() {
    const device = this;
    class Socket extends WebSocket {
      /** @param {string} url @param {string[]} protocols */
      constructor(url, protocols) {
        super(device.isDown ? "ws://127.0.0.1:1/" : url, protocols);
        device.#sockets.add(this);
        /** @type {((event: MessageEvent) => void) | null} */
        let listener = null;
        Object.defineProperty(this, "onmessage", {
          set: (heard) => {
            listener = heard;
          },
        });
        this.addEventListener("message", (event) => device.#passOn(String(event.data), () => listener?.(event)));
      }
      /** @override @param {string} frame */
      send(frame) {
        super.send(frame);
        if (!device.losesAck || !frame.includes('"send_message"')) return;
        device.losesAck = false;
        this.onmessage = null;
        device.#cutSoon = setTimeout(() => device.cut(), 20);
      }
    }
    return createClient({
      url: PARLEY_URL,
      socketUrl: PARLEY_SOCKET_URL,
      token: this.person.token,
      storage: this.storage,
      locks: null,
      WebSocket: /** @type {any} */ (Socket),
      fetch: (...request) => (this.isDown ? Promise.reject(new TypeError("no network")) : fetch(...request)),
    });
  }

  /** Hands an event on, or late, or never. @param {string} text @param {() => void} handOn */
  #passOn(text, handOn) {
    const { event, data } = JSON.parse(text);
    if (this.fault === null || !COUNTED.includes(event)) return handOn();
    if (this.fault === "late") setTimeout(handOn, 60);
    else this.lost.add(data.conversation_id);
    this.fault = null;
  }

  cut() {
    this.isDown = true;
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }

  mend() {
    this.isDown = false;
    this.client.wake();
  }

  async leave() {
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.client.close();
    this.open.clear();
    this.isAway = true;
  }

  async back() {
    if (this.isAway) this.client = this.#made();
    this.isAway = this.isDown = this.losesAck = false;
    this.fault = null;
    clearTimeout(this.#cutSoon);
    await this.client.connect();
    this.client.wake();
  }

  get replica() {
    assert.ok(this.client.replica, `${this.name} has connected once`);
    return this.client.replica;
  }
}

/** @typedef {{device: Device, choose: ReturnType<typeof chooser>, people: string[], id: string | undefined, messageId: string | undefined}} Scene */

/** An id of a group that the device has. @param {Scene} scene */
function groupOf({ device, choose }) {
  const groups = [...device.replica.conversations.keys()].filter((id) => id.startsWith("g_")).sort();
  return groups.length ? choose.of(groups) : undefined;
}

/** @param {Scene} scene @param {(id: string) => Promise<unknown>} act */
const inGroup = async (scene, act) => {
  const id = groupOf(scene);
  if (id) await act(id);
};

/** @param {Scene} scene @param {(path: {message_id: string}) => Promise<unknown>} act */
const ofMessage = async ({ messageId }, act) => {
  if (messageId) await act({ message_id: messageId });
};

/** @param {Scene} scene @param {(path: {conversation_id: string}) => Promise<unknown>} act */
const ofConversation = async ({ id }, act) => {
  if (id) await act({ conversation_id: id });
};

/** @param {Pick<Scene, "device">} scene */
const rest = ({ device }) => /** @type {any} */ (device.client).rest.bind(device.client);

/** What people do, and what goes wrong. @type {Record<string, (scene: Scene) => unknown>} */
const ACTS = {
  send: ({ device, choose, id, people }) => {
    if (!id) return;
    const mentions = id.startsWith("g_") ? choose.of([[], [], ["*"], [choose.of(people)]]) : [];
    device.client.send(id, { text: "ä".repeat(1 + choose.below(150)), mentions });
  },
  sendSome: ({ device, choose, id }) => {
    if (id) for (let count = choose.below(5); count >= 0; count--) device.client.send(id, { text: `${count}` });
  },
  loseAnAck: ({ device, id }) => {
    if (!id) return;
    device.losesAck = true;
    device.client.send(id, { text: "again" });
  },
  edit: (scene) =>
    ofMessage(scene, (path) => {
      const { choose, people } = scene;
      const mentions = choose.of([[], ["*"], [choose.of(people)]]);
      return rest(scene)("PATCH", "/messages/{message_id}", {
        path,
        body: { text: `edited ${choose.below(99)}`, mentions },
      });
    }),
  delete: (scene) => ofMessage(scene, (path) => rest(scene)("DELETE", "/messages/{message_id}", { path })),
  hide: (scene) =>
    ofMessage(scene, (path) => rest(scene)("DELETE", "/messages/{message_id}", { path, query: { scope: "me" } })),
  react: (scene) =>
    ofMessage(scene, (path) => {
      const emoji = scene.choose.of(EMOJIS);
      const method = scene.choose.of(["PUT", "PUT", "DELETE"]);
      return rest(scene)(method, "/messages/{message_id}/reactions/{emoji}", { path: { ...path, emoji } });
    }),
  pin: (scene) =>
    ofMessage(scene, (path) => rest(scene)(scene.choose.of(["PUT", "DELETE"]), "/messages/{message_id}/pin", { path })),
  read: ({ device, choose, id }) => {
    const held = id && device.replica.conversations.get(id);
    if (held) return device.client.markRead(held.id, choose.of([undefined, Math.max(1, held.object.last_seq - 1)]));
  },
  archive: (scene) =>
    ofConversation(scene, (path) =>
      rest(scene)("PATCH", "/conversations/{conversation_id}/archive", {
        path,
        body: { archived: scene.choose.below(3) > 0 },
      }),
    ),
  set: (scene) =>
    ofConversation(scene, (path) => {
      const body = { pinned: scene.choose.below(2) > 0, notifications: scene.choose.of(["all", "none"]) };
      return rest(scene)("PATCH", "/conversations/{conversation_id}/settings", { path, body });
    }),
  makeGroup: (scene) => {
    const member_ids = scene.people.filter((id) => id !== scene.device.person.id).slice(scene.choose.below(2));
    return rest(scene)("POST", "/conversations", { body: { type: "group", title: "More", member_ids } });
  },
  rename: (scene) =>
    inGroup(scene, (conversation_id) => {
      const body = scene.choose.of([
        { title: `Title ${scene.choose.below(99)}` },
        { posting: "everyone" },
        { posting: "admins" },
      ]);
      return rest(scene)("PATCH", "/conversations/{conversation_id}", { path: { conversation_id }, body });
    }),
  add: (scene) =>
    inGroup(scene, (conversation_id) => {
      const body = { user_ids: [scene.choose.of(scene.people)] };
      return rest(scene)("POST", "/conversations/{conversation_id}/members", { path: { conversation_id }, body });
    }),
  remove: (scene) =>
    inGroup(scene, (conversation_id) => {
      const path = { conversation_id, user_id: scene.choose.of(scene.people) };
      return rest(scene)("DELETE", "/conversations/{conversation_id}/members/{user_id}", { path });
    }),
  setRole: (scene) =>
    inGroup(scene, (conversation_id) => {
      const path = { conversation_id, user_id: scene.choose.of(scene.people) };
      const body = { role: scene.choose.of(["admin", "member", "owner"]) };
      return rest(scene)("PATCH", "/conversations/{conversation_id}/members/{user_id}", { path, body });
    }),
  block: (scene) => {
    const user_id = scene.choose.of(scene.people.filter((id) => id !== scene.device.person.id));
    return rest(scene)(scene.choose.of(["PUT", "DELETE", "DELETE"]), "/users/{user_id}/block", { path: { user_id } });
  },
  open: async ({ device, id }) => {
    if (!id || device.open.has(id)) return;
    device.open.add(id);
    await device.client.open(id);
  },
  close: ({ device, choose }) => {
    const id = device.open.size ? choose.of([...device.open]) : undefined;
    if (id && device.open.delete(id)) device.client.leave(id);
  },
  loseAnEvent: ({ device }) => {
    device.fault = "lost";
  },
  delayAnEvent: ({ device }) => {
    device.fault = "late";
  },
  cut: ({ device }) => device.cut(),
  mend: ({ device }) => device.mend(),
  goAway: ({ device }) => device.leave(),
  startAgain: async ({ device }) => {
    await device.leave();
    await device.back();
  },
};
/** Some happen more often. */
const CHOICES = [
  ...Object.keys(ACTS),
  ..."send send send send sendSome edit delete react react read loseAnEvent delayAnEvent delayAnEvent mend mend open".split(
    " ",
  ),
];
const FAULTS = ["loseAnAck", "loseAnEvent", "delayAnEvent", "cut", "mend", "goAway", "startAgain"];
const QUIET_CHOICES = CHOICES.filter((name) => !FAULTS.includes(name));
const QUIET_STEPS = 15;
const GONE_WRONG = [0, 400, 403, 404, 409, 429];

/** Reads everything of a person afresh, from the server alone. @param {string} name */
async function truthOf(name) {
  const { token } = /** @type {{token: string}} */ (people[name]);
  /** @param {string} path */
  const get = async (path) => {
    const answer = await fetch(`${PARLEY_URL}${path}`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 200, path);
    return answer.json();
  };
  /** @type {Map<string, {object: Wire["Conversation"], messages: Wire["Message"][], members: Wire["Member"][] | null}>} */
  const conversations = new Map();
  for (const state of ["active", "archived"]) {
    for (const object of (await get(`/conversations?limit=100&state=${state}`)).conversations) {
      const { messages, found_oldest } = await get(`/conversations/${object.id}/messages?limit=100`);
      assert.ok(found_oldest, "the histories of a test are short");
      const members =
        object.type === "group" ? (await get(`/conversations/${object.id}/members?limit=100`)).members : null;
      conversations.set(object.id, { object, messages, members });
    }
  }
  const blocked = (await get("/me/blocks?limit=100")).blocks.map((/** @type {any} */ one) => one.user_id).sort();
  return { conversations, blocked };
}

/** @typedef {Awaited<ReturnType<typeof truthOf>>} Truth */

/** Holds each field of a device to what was read; of messages, if not all were looked at, those that it holds whole. @param {Device} device @param {Truth} truth @param {boolean} isLookedAt */
function compare({ name, replica }, truth, isLookedAt) {
  assert.deepEqual(replica.blocked.ids.sort(), truth.blocked, `${name}: blocked`);
  assert.deepEqual([...replica.conversations.keys()].sort(), [...truth.conversations.keys()].sort(), `${name}: list`);
  for (const [id, fresh] of truth.conversations) {
    const held = replica.conversations.get(id);
    assert.ok(held);
    assert.deepEqual(plain(held.object), plain(fresh.object), `${name}: ${id}`);
    assert.equal(held.cursor.seq, fresh.object.last_seq, `${name}: the cursor of ${id}`);
    const { from, to } = replica.thread(id);
    if (isLookedAt) assert.deepEqual([from, to], [1, fresh.object.last_seq], `${name}: all of ${id}`);
    for (const [seq, one] of held.messages)
      if (one.isWhole) assert.deepEqual(held.message(seq), fresh.messages[seq - 1], `${name}: ${id}.${seq}`);
    if (fresh.members && held.members && !held.areMembersStale)
      assert.deepEqual(...shownAlike([...held.members.values()], fresh.members), `${name}: members of ${id}`);
    const waiting = /** @type {import("../../../../web/client/types.d.ts").OutboxEntry[]} */ (replica.pending(id));
    assert.deepEqual(
      waiting.filter((one) => one.state !== "failed"),
      [],
      `${name}: pending of ${id}`,
    );
  }
}

/** Without the log's last number, which may be of what another has hidden from themselves. @param {Wire["Conversation"]} conversation */
const plain = ({ last_change_seq, ...rest }) => rest;

/**
 * Members in order. Nobody tells a device that another person has blocked its user, or does no longer: what is null on one side is not compared.
 *
 * @param {Wire["Member"][]} held
 * @param {Wire["Member"][]} fresh
 * @returns {[Wire["Member"][], Wire["Member"][]]}
 */
function shownAlike(held, fresh) {
  const isHidden = (/** @type {string} */ id) =>
    [...held, ...fresh].some((one) => one.user_id === id && one.read_seq === null);
  const [ours, theirs] = [held, fresh].map((members) =>
    members
      .map((one) => (isHidden(one.user_id) ? { ...one, read_seq: null, delivered_seq: null } : one))
      .sort((a, b) => (a.user_id < b.user_id ? -1 : 1)),
  );
  return [ours ?? [], theirs ?? []];
}

/** Opens all that a device has, and reads the members again: "what to read again". @param {Device} device */
async function lookAtAll({ client, replica }) {
  for (const id of [...replica.conversations.keys()]) {
    await client.open(id).catch(expected);
    const [first] = replica.thread(id).messages;
    if (first && first.seq > 1) await client.loadOlder(id, first.seq).catch(expected);
  }
}

/** @param {unknown} error */
function expected(error) {
  if (!(error instanceof ParleyError) || !GONE_WRONG.includes(error.status)) throw error;
}

/** Waits until the devices have what is true by then. @param {Device[]} devices @param {string[]} names @param {{isLookedAt: boolean}} what */
async function converge(devices, names, { isLookedAt }) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    /** @type {Map<string, Truth>} */
    const truths = new Map();
    for (const name of names) truths.set(people[name]?.id ?? "", await truthOf(name));
    try {
      for (const device of devices) compare(device, /** @type {Truth} */ (truths.get(device.person.id)), isLookedAt);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      if (PARLEY_TRACE) console.log("not yet:", String(error).slice(0, 300));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (isLookedAt) await Promise.all(devices.map(lookAgain));
  }
}

/** What screens do: one that opens reads its page, and one that shows a group its members when they may have changed. @param {Device} device */
async function lookAgain({ client, replica }) {
  for (const { id, object, areMembersStale } of [...replica.conversations.values()]) {
    const { foundOldest, foundNewest } = replica.thread(id);
    if (!foundOldest || !foundNewest) await client.open(id).catch(expected);
    const asked = { path: { conversation_id: id }, query: { limit: 100 } };
    if (object.type === "group" && areMembersStale)
      await client.rest("GET", "/conversations/{conversation_id}/members", asked).catch(expected);
  }
}

/**
 * Lets people do things.
 *
 * @param {Device[]} devices
 * @param {string[]} people
 * @param {ReturnType<typeof chooser>} choose
 * @param {string[]} choices
 * @param {number} steps
 */
async function live(devices, people, choose, choices, steps) {
  for (let step = 0; step < steps; step++) {
    const device = choose.of(devices);
    if (device.isAway) await device.back();
    const name = choose.of(choices);
    const known = [...device.replica.conversations.keys()].sort();
    const id = known.length ? choose.of(known) : undefined;
    const last = (id && device.replica.conversation(id)?.last_seq) || 0;
    const messageId = last ? `${id}.${Math.max(1, last - choose.below(4))}` : undefined;
    if (PARLEY_TRACE) console.log(step, device.name, name, messageId ?? id);
    const done = Promise.resolve(ACTS[name]?.({ device, choose, people, id, messageId })).catch(expected);
    if (choose.below(3)) await done; // some acts meet others that are under way
    if (!choose.below(4)) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Lets every device lose an event of a message and one of a change; then another message and another change show the gaps. Where nobody may write any more, a
 * device that has lost something connects again.
 *
 * @param {Device[]} devices
 */
async function loseAndGoOn(devices) {
  const ids = new Set(devices.flatMap(({ replica }) => [...replica.conversations.keys()]));
  for (const id of ids) {
    const members = devices.filter(({ replica }) => replica.conversations.has(id));
    let isShown = false;
    for (const fault of /** @type {const} */ (["lost", null])) {
      for (const device of members.filter(({ name }) => name.endsWith("1"))) {
        isShown = await writeAndReact(device, id, () => {
          for (const one of members) one.fault = fault;
        });
        if (isShown) break;
      }
      await new Promise((resolve) => setTimeout(resolve, 100)); // the last events come
      for (const device of members) device.fault = null;
    }
    for (const device of members) {
      if (isShown || !device.lost.has(id)) continue;
      device.cut();
      device.mend();
    }
  }
}

/** Says whether the device's user may still write there, and does. @param {Device} device @param {string} conversationId @param {() => void} before each of both */
async function writeAndReact(device, conversationId, before) {
  before();
  const sent = await device.client.send(conversationId, { text: "still here" }).message.catch(expected);
  if (!sent) return false;
  before();
  const path = { message_id: sent.id, emoji: "🎉" };
  for (const method of ["PUT", "DELETE"])
    await rest({ device })(method, "/messages/{message_id}/reactions/{emoji}", { path }).catch(expected);
  return true;
}

for (const [place, seed] of SEEDS.entries()) {
  const names = ["a", "b", "c"].map((letter) => `${letter}${place}`);
  test(`seed ${seed}: every device has what a fresh read shows`, async (t) => {
    const choose = chooser(seed);
    const ids = names.map((name) => people[name]?.id ?? "");
    const devices = names.flatMap((name) => [new Device(name, 1), new Device(name, 2)]);
    t.after(() => {
      for (const { client } of devices) client.close();
    });
    await Promise.all(devices.map(({ client }) => client.connect()));
    const [first] = /** @type {[Device]} */ (/** @type {unknown} */ (devices));
    const make = /** @type {any} */ (first.client).rest.bind(first.client);
    for (const user_id of ids.slice(1)) await make("POST", "/conversations", { body: { type: "direct", user_id } });
    await make("POST", "/conversations", { body: { type: "group", title: "All", member_ids: ids.slice(1) } });

    await live(devices, ids, choose, CHOICES, STEPS);
    await Promise.all(devices.map((device) => device.back()));
    await loseAndGoOn(devices);
    await converge(devices, names, { isLookedAt: false });

    const fresh = names.map((name) => new Device(name, 3));
    devices.push(...fresh);
    await Promise.all(fresh.map(({ client }) => client.connect()));
    await Promise.all(devices.map(lookAtAll));
    await converge(devices, names, { isLookedAt: true });

    await live(devices, ids, choose, QUIET_CHOICES, QUIET_STEPS);
    await converge(devices, names, { isLookedAt: false });
  });
}
