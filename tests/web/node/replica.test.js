import assert from "node:assert/strict";
import { test } from "node:test";
import { Replica } from "../../../web/client/replica/replica.js";
import { caught, caughtUp, conversation, ME, member, message, shared } from "./wire.js";

/** @typedef {import("./wire.js").Wire} Wire */
const NOW = Date.parse("2026-11-29T12:00:00.000Z");
const HISTORY = "GET /conversations/{conversation_id}/messages";

/** A replica with conversations, and a clock that the test moves. @param {Wire["Conversation"][]} conversations */
function replicaOf(...conversations) {
  const clock = { ms: NOW };
  const replica = new Replica({ userId: ME, now: () => clock.ms });
  sync(replica, { joined: conversations });
  return { replica, clock };
}

/** @param {Replica} replica @param {Partial<Wire["CaughtUp"]>} fields */
const sync = (replica, fields) => replica.apply({ kind: "ack", action: "sync", data: caughtUp(fields) });

/** @param {Replica} replica @param {string} event @param {Record<string, any>} data */
const hear = (replica, event, data) =>
  replica.apply({ kind: "event", event, data: { users: {}, conversation_id: "d_1", ...data } });

/** @param {Replica} replica @param {Partial<Wire["Message"]>} fields @param {string} [event] */
const hearNew = (replica, fields, event = "new_message") =>
  hear(replica, event, { conversation_id: fields.conversation_id ?? "d_1", message: message(fields) });

/** @param {Replica} replica @param {string} event @param {Partial<Wire["Message"]>} fields @param {Record<string, any>} [more] */
const hearChange = (replica, event, fields, more = {}) =>
  hear(replica, event, {
    conversation_id: fields.conversation_id ?? "d_1",
    change_seq: fields.change_seq,
    message_id: `d_1.${fields.seq ?? 1}`,
    user_id: "bob",
    message: message(fields),
    ...more,
  });

/** @param {Replica} replica @param {Partial<Wire["Message"]>[]} messages @param {Record<string, any>} [more] */
const readHistory = (replica, messages, more = {}) =>
  replica.apply({
    kind: "rest",
    operation: HISTORY,
    parameters: { conversation_id: "d_1" },
    query: {},
    data: { messages: messages.map(message), found_oldest: false, found_newest: true, users: {}, ...more },
  });

/** @param {Replica} replica @param {string} operation @param {any} data @param {Record<string, any>} [more] */
const answer = (replica, operation, data, more = {}) => replica.apply({ kind: "rest", operation, data, ...more });

/** @param {Replica} replica @param {string} [id] */
function held(replica, id = "d_1") {
  const found = replica.conversations.get(id);
  assert.ok(found, `${id} is held`);
  return found;
}

/** @param {Replica} replica @param {string} [id] */
const object = (replica, id = "d_1") => held(replica, id).object;

/** @param {Replica} replica @param {number} [seq] @param {string} [id] */
function shown(replica, seq = 1, id = "d_1") {
  const found = held(replica, id).message(seq);
  assert.ok(found, `${seq} is held`);
  return found;
}

const group = (fields = {}) => conversation({ id: "g_1", type: "group", ...fields });

// --- Receiving ---------------------------------------------------------------------------------------------------------

test("the next message moves the cursor, and the list follows it", () => {
  const { replica } = replicaOf(conversation({ archived: true }));
  const { changes, wants } = hearNew(replica, { seq: 1, text: "hello" });
  assert.deepEqual(held(replica).cursor, { seq: 1, change_seq: 0 });
  assert.equal(object(replica).last_message?.text, "hello");
  assert.equal(object(replica).unread, 1);
  assert.equal(object(replica).archived, false);
  assert.equal(object(replica).last_activity_at, "2026-11-29T12:00:01.000Z");
  assert.ok(changes.conversations.has("d_1") && changes.list);
  assert.deepEqual(
    changes.news.map((one) => one.text),
    ["hello"],
  );
  assert.deepEqual(wants, []);
});

test("a message that comes twice is dropped", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1, text: "hello" });
  const { changes } = hearNew(replica, { seq: 1, text: "again" });
  assert.equal(shown(replica).text, "hello");
  assert.deepEqual(changes.news, []);
});

test("a message after a gap is kept, and the rest is wanted until it has come", () => {
  const { replica } = replicaOf(conversation());
  assert.deepEqual(hearNew(replica, { seq: 2 }).wants, [{ want: "sync" }]);
  assert.equal(held(replica).cursor.seq, 0);
  assert.equal(replica.isMissing, true);
  assert.deepEqual(hearNew(replica, { seq: 1 }).wants, []);
  assert.equal(held(replica).cursor.seq, 2);
  assert.equal(replica.isMissing, false);
});

test("events of an unknown conversation are kept until it was read", () => {
  const { replica } = replicaOf();
  assert.deepEqual(hearNew(replica, { seq: 4 }).wants, [{ want: "conversation", id: "d_1" }]);
  hearNew(replica, { seq: 5, text: "five" });
  const { changes } = answer(
    replica,
    "GET /conversations/{conversation_id}",
    { ...conversation({ last_seq: 4 }), users: {} },
    { parameters: { conversation_id: "d_1" } },
  );
  assert.equal(object(replica).last_message?.text, "five");
  assert.deepEqual(
    changes.news.map((one) => one.seq),
    [5],
  );
  assert.equal("users" in object(replica), false);
});

test("events of a conversation that is gone are dropped", () => {
  const { replica } = replicaOf();
  hearNew(replica, { seq: 4 });
  replica.apply({ kind: "gone", conversation_id: "d_1" });
  sync(replica, { joined: [conversation({ last_seq: 2, last_message: null })] });
  assert.equal(object(replica).last_seq, 2);
});

test("a notification's text may be cut: it is in no run, and a read makes it whole", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1, text: "a".repeat(100) }, "message_notification");
  assert.deepEqual(replica.thread("d_1").messages, []);
  assert.equal(replica.thread("d_1").foundNewest, false);
  readHistory(replica, [{ seq: 1, text: "a".repeat(101) }]);
  assert.equal(replica.thread("d_1").messages[0]?.text.length, 101);
  assert.equal(object(replica).last_message?.text.length, 100);
});

test("the whole message takes the place of its notification", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1, text: "a".repeat(100) }, "message_notification");
  hearNew(replica, { seq: 1, text: "a".repeat(200) });
  assert.equal(replica.thread("d_1").messages[0]?.text.length, 200);
});

test("a short notification is whole, and a text is cut between characters", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1, text: "😀".repeat(60) }, "message_notification");
  assert.equal(replica.thread("d_1").messages.length, 1);
  hearNew(replica, { seq: 2, text: "😀".repeat(120) });
  assert.equal(object(replica).last_message?.text, "😀".repeat(100));
});

