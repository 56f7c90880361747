/** Conversations, messages and answers as the server makes them, for tests without one. */

/** @typedef {import("../../../web/client/wire.d.ts").components["schemas"]} Wire */

export const ME = "alice";

/** @param {Partial<Wire["Conversation"]>} [fields] @returns {Wire["Conversation"]} */
export function conversation(fields = {}) {
  const type = fields.type ?? "direct";
  const members = ["alice", "bob"].map((user_id) => member({ user_id }));
  return {
    id: "d_1",
    type,
    title: null,
    description: null,
    context: null,
    state: "open",
    posting: "everyone",
    slow_mode_s: 0,
    history: "all",
    custom_type: null,
    metadata: null,
    shared_seq: 0,
    role: "member",
    members: type === "direct" ? members : [],
    member_count: 2,
    last_message: null,
    last_seq: 0,
    last_change_seq: 0,
    unread: 0,
    unread_mentions: 0,
    mention_seqs: [],
    read_seq: 0,
    delivered_seq: 0,
    unread_from_seq: null,
    settings: { pinned: false, muted_until: null, notifications: "all" },
    own_seq: 0,
    archived: false,
    visible_from_seq: 1,
    capabilities: ["send"],
    created_at: "2026-11-29T12:00:00.000Z",
    last_activity_at: "2026-11-29T12:00:00.000Z",
    ...fields,
  };
}

/** @param {Partial<Wire["Member"]>} [fields] @returns {Wire["Member"]} */
export function member(fields = {}) {
  return { user_id: "bob", name: "Bob", role: "student", read_seq: 0, delivered_seq: 0, ...fields };
}

/** @param {Partial<Wire["Message"]>} [fields] @returns {Wire["Message"]} */
export function message(fields = {}) {
  const conversation_id = fields.conversation_id ?? "d_1";
  const seq = fields.seq ?? 1;
  return {
    id: `${conversation_id}.${seq}`,
    conversation_id,
    seq,
    sender_id: "bob",
    kind: "text",
    text: `number ${seq}`,
    system: null,
    reply_to: null,
    forwarded_from: null,
    mentions: [],
    attachments: [],
    custom_type: null,
    metadata: null,
    reactions: [],
    pinned: false,
    created_at: "2026-11-29T12:00:01.000Z",
    edited_at: null,
    deleted_at: null,
    client_id: null,
    via: null,
    change_seq: 0,
    blocked: false,
    hidden: false,
    removed: false,
    ...fields,
  };
}

/** @param {Partial<Wire["Shared"]>} [fields] @returns {Wire["Shared"]} */
export function shared(fields = {}) {
  return {
    shared_seq: 1,
    title: "New",
    description: null,
    state: "open",
    posting: "everyone",
    slow_mode_s: 0,
    history: "all",
    custom_type: null,
    metadata: null,
    member_count: 2,
    owner_ids: [],
    admin_ids: [],
    muted_ids: [],
    capabilities: { owner: ["all"], admin: ["send", "pin"], member: ["send"], muted_member: [] },
    ...fields,
  };
}

/** One conversation's part of the answer to `sync`. @param {Partial<Wire["Caught"]>} [fields] @returns {Wire["Caught"]} */
export function caught(fields = {}) {
  const { last_seq = 0, last_change_seq = 0 } = fields;
  return {
    verdict: "complete",
    messages: [],
    changes: [],
    last_seq,
    last_change_seq,
    mine: {
      read_seq: 0,
      delivered_seq: 0,
      unread: 0,
      mention_seqs: [],
      unread_from_seq: null,
      settings: { pinned: false, muted_until: null, notifications: "all" },
      own_seq: 0,
      archived: false,
      visible_from_seq: 1,
    },
    markers: [],
    next: { seq: last_seq, change_seq: last_change_seq },
    ...fields,
  };
}

/** The answer to `sync`. @param {Partial<Wire["CaughtUp"]>} [fields] @returns {Wire["CaughtUp"]} */
export function caughtUp(fields = {}) {
  return {
    conversations: {},
    joined: [],
    left: [],
    joined_capped: false,
    later: [],
    blocked: [],
    as_of: "2026-11-29T12:00:00.000Z",
    listed: null,
    users: {},
    ...fields,
  };
}
