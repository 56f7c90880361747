/** The product's own store and replica with many conversations, without a server: what comes is given by the test. */
import { Emitter } from "/web/client/emitter.js";
import { Replica } from "/web/client/replica/replica.js";
import { createStore } from "/web/store/store.js";

const START = Date.parse("2026-11-29T12:00:00.000Z");
const NAMES = ["Ada", "Ben", "Cleo", "Dóra", "Elif", "Finn", "Gus", "Hana"];

/** Conversation number `n`, counted from the newest: every tenth is unread, every hundredth is archived. */
export function conversation(n) {
  const id = `d_${n}`;
  const at = new Date(START - n * 60_000).toISOString();
  const name = `${NAMES[n % NAMES.length]} ${n}`;
  const member = (user_id, said) => ({ user_id, name: said, role: "member", read_seq: 1, delivered_seq: 1 });
  const isUnread = n % 10 === 3;
  return {
    id,
    type: "direct",
    ...{ title: null, description: null, context: null, custom_type: null, metadata: null },
    ...{ state: "open", posting: "everyone", slow_mode_s: 0, role: "member", shared_seq: 1, own_seq: 1 },
    members: [member("me", "Me"), member(`u_${n}`, name)],
    member_count: 2,
    last_message: {
      ...{ id: `${id}.1`, seq: 1, sender_id: `u_${n}`, kind: "text", custom_type: null, system: null },
      ...{ text: `Message of ${name}`, attachments: null, created_at: at, change_seq: 0, deleted_at: null, blocked: false, hidden: false },
    },
    ...{ last_seq: 1, last_change_seq: 0, read_seq: isUnread ? 0 : 1, delivered_seq: 1, unread: isUnread ? 1 : 0 },
    ...{ unread_mentions: 0, mention_seqs: [], archived: n % 100 === 50, last_activity_at: at, created_at: at },
    settings: { pinned: false, muted_until: null, notifications: "all" },
    capabilities: ["send_message", "typing", "react"],
  };
}

export function storeOf(count) {
  const client = new Emitter();
  const replica = new Replica({ userId: "me", now: () => START });
  const feed = (input) => client.emit("change", replica.apply(input).changes);
  Object.assign(client, {
    ...{ userId: "me", replica, now: () => START, watchPresence: () => () => {}, open: async () => {}, leave: () => {} },
    state: { status: "online", error: null, retryAt: null, isLeader: true, hello: null },
    connect: async () => {},
    rest: async () => ({ conversations: [], users: [], results: [], next: null }),
  });
  const conversations = Array.from({ length: count }, (_, n) => conversation(n));
  const users = Object.fromEntries(
    conversations.map(({ members: [, { user_id, name }] }) => [user_id, { name, role: "user", avatar_url: null, profile_seq: 1 }]),
  );
  const store = createStore(client);
  const operation = "GET /conversations";
  feed({ kind: "rest", operation, parameters: {}, query: {}, body: null, data: { conversations, users, next: null } });
  /** A message comes in conversation number `n`. */
  const receive = (n, text) => {
    const id = `d_${n}`;
    const seq = replica.conversations.get(id).object.last_seq + 1;
    const message = {
      ...{ id: `${id}.${seq}`, conversation_id: id, seq, sender_id: `u_${n}`, kind: "text", text, system: null, reply_to: null },
      ...{ forwarded_from: null, mentions: [], attachments: [], custom_type: null, metadata: null, reactions: [], pinned: false },
      ...{ created_at: new Date(START + seq * 1000 + n).toISOString(), edited_at: null, deleted_at: null, client_id: null, via: null },
      ...{ change_seq: 0, blocked: false, hidden: false, removed: false },
    };
    feed({ kind: "event", event: "new_message", data: { conversation_id: id, message, users: {} } });
  };
  return { store, receive, records: () => conversations.map(({ id }) => [id, replica.dump(id)]), loaded: () => store.load() };
}