test("a list shows of attachments their number, their kind and the first name", () => {
  const { replica } = replicaOf(conversation());
  /** @param {string} name @param {"image" | "audio"} kind */
  const file = (name, kind) => ({ id: name, name, kind, type: "x/y", size: 1 });
  hearNew(replica, { seq: 1, attachments: [file("n".repeat(70), "image"), file("b", "image")] });
  assert.deepEqual(object(replica).last_message?.attachments, { count: 2, kind: "image", name: "n".repeat(60) });
  hearNew(replica, { seq: 2, attachments: [file("a", "image"), file("b", "audio")] });
  assert.equal(object(replica).last_message?.attachments?.kind, "file");
});

test("a list shows of a system message three people and their number", () => {
  const { replica } = replicaOf(conversation());
  const system = { event: "members_added", user_ids: ["a", "b", "c", "d"], title: "t".repeat(120) };
  hearNew(replica, { seq: 1, kind: "system", text: "", system });
  assert.deepEqual(object(replica).last_message?.system, {
    event: "members_added",
    user_ids: ["a", "b", "c"],
    user_count: 4,
    title: "t".repeat(100),
  });
});

test("who writes has read, but not if the host wrote in their name", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1, sender_id: ME, via: "host" });
  assert.equal(object(replica).unread, 1);
  assert.deepEqual(hearNew(replica, { seq: 2, sender_id: ME }).changes.news, []);
  assert.equal(object(replica).unread, 0);
  assert.equal(object(replica).read_seq, 2);
});

test("markers only grow, cover what is before them and make receipts", () => {
  const { replica } = replicaOf(conversation({ last_seq: 3 }));
  assert.equal(replica.receipt("d_1", 2), "sent");
  hear(replica, "message_delivered", { user_id: "bob", seq: 3 });
  assert.equal(replica.receipt("d_1", 2), "delivered");
  hear(replica, "message_read", { user_id: "bob", seq: 2 });
  hear(replica, "message_read", { user_id: "bob", seq: 1 });
  assert.equal(replica.receipt("d_1", 2), "read");
  assert.equal(replica.receipt("d_1", 3), "delivered");
  assert.deepEqual(object(replica).members[1], member({ read_seq: 2, delivered_seq: 3 }));
});

test("an ack's markers are the user's own", () => {
  const { replica } = replicaOf(conversation({ last_seq: 3, unread: 3 }));
  const data = { conversation_id: "d_1", read_seq: 2, delivered_seq: 3, unread: 1, moved: true };
  replica.apply({ kind: "ack", action: "mark_read", data });
  assert.equal(object(replica).unread, 1);
  answer(replica, "PATCH /conversations/{conversation_id}/read-all", { ...data, read_seq: 3 });
  assert.equal(object(replica).unread, 0);
});

// --- Unread mentions ---------------------------------------------------------------------------------------------------

test("mentions are counted until they are read, edited away or deleted", () => {
  const { replica } = replicaOf(group());
  const at = { conversation_id: "g_1" };
  hearNew(replica, { ...at, seq: 1, mentions: [ME] });
  hearNew(replica, { ...at, seq: 2, mentions: ["*"] });
  hearNew(replica, { ...at, seq: 3, mentions: ["carol"] });
  hearNew(replica, { ...at, seq: 4, mentions: [ME] });
  assert.deepEqual(object(replica, "g_1").mention_seqs, [1, 2, 4]);
  hear(replica, "conversation_read", { ...at, user_id: ME, seq: 1 });
  hearChange(replica, "message_updated", { ...at, seq: 2, change_seq: 1, mentions: [] });
  hearChange(replica, "message_updated", { ...at, seq: 3, change_seq: 2, mentions: ["carol", ME] });
  assert.deepEqual(object(replica, "g_1").mention_seqs, [3, 4]);
  const deleted_at = "2026-11-29T12:00:02.000Z";
  hearChange(replica, "message_deleted", { ...at, seq: 4, change_seq: 3, deleted_at, text: "" });
  assert.equal(object(replica, "g_1").unread_mentions, 1);
});

test("an event says whom a hidden message mentions, what is read of it does not", () => {
  const { replica } = replicaOf(group());
  const at = { conversation_id: "g_1", seq: 1 };
  const hidden = { ...at, hidden: true, text: "", mentions: [], deleted_at: "2026-11-29T12:00:02.000Z" };
  hearNew(replica, { ...at, mentions: [ME] });
  hearChange(replica, "message_deleted", { ...hidden, change_seq: 0 }, { scope: "me", user_id: ME });
  assert.deepEqual(object(replica, "g_1").mention_seqs, [1]);
  hearChange(replica, "message_updated", { ...at, change_seq: 2, mentions: [] });
  assert.deepEqual(object(replica, "g_1").mention_seqs, []);
  hearChange(replica, "message_updated", { ...at, change_seq: 3, mentions: [ME] });
  assert.deepEqual(object(replica, "g_1").mention_seqs, [1]);
  answer(replica, "GET /messages/{message_id}", message({ ...hidden, change_seq: 4 }));
  assert.deepEqual(object(replica, "g_1").mention_seqs, [1]);
  assert.equal(shown(replica, 1, "g_1").text, "");
});

test("a hidden message leaves the mentions as they are, and the list shows nothing of it", () => {
  const { replica } = replicaOf(group());
  const at = { conversation_id: "g_1" };
  hearNew(replica, { ...at, seq: 1, mentions: [ME] });
  const hidden = { ...at, seq: 1, change_seq: 1, hidden: true, text: "", deleted_at: "2026-11-29T12:00:02.000Z" };
  hearChange(replica, "message_deleted", hidden, { scope: "me", user_id: ME });
  assert.deepEqual(object(replica, "g_1").mention_seqs, [1]);
  assert.equal(object(replica, "g_1").last_message, null);
  hearChange(replica, "message_updated", { ...at, seq: 1, change_seq: 2, text: "back?" });
  assert.equal(shown(replica, 1, "g_1").text, "");
  assert.equal(shown(replica, 1, "g_1").hidden, true);
});

/** Hides a message of the group for the user. @param {Replica} replica @param {number} seq @param {number} change_seq */
const hide = (replica, seq, change_seq) =>
  hearChange(
    replica,
    "message_deleted",
    { conversation_id: "g_1", seq, change_seq, hidden: true, text: "" },
    { scope: "me", user_id: ME },
  );

test("the list shows the newest message that the user has not deleted", () => {
  const { replica } = replicaOf(group());
  for (const seq of [1, 2, 3]) hearNew(replica, { conversation_id: "g_1", seq, text: `number ${seq}` });
  hide(replica, 2, 1);
  assert.equal(object(replica, "g_1").last_message?.text, "number 3");
  assert.deepEqual(hide(replica, 3, 2).wants, []);
  assert.equal(object(replica, "g_1").last_message?.text, "number 1");
  hide(replica, 1, 3);
  assert.equal(object(replica, "g_1").last_message, null);
  hearNew(replica, { conversation_id: "g_1", seq: 4, text: "number 4" });
  assert.equal(object(replica, "g_1").last_message?.text, "number 4");
});

test("a conversation whose earlier message is not here is read again", () => {
  const listed = { seq: 8, change_seq: 0, text: "the last", sender_id: "bob", kind: "text" };
  const { replica } = replicaOf(group({ last_seq: 8, last_message: listed }));
  const read = { want: "conversation", id: "g_1" };
  assert.deepEqual(hide(replica, 8, 1).wants, [read]);
  assert.equal(object(replica, "g_1").last_message, null);

  const earlier = group({ last_seq: 8, last_change_seq: 1, last_message: { ...listed, seq: 5, text: "before it" } });
  assert.deepEqual(answer(replica, "GET /conversations/{conversation_id}", earlier).wants, []);
  assert.equal(object(replica, "g_1").last_message?.text, "before it");
  hearChange(replica, "message_updated", { conversation_id: "g_1", seq: 5, change_seq: 2, text: "edited" });
  assert.equal(object(replica, "g_1").last_message?.text, "edited");
});

// --- Changes -----------------------------------------------------------------------------------------------------------

test("of a message the version with the greatest change_seq stays, whatever comes last", () => {
  const { replica } = replicaOf(conversation());
  hearChange(replica, "message_updated", { seq: 1, change_seq: 2, text: "second" });
  hearChange(replica, "message_updated", { seq: 1, change_seq: 1, text: "first" });
  hearNew(replica, { seq: 1, text: "late" });
  assert.equal(shown(replica).text, "second");
  assert.equal(object(replica).last_message?.text, "second");
});

test("a deleted message stays deleted, in every order", () => {
  const { replica } = replicaOf(conversation());
  const deleted_at = "2026-11-29T12:00:02.000Z";
  hearChange(replica, "message_deleted", { seq: 1, change_seq: 1, text: "", deleted_at });
  hearNew(replica, { seq: 1, text: "late" });
  hearChange(replica, "reaction_added", { seq: 1, change_seq: 2, text: "late" }, { emoji: "👍" });
  assert.equal(shown(replica).text, "");
  assert.equal(shown(replica).change_seq, 2);
});

test("what a moderator has removed comes back by a later message_updated only", () => {
  const { replica } = replicaOf(conversation());
  const deleted_at = "2026-11-29T12:00:02.000Z";
  hearNew(replica, { seq: 1, text: "hello" });
  hearChange(replica, "message_deleted", { seq: 1, change_seq: 1, text: "", deleted_at, removed: true });
  hearChange(replica, "reaction_added", { seq: 1, change_seq: 2, text: "hello" }, { emoji: "👍" });
  assert.equal(shown(replica).text, "");
  hearChange(replica, "message_updated", { seq: 1, change_seq: 3, text: "hello" });
  assert.equal(shown(replica).text, "hello");
});

test("own reactions follow the events that set them", () => {
  const { replica } = replicaOf(conversation());
  const up = { emoji: "👍", count: 2, mine: false };
  hearNew(replica, { seq: 1 });
  hearChange(replica, "reaction_added", { change_seq: 1, reactions: [up] }, { emoji: "👍", user_id: ME });
  assert.equal(shown(replica).reactions[0]?.mine, true);
  hearChange(replica, "reaction_added", { change_seq: 2, reactions: [up] }, { emoji: "👍" });
  assert.equal(shown(replica).reactions[0]?.mine, true, "another person's event says nothing of mine");
  hearChange(replica, "message_updated", { change_seq: 5, reactions: [up] });
  hearChange(replica, "reaction_removed", { change_seq: 4, reactions: [up] }, { emoji: "👍", user_id: ME });
  assert.equal(shown(replica).reactions[0]?.mine, false, "also with a newer version of the message");
  hearChange(replica, "reaction_added", { change_seq: 3, reactions: [up] }, { emoji: "👍", user_id: ME });
  assert.equal(shown(replica).reactions[0]?.mine, false, "an earlier one of the user's own that comes late");
  readHistory(replica, [{ seq: 1, change_seq: 5, reactions: [{ ...up, mine: true }] }]);
  assert.equal(shown(replica).reactions[0]?.mine, true, "a read has mine as of its change_seq");
  hearChange(replica, "reaction_removed", { change_seq: 3, reactions: [up] }, { emoji: "👍", user_id: ME });
  assert.equal(shown(replica).reactions[0]?.mine, true);
});

test("a change after a gap is wanted, and the early ones count when the gap is closed", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1 });
  assert.deepEqual(hearChange(replica, "message_updated", { change_seq: 2 }).wants, [{ want: "sync" }]);
  assert.deepEqual(hearChange(replica, "message_updated", { change_seq: 1 }).wants, []);
  assert.equal(held(replica).cursor.change_seq, 2);
});

test("numbers of others' own changes never come: a complete sync ends the wait", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1 });
  hearChange(replica, "message_updated", { change_seq: 3 });
  hearChange(replica, "message_updated", { change_seq: 6 });
  const { wants } = sync(replica, { conversations: { d_1: caught({ last_seq: 1, last_change_seq: 3 }) } });
  assert.deepEqual(wants, [{ want: "sync" }], "6 came after the answer");
  assert.equal(held(replica).cursor.change_seq, 3);
  sync(replica, { conversations: { d_1: caught({ last_seq: 1, last_change_seq: 6 }) } });
  assert.equal(replica.isMissing, false);
});

test("the greatest shared_seq counts, with the role and what it may do", () => {
  const { replica } = replicaOf(group());
  const at = { conversation_id: "g_1", user_id: "bob", change_seq: 1, own: null };
  const first = hear(replica, "conversation_updated", { ...at, shared: shared({ shared_seq: 2, admin_ids: [ME] }) });
  assert.deepEqual(first.wants, [], "a group is not read again");
  assert.equal(object(replica, "g_1").role, "admin");
  assert.deepEqual(held(replica, "g_1").roles?.admin_ids, [ME]);
  assert.deepEqual(object(replica, "g_1").capabilities, ["send", "pin"]);
  hear(replica, "conversation_updated", { ...at, change_seq: 2, shared: shared({ shared_seq: 1, title: "Old" }) });
  assert.equal(object(replica, "g_1").title, "New");
  hear(replica, "conversation_updated", { ...at, change_seq: 3, shared: shared({ shared_seq: 3, muted_ids: [ME] }) });
  assert.deepEqual(object(replica, "g_1").capabilities, []);
  assert.equal("owner_ids" in object(replica, "g_1"), false);
});

test("a direct conversation is read again whenever a newer shared comes", () => {
  const { replica } = replicaOf(conversation({ shared_seq: 1 }));
  const data = { user_id: "bob", change_seq: 1, own: null };
  const again = hear(replica, "conversation_updated", { ...data, shared: shared({ shared_seq: 1 }) });
  assert.deepEqual(again.wants, []);
  const newer = hear(replica, "conversation_updated", { ...data, shared: shared({ shared_seq: 2 }) });
  assert.deepEqual(newer.wants, [{ want: "conversation", id: "d_1" }]);
});

test("the user's own settings: the greatest own_seq counts, and archived holds as of its last_seq", () => {
  const { replica } = replicaOf(conversation());
  const settings = { pinned: true, muted_until: null, notifications: /** @type {const} */ ("none") };
  const data = { user_id: ME, change_seq: null, shared: null };
  const read = { read_seq: 0, unread_from_seq: null, visible_from_seq: 1 };
  hearNew(replica, { seq: 1 });
  hear(replica, "conversation_updated", {
    ...data,
    own: { own_seq: 2, settings, archived: true, last_seq: 0, ...read },
  });
  assert.deepEqual(object(replica).settings, settings);
  assert.equal(object(replica).archived, false, "a later message is here");
  hear(replica, "conversation_updated", {
    ...data,
    own: { own_seq: 3, settings, archived: true, last_seq: 1, ...read },
  });
  assert.equal(object(replica).archived, true);
  const old = { own_seq: 2, settings: { ...settings, pinned: false }, archived: false, last_seq: 1, ...read };
  hear(replica, "conversation_updated", { ...data, own: old });
  assert.equal(object(replica).settings.pinned, true);
});

test("what the user has cleared is forgotten on every device, and what comes late of it is dropped", () => {
  const { replica } = replicaOf(conversation());
  for (const seq of [1, 2, 3]) hearNew(replica, { seq, mentions: [ME] });
  const { settings } = object(replica);
  const own = {
    own_seq: 1,
    settings,
    archived: false,
    last_seq: 3,
    visible_from_seq: 3,
    read_seq: 0,
    unread_from_seq: null,
  };
  hear(replica, "conversation_updated", { user_id: ME, change_seq: null, shared: null, own });
  assert.deepEqual([object(replica).unread, object(replica).mention_seqs], [1, [3]]);
  assert.equal(object(replica).last_message?.seq, 3);
  const held = /** @type {import("../../../web/client/replica/conversation.js").HeldConversation} */ (
    replica.conversations.get("d_1")
  );
  assert.deepEqual(held.thread(), { from: 3, to: 3, foundOldest: true, foundNewest: true });
  hearNew(replica, { seq: 2 });
  assert.equal(held.message(2), null);
  const all = { ...own, own_seq: 2, visible_from_seq: 4 };
  hear(replica, "conversation_updated", { user_id: ME, change_seq: null, shared: null, own: all });
  assert.deepEqual([object(replica).unread, object(replica).last_message], [0, null]);
  assert.deepEqual(held.thread(), { from: 1, to: 0, foundOldest: true, foundNewest: true });
});

test("marked as unread: it holds while read_seq is the one that came with it", () => {
  const { replica } = replicaOf(conversation({ last_seq: 3, read_seq: 3 }));
  const settings = { pinned: false, muted_until: null, notifications: /** @type {const} */ ("all") };
  const own = {
    own_seq: 1,
    settings,
    archived: false,
    last_seq: 3,
    visible_from_seq: 1,
    read_seq: 3,
    unread_from_seq: 2,
  };
  const data = { user_id: ME, change_seq: null, shared: null };
  const shown = () => [object(replica).unread, object(replica).unread_from_seq];
  hear(replica, "conversation_updated", { ...data, own });
  assert.deepEqual(shown(), [2, 2]);
  hearNew(replica, { seq: 4 });
  assert.deepEqual(shown(), [3, 2]);
  hear(replica, "message_read", { conversation_id: "d_1", message_id: "d_1.4", seq: 4, user_id: ME, read_at: "" });
  assert.deepEqual(shown(), [0, null]);
  hear(replica, "conversation_updated", { ...data, own: { ...own, own_seq: 2 } });
  assert.deepEqual(shown(), [0, null], "it was marked before the read");
  const marked = { conversation_id: "d_1", read_seq: 4, delivered_seq: 4, unread: 4, moved: false };
  replica.apply({
    kind: "ack",
    action: "mark_unread",
    data: { ...marked, own: { ...own, own_seq: 4, read_seq: 4, unread_from_seq: 1 } },
  });
  assert.deepEqual(shown(), [4, 1]);
  hear(replica, "conversation_updated", { ...data, own: { ...own, own_seq: 3, read_seq: 4 } });
  assert.deepEqual(shown(), [4, 1], "an older change");
  replica.apply({
    kind: "ack",
    action: "mark_read",
    data: { ...marked, own: { ...own, own_seq: 5, read_seq: 4, unread_from_seq: null } },
  });
  assert.deepEqual(shown(), [0, null]);
});

test("the user's own removal ends the conversation, unless they are back", () => {
  const { replica } = replicaOf(group({ shared_seq: 3 }));
  const data = { conversation_id: "g_1", user_id: "bob", removed_id: ME, change_seq: 1 };
  hear(replica, "member_removed", { ...data, shared: shared({ shared_seq: 3 }) });
  assert.ok(replica.conversations.has("g_1"));
  const { changes } = hear(replica, "member_removed", { ...data, shared: shared({ shared_seq: 4 }) });
  assert.equal(replica.conversations.has("g_1"), false);
  assert.ok(changes.list && changes.conversations.has("g_1"));
});

test("the user's own return with a greater shared_seq is read again", () => {
  const { replica } = replicaOf(group({ shared_seq: 3 }));
  const data = { conversation_id: "g_1", user_id: "bob", user_ids: [ME], change_seq: 1 };
  const { wants } = hear(replica, "member_added", { ...data, shared: shared({ shared_seq: 5 }) });
  assert.deepEqual(wants, [{ want: "conversation", id: "g_1" }]);
  assert.equal(object(replica, "g_1").shared_seq, 3);
});

// --- Members of a group ------------------------------------------------------------------------------------------------

test("members are read page by page, follow markers and say when they have to be read again", () => {
  const { replica } = replicaOf(group());
  const at = { parameters: { conversation_id: "g_1" } };
  const members = "GET /conversations/{conversation_id}/members";
  answer(replica, members, { members: [member({ user_id: ME })], next: "2", users: {} }, at);
  assert.equal(held(replica, "g_1").members, null);
  answer(replica, members, { members: [member()], next: null, users: {} }, { ...at, query: { cursor: "2" } });
  assert.equal(held(replica, "g_1").members?.size, 2);
  assert.equal(held(replica, "g_1").areMembersStale, false);
  hear(replica, "message_read", { conversation_id: "g_1", user_id: "bob", seq: 4 });
  assert.equal(replica.receipt("g_1", 4), "read");
  hearNew(replica, { conversation_id: "g_1", seq: 1, sender_id: ME });
  const data = { conversation_id: "g_1", user_id: ME, removed_id: "bob", change_seq: 1 };
  hear(replica, "member_removed", { ...data, shared: shared() });
  assert.equal(held(replica, "g_1").members?.has("bob"), false);
  assert.equal(held(replica, "g_1").areMembersStale, true);
});

test("of a group a message is read once all have read it", () => {
  const { replica } = replicaOf(group());
  const people = [member({ user_id: ME }), member({ read_seq: 2, delivered_seq: 2 }), member({ user_id: "carol" })];
  const at = { parameters: { conversation_id: "g_1" } };
  answer(replica, "GET /conversations/{conversation_id}/members", { members: people, next: null, users: {} }, at);
  assert.equal(replica.receipt("g_1", 2), "sent");
  hear(replica, "message_delivered", { conversation_id: "g_1", user_id: "carol", seq: 2 });
  assert.equal(replica.receipt("g_1", 2), "delivered");
  hear(replica, "conversation_read", { conversation_id: "g_1", user_id: "carol", seq: 2 });
  assert.equal(replica.receipt("g_1", 2), "read");
});

// --- Catching up -------------------------------------------------------------------------------------------------------

test("sync: what the user left is forgotten, what is new is taken, with people first", () => {
  const { replica } = replicaOf(conversation(), group());
  const users = { carol: { name: "Carol", role: "teacher", avatar_url: null, profile_seq: 1 } };
  const listed = { conversations: [conversation({ id: "d_3" })], next: null };
  const { wants } = sync(replica, {
    left: ["g_1"],
    joined: [conversation({ id: "d_2" })],
    joined_capped: true,
    listed,
    users,
  });
  assert.deepEqual([...replica.conversations.keys()], ["d_1", "d_2", "d_3"]);
  assert.equal(replica.users.get("carol")?.name, "Carol");
  assert.deepEqual(wants, [{ want: "list" }]);
});

test("sync: messages and changes are as the user sees them", () => {
  const { replica } = replicaOf(conversation());
  const up = { emoji: "👍", count: 1, mine: true };
  const changed = message({ seq: 1, change_seq: 1, reactions: [up] });
  const event = { change_seq: 1, message_id: "d_1.1", user_id: ME, message: changed, emoji: "👍", users: {} };
  const { changes } = sync(replica, {
    conversations: {
      d_1: caught({
        messages: [message({ seq: 1 }), message({ seq: 2 })],
        changes: [{ event: "reaction_added", data: /** @type {any} */ ({ conversation_id: "d_1", ...event }) }],
        last_seq: 2,
        last_change_seq: 1,
      }),
    },
  });
  assert.equal(shown(replica).reactions[0]?.mine, true);
  assert.deepEqual(held(replica).cursor, { seq: 2, change_seq: 1 });
  assert.equal(replica.thread("d_1").messages.length, 2);
  assert.ok(changes.conversations.has("d_1"));
});

test("sync: the user's own part, but not of what is known beyond its numbers", () => {
  const { replica } = replicaOf(group());
  const at = { conversation_id: "g_1" };
  hearNew(replica, { ...at, seq: 1, mentions: [ME] });
  hearNew(replica, { ...at, seq: 2, mentions: [ME] });
  hearNew(replica, { ...at, seq: 3 });
  const mine = { ...caught().mine, read_seq: 0, mention_seqs: [1], own_seq: 0, archived: true };
  sync(replica, { conversations: { g_1: caught({ last_seq: 1, mine }) } });
  assert.deepEqual(object(replica, "g_1").mention_seqs, [1, 2]);
  assert.equal(object(replica, "g_1").archived, false, "a message beyond last_seq is known");
  const read = { ...mine, read_seq: 2, mention_seqs: [] };
  sync(replica, { conversations: { g_1: caught({ last_seq: 3, mine: read }) } });
  assert.deepEqual(object(replica, "g_1").mention_seqs, []);
  assert.equal(object(replica, "g_1").unread, 1);
  assert.equal(object(replica, "g_1").archived, true);
});

test("sync: markers of the other person, and the cursor, only grow", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1 });
  hearNew(replica, { seq: 2, sender_id: ME });
  const markers = [{ user_id: "bob", read_seq: 2, delivered_seq: 2 }];
  sync(replica, { conversations: { d_1: caught({ last_seq: 1, markers }) } });
  assert.equal(replica.receipt("d_1", 2), "read");
  assert.equal(held(replica).cursor.seq, 2);
});

test("sync: truncated and later go on", () => {
  const { replica } = replicaOf(conversation());
  const part = caught({ verdict: "truncated", messages: [message()], last_seq: 3, next: { seq: 1, change_seq: 0 } });
  assert.deepEqual(sync(replica, { conversations: { d_1: part } }).wants, [{ want: "sync" }]);
  assert.deepEqual(replica.cursors(), { d_1: { seq: 1, change_seq: 0 } });
  assert.deepEqual(sync(replica, { later: ["d_1"] }).wants, [{ want: "sync" }]);
});

test("sync: if much is missing, the conversation is read afresh", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1 });
  const next = { seq: 200, change_seq: 0 };
  const { wants } = sync(replica, {
    conversations: { d_1: caught({ verdict: "truncated", last_seq: 5000, last_change_seq: 7, next }) },
  });
  assert.deepEqual(wants, [{ want: "conversation", id: "d_1" }]);
  assert.deepEqual(replica.cursors(), { d_1: { seq: 5000, change_seq: 7 } });
  assert.deepEqual(replica.thread("d_1").messages, []);
});

test("a conversation that is read keeps what is newer here", () => {
  const { replica } = replicaOf(conversation());
  const old = { ...conversation(), users: {} };
  hearNew(replica, { seq: 1, text: "hello" });
  hear(replica, "message_read", { user_id: "bob", seq: 1 });
  hear(replica, "conversation_updated", {
    user_id: "bob",
    change_seq: 1,
    own: null,
    shared: shared({ shared_seq: 2 }),
  });
  answer(replica, "GET /conversations/{conversation_id}", old);
  assert.equal(object(replica).last_message?.text, "hello");
  assert.equal(object(replica).title, "New");
  assert.equal(object(replica).unread, 1);
  assert.equal(replica.receipt("d_1", 1), "read");
});

test("a join tells of what has not come", () => {
  const { replica } = replicaOf(conversation());
  const data = { conversation_id: "d_1", last_seq: 1, last_change_seq: 0, typing: [], viewers: [], users: {} };
  assert.deepEqual(replica.apply({ kind: "ack", action: "join_conversation", data }).wants, [{ want: "sync" }]);
});

test("cursors are those of the 100 most recent conversations, and of what is open", () => {
  const many = Array.from({ length: 120 }, (_, at) =>
    conversation({ id: `d_${at}`, last_activity_at: new Date(NOW + at).toISOString() }),
  );
  const { replica } = replicaOf(...many);
  assert.equal(Object.keys(replica.cursors()).length, 100);
  assert.equal("d_0" in replica.cursors(), false);
  assert.equal("d_0" in replica.cursors(["d_0", "gone"]), true);
});

// --- Threads -----------------------------------------------------------------------------------------------------------

test("history makes runs without a gap, which grow together", () => {
  const { replica } = replicaOf(conversation({ last_seq: 9 }));
  readHistory(replica, [{ seq: 8 }, { seq: 9 }]);
  readHistory(replica, [{ seq: 3 }, { seq: 4 }]);
  /** @param {number} [anchor] */
  const seqs = (anchor) => replica.thread("d_1", anchor).messages.map((one) => one.seq);
  assert.deepEqual(seqs(), [8, 9]);
  assert.deepEqual(seqs(4), [3, 4]);
  assert.deepEqual(seqs(6), []);
  assert.equal(replica.thread("d_1", 4).foundNewest, false);
  readHistory(replica, [{ seq: 7 }, { seq: 6 }, { seq: 5 }]);
  assert.deepEqual(seqs(), [3, 4, 5, 6, 7, 8, 9]);
  assert.equal(replica.thread("d_1").foundOldest, false);
  readHistory(replica, [{ seq: 1 }, { seq: 2 }]);
  assert.equal(replica.thread("d_1").foundOldest, true);
  assert.equal(replica.thread("d_1").foundNewest, true);
});

test("an empty conversation has found its ends", () => {
  const { replica } = replicaOf(conversation());
  const { messages, foundOldest, foundNewest } = replica.thread("d_1");
  assert.deepEqual({ messages, foundOldest, foundNewest }, { messages: [], foundOldest: true, foundNewest: true });
});

test("a thread is the same array until one of its messages changes", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1 });
  hearNew(replica, { seq: 2 });
  const first = replica.thread("d_1").messages;
  hear(replica, "message_read", { user_id: "bob", seq: 2 });
  assert.equal(replica.thread("d_1").messages, first);
  hearChange(replica, "message_updated", { seq: 1, change_seq: 1, text: "edited" });
  const second = replica.thread("d_1").messages;
  assert.equal(second[0]?.text, "edited");
  assert.equal(second[1], first[1]);
  assert.equal(first[0]?.text, "number 1");
});

test("a message of which mine is not known is read again before it is shown", () => {
  const { replica } = replicaOf(conversation({ last_seq: 5 }));
  const up = { emoji: "👍", count: 2, mine: false };
  hearChange(replica, "message_updated", { seq: 5, change_seq: 1, reactions: [up] });
  assert.deepEqual(replica.thread("d_1").messages, []);
  readHistory(replica, [{ seq: 5, change_seq: 1, reactions: [{ ...up, mine: true }] }]);
  assert.equal(replica.thread("d_1").messages[0]?.reactions[0]?.mine, true);
});

// --- The user's own messages -------------------------------------------------------------------------------------------

test("a message that arrives hides its entry of the outbox", () => {
  const { replica } = replicaOf(conversation());
  const entries = [
    { client_id: "c1", conversation_id: "d_1" },
    { client_id: "c2", conversation_id: "d_1" },
  ];
  assert.ok(replica.apply({ kind: "outbox", entries }).changes.conversations.has("d_1"));
  const data = { ...message({ seq: 1, sender_id: ME, client_id: "c1" }), users: {}, replayed: false };
  replica.apply({ kind: "ack", action: "send_message", data });
  assert.deepEqual(replica.pending("d_1"), [entries[1]]);
  assert.equal("replayed" in shown(replica), false);
  hearNew(replica, { seq: 2, client_id: "c2" });
  assert.equal(replica.pending("d_1").length, 1, "another person's client_id is not ours");
  assert.equal(held(replica).cursor.seq, 2);
});

test("a message that opens a conversation asks for it", () => {
  const { replica } = replicaOf();
  const data = { ...message({ sender_id: ME }), users: {}, replayed: false };
  const { wants } = answer(replica, "POST /messages", data);
  assert.deepEqual(wants, [{ want: "conversation", id: "d_1" }]);
});

test("the change that an own request has made moves the cursor", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1, sender_id: ME });
  answer(replica, "PATCH /messages/{message_id}", { ...message({ change_seq: 1, text: "edited" }), users: {} });
  assert.equal(held(replica).cursor.change_seq, 1);
  assert.equal(shown(replica).text, "edited");
});

test("what moderators see is not taken", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1 });
  answer(replica, "GET /admin/conversations/{conversation_id}/messages", {
    messages: [message({ change_seq: 9, text: "secret" })],
  });
  assert.equal(shown(replica).text, "number 1");
});

// --- People ------------------------------------------------------------------------------------------------------------

test("of two versions of a user the greater profile_seq counts", () => {
  const { replica } = replicaOf(conversation());
  /** @param {string} name @param {number} profile_seq */
  const bob = (name, profile_seq) => ({ bob: { name, role: "student", avatar_url: null, profile_seq } });
  assert.equal(replica.users.get("bob")?.name, "Bob", "as the conversation names them");
  hear(replica, "user_updated", { user_id: "bob", users: bob("Robert", 2) });
  hear(replica, "user_typing", { user_id: "bob", users: bob("Bob", 1), expires_at: "2026-11-29T12:00:05.000Z" });
  assert.equal(replica.users.get("bob")?.name, "Robert");
  answer(replica, "GET /users", { users: [{ id: "bob", name: "Bobby", role: "student", profile_seq: 3 }], next: null });
  assert.equal(replica.users.get("bob")?.name, "Bobby");
});

test("in a group all messages of a blocked person are marked, old and new, except system ones", () => {
  const { replica } = replicaOf(group());
  const at = { conversation_id: "g_1" };
  hearNew(replica, { ...at, seq: 1, kind: "system" });
  hearNew(replica, { ...at, seq: 2 });
  hear(replica, "block_changed", { user_id: "bob", blocked: true, at: "2026-11-29T12:00:02.000Z" });
  assert.equal(shown(replica, 1, "g_1").blocked, false);
  assert.equal(replica.thread("g_1").messages[1]?.blocked, true);
  assert.equal(object(replica, "g_1").last_message?.blocked, true);
  hear(replica, "block_changed", { user_id: "bob", blocked: false, at: "2026-11-29T12:00:01.000Z" });
  assert.equal(shown(replica, 2, "g_1").blocked, true, "an earlier one does not count");
  sync(replica, { blocked: [], as_of: "2026-11-29T12:00:01.000Z" });
  assert.equal(shown(replica, 2, "g_1").blocked, true, "known after as_of");
  sync(replica, { blocked: [], as_of: "2026-11-29T12:00:03.000Z" });
  assert.equal(shown(replica, 2, "g_1").blocked, false);
});

test("a block forgets markers in groups, and its end has them read again", () => {
  const { replica } = replicaOf(group());
  const people = [member({ user_id: ME }), member({ read_seq: 2, delivered_seq: 2 })];
  const at = { parameters: { conversation_id: "g_1" } };
  answer(replica, "GET /conversations/{conversation_id}/members", { members: people, next: null, users: {} }, at);
  const block = "/users/{user_id}/block";
  answer(replica, `PUT ${block}`, { user_id: "bob", blocked_at: "2026-11-29T11:00:00.000Z" });
  hearNew(replica, { conversation_id: "g_1", seq: 1 });
  assert.equal(held(replica, "g_1").members?.get("bob")?.read_seq, null);
  assert.equal(held(replica, "g_1").areMembersStale, false);
  answer(replica, `DELETE ${block}`, { user_id: "bob" });
  assert.equal(held(replica, "g_1").areMembersStale, true);
});

test("too many blocks for sync are read by pages, and replace the list", () => {
  const { replica } = replicaOf();
  hear(replica, "block_changed", { user_id: "old", blocked: true, at: "2026-11-29T10:00:00.000Z" });
  const asOf = "2026-11-29T12:00:00.000Z";
  assert.deepEqual(sync(replica, { blocked: null, as_of: asOf }).wants, [{ want: "blocks", asOf }]);
  /** @param {string} user_id */
  const page = (user_id) => [{ user_id, blocked_at: "2026-11-29T11:00:00.000Z" }];
  answer(replica, "GET /me/blocks", { blocks: page("bob"), next: "2" });
  answer(replica, "GET /me/blocks", { blocks: page("eve"), next: null }, { query: { cursor: "2" } });
  assert.deepEqual(replica.blocked.ids.sort(), ["bob", "eve"]);
});

test("a status is a lease", () => {
  const { replica, clock } = replicaOf(conversation());
  assert.equal(replica.presence("bob").online, null);
  const expires_at = "2026-11-29T12:00:10.000Z";
  hear(replica, "user_status_change", { user_id: "bob", status: "online", last_seen: null, expires_at });
  assert.equal(replica.presence("bob").online, true);
  assert.equal(replica.nextExpiry(), NOW + 10_000);
  clock.ms += 10_001;
  assert.equal(replica.presence("bob").online, null);
  assert.ok(replica.apply({ kind: "tick" }).changes.presence.has("bob"));
  assert.equal(replica.apply({ kind: "tick" }).changes.presence.size, 0);
  const statuses = [{ user_id: "bob", status: "offline", last_seen: "2026-11-29T11:00:00.000Z", expires_at: null }];
  answer(replica, "GET /users/presence", { statuses, users: {} });
  assert.deepEqual(replica.presence("bob"), { online: false, last_seen: "2026-11-29T11:00:00.000Z" });
});

test("typing ends by time, by a stop, by a message and by a removal", () => {
  const { replica, clock } = replicaOf(conversation(), group());
  const type = () =>
    hear(replica, "user_typing", { user_id: "bob", expires_at: new Date(clock.ms + 5000).toISOString() });
  type();
  hear(replica, "user_typing", { user_id: ME, expires_at: "2026-11-29T12:00:05.000Z" });
  assert.deepEqual(replica.typing("d_1"), ["bob"]);
  clock.ms += 5001;
  assert.deepEqual(replica.typing("d_1"), []);
  assert.ok(replica.apply({ kind: "tick" }).changes.typing.has("d_1"));
  type();
  hear(replica, "user_stopped_typing", { user_id: "bob" });
  assert.deepEqual(replica.typing("d_1"), []);
  type();
  assert.ok(hearNew(replica, { seq: 1 }).changes.typing.has("d_1"));
  assert.deepEqual(replica.typing("d_1"), []);
  const typing = [{ conversation_id: "g_1", user_id: "bob", expires_at: new Date(clock.ms + 5000).toISOString() }];
  const data = { conversation_id: "g_1", last_seq: 0, last_change_seq: 0, typing, viewers: [], users: {} };
  replica.apply({ kind: "ack", action: "join_conversation", data });
  assert.deepEqual(replica.typing("g_1"), ["bob"]);
  const removed = { conversation_id: "g_1", user_id: ME, removed_id: "bob", change_seq: 1, shared: shared() };
  hear(replica, "member_removed", removed);
  assert.deepEqual(replica.typing("g_1"), []);
});

test("who has played a voice message is kept by message", () => {
  const { replica } = replicaOf(conversation());
  hearNew(replica, { seq: 1, kind: "voice", sender_id: ME });
  hear(replica, "message_played", { message_id: "d_1.1", user_id: "bob", played_at: "2026-11-29T12:00:05.000Z" });
  assert.deepEqual([...(held(replica).played.get(1) ?? [])], ["bob"]);
});

// --- Notifications, the user themselves, tickets -----------------------------------------------------------------------

test("the inbox follows events, reads and what is marked", () => {
  const { replica } = replicaOf(conversation());
  const first = { id: "n1", kind: /** @type {const} */ ("message"), conversation_id: "d_1", message_id: "d_1.2" };
  const notice = { ...first, title: "Bob", text: "hi", count: 1, created_at: "2026-11-29T11:00:00.000Z", seen: false };
  const reaction = { ...notice, id: "n2", kind: "reaction", created_at: "2026-11-29T11:30:00.000Z" };
  answer(replica, "GET /me/notifications", { notifications: [reaction, notice], unseen: 2, capped: false, next: null });
  hear(replica, "notification", { notification: { ...notice, count: 2, message_id: "d_1.3" } });
  assert.equal(replica.notices.unseen, 2, "the same entry, again");
  hear(replica, "message_read", { user_id: ME, seq: 2 });
  assert.equal(replica.notices.unseen, 2, "not up to there");
  hear(replica, "conversation_read", { user_id: ME, seq: 3 });
  assert.equal(replica.notices.unseen, 1, "a reaction is not read that way");
  hear(replica, "notification", { notification: { ...notice, id: "n3", created_at: "2026-11-29T12:30:00.000Z" } });
  assert.equal(replica.notices.unseen, 2);
  assert.deepEqual(
    replica.notices.all.map((one) => one.id),
    ["n3", "n2", "n1"],
  );
  hear(replica, "notifications_seen", { seen_before: "2026-11-29T12:00:00.000Z" });
  assert.equal(replica.notices.unseen, 1);
});

test("a suspension and a warning are of the user themselves", () => {
  const { replica } = replicaOf();
  replica.apply({
    kind: "ack",
    action: "hello",
    data: { user: { id: ME, name: "Alice", role: "teacher", contexts: {} }, limits: {}, sizes: {}, version: "1" },
  });
  hear(replica, "suspended", { until: "2026-11-30T12:00:00.000Z", reason: "spam", scope: "write" });
  assert.equal(replica.me?.suspension?.scope, "write");
  hear(replica, "suspension_lifted", { at: "2026-11-29T12:00:00.000Z" });
  assert.equal(replica.me?.suspension, null);
  hear(replica, "warned", { warning: { id: "w1", reason: "tone", warned_at: "2026-11-29T12:00:00.000Z" } });
  assert.equal(replica.me?.warnings?.[0]?.id, "w1");
  assert.equal(replica.me?.name, "Alice");
});

test("the answer of a macro brings the ticket and the reply", () => {
  const { replica } = replicaOf(conversation({ id: "t_1", type: "ticket" }));
  const ticket = { id: "t_1", number: "1", subject: "Help", requester_id: "bob", status: "resolved", version: 2 };
  const reply = message({ id: "t_1.1", conversation_id: "t_1", seq: 1, sender_id: ME, text: "Done." });
  const operation = "POST /support/tickets/{ticket_id}/macros/{macro_id}";
  answer(replica, operation, { ticket, message: reply, replayed: false, users: {} });
  assert.equal(replica.tickets.get("t_1")?.status, "resolved");
  assert.equal(shown(replica, 1, "t_1").text, "Done.");
  answer(replica, operation, { ticket: { ...ticket, version: 3 }, message: null, replayed: true, users: {} });
  assert.equal(replica.tickets.get("t_1")?.version, 3);
});

test("of two versions of a ticket the greater version counts", () => {
  const { replica } = replicaOf(conversation({ id: "t_1", type: "ticket" }));
  const ticket = { id: "t_1", number: "1", subject: "Help", requester_id: ME, status: "open", version: 1, unread: 2 };
  answer(replica, "GET /support/tickets/{ticket_id}", { ...ticket, users: {} });
  const { unread, ...state } = ticket;
  const data = { conversation_id: "t_1", change_seq: 1, user_id: "agent" };
  const newer = { ...state, version: 2, status: "resolved" };
  const { changes } = hear(replica, "ticket_updated", { ...data, ticket: newer, shared: shared({ title: "Help" }) });
  assert.ok(changes.tickets.has("t_1"));
  answer(replica, "GET /support/tickets", { tickets: [ticket], next: null, users: {} });
  assert.equal(replica.tickets.get("t_1")?.status, "resolved");
  assert.equal(replica.tickets.get("t_1")?.unread, 2);
  assert.equal(object(replica, "t_1").title, "Help");
});

// --- Storage and bad input ---------------------------------------------------------------------------------------------

test("what is stored comes back as it was", () => {
  const { replica } = replicaOf(group());
  const at = { conversation_id: "g_1" };
  for (let seq = 1; seq <= 250; seq++) hearNew(replica, { ...at, seq, sender_id: ME, client_id: `c${seq}` });
  const up = { emoji: "👍", count: 1, mine: false };
  const reacted = { ...at, seq: 250, change_seq: 1, reactions: [up] };
  hearChange(replica, "reaction_added", reacted, { emoji: "👍", user_id: ME });
  hear(replica, "block_changed", { user_id: "bob", blocked: true, at: "2026-11-29T12:00:02.000Z" });
  const records = [replica.dump(), replica.dump("g_1")].map((one) => structuredClone(one));
  const again = new Replica({ userId: ME, now: () => NOW });
  const changes = again.restore(records.filter((one) => one !== null));
  assert.ok(changes.list && changes.conversations.has("g_1"));
  assert.deepEqual(again.conversation("g_1"), replica.conversation("g_1"));
  assert.deepEqual(again.cursors(), replica.cursors());
  assert.deepEqual(again.thread("g_1").messages, replica.thread("g_1").messages.slice(50));
  assert.equal(again.thread("g_1").foundOldest, false);
  assert.equal(shown(again, 250, "g_1").reactions[0]?.mine, true);
  assert.equal(held(again, "g_1").sent("c249"), 249);
  assert.deepEqual(again.blocked.ids, ["bob"]);
  assert.equal(replica.dump("d_9"), null);
});

test("a stored record that cannot be read is left out", () => {
  const replica = new Replica({ userId: ME });
  const record = /** @type {any} */ ({ kind: "conversation", object: null });
  replica.restore([
    record,
    { kind: "conversation", id: "d_1", object: conversation(), cursor: { seq: 0, change_seq: 0 }, messages: [] },
  ]);
  assert.deepEqual([...replica.conversations.keys()], ["d_1"]);
});

test("unknown and malformed inputs change nothing, and do not throw", () => {
  const { replica } = replicaOf(conversation());
  const before = structuredClone(replica.dump("d_1"));
  const events = [
    "new_message",
    "message_updated",
    "reaction_added",
    "message_read",
    "conversation_updated",
    "member_removed",
  ];
  for (const event of [...events, "user_typing", "notification", "ticket_updated", "hologram_sent"]) {
    for (const data of [
      undefined,
      null,
      7,
      {},
      { conversation_id: 7 },
      { conversation_id: "d_1", message: { seq: "1" } },
    ])
      replica.apply({ kind: "event", event, data });
  }
  for (const action of ["hello", "sync", "send_message", "join_conversation"])
    replica.apply({ kind: "ack", action, data: null });
  for (const operation of [HISTORY, "GET /me/blocks", "PUT /nowhere", ""])
    replica.apply({ kind: "rest", operation, data: { messages: [null, {}], users: 7 } });
  replica.apply(/** @type {any} */ ({ kind: "telepathy" }));
  replica.apply(/** @type {any} */ (null));
  assert.deepEqual(replica.dump("d_1"), before);
});

test("after a sign-out nothing is left", () => {
  const { replica } = replicaOf(conversation(), group());
  const { changes } = replica.apply({ kind: "forget" });
  assert.deepEqual([...changes.conversations], ["d_1", "g_1"]);
  assert.equal(replica.conversations.size + replica.users.size, 0);
});

test("a thread of 50,000 messages takes one in within two milliseconds", () => {
  const { replica } = replicaOf(conversation({ last_seq: 50_000 }));
  for (let seq = 50_000; seq > 0; seq -= 1000)
    readHistory(
      replica,
      Array.from({ length: 1000 }, (_, at) => ({ seq: seq - at })),
    );
  assert.equal(replica.thread("d_1").messages.length, 50_000);
  /** @type {number[]} */
  const times = [];
  for (let seq = 50_001; seq <= 50_200; seq++) {
    const began = performance.now();
    hearNew(replica, { seq });
    assert.equal(replica.thread("d_1").messages.length, seq);
    times.push(performance.now() - began);
  }
  const median = times.sort((a, b) => a - b)[100] ?? 0; // the machine may be busy with others
  assert.ok(median < 2, `${median} ms`);
});
