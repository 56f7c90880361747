/**
 * What a device knows: a fold of inputs, pure and synchronous. It follows docs/guides/clients.md, as tests/client_model does.
 *
 * Unknown events and fields are ignored, and a malformed input changes nothing that it does not reach; `apply` never throws.
 */
import { Blocked } from "./blocked.js";
import { HeldConversation } from "./conversation.js";
import { Leases } from "./leases.js";
import { isMessage } from "./messages.js";
import { Notices } from "./notices.js";

export { HeldConversation };

/** @typedef {import("../wire.d.ts").components["schemas"]} Wire */
/** @typedef {Wire["Message"]} Message */
/** @typedef {Wire["Conversation"]} Conversation */
/** @typedef {{name: string | null, role: string, avatar_url: string | null, profile_seq: number, metadata?: any}} NamedUser */
/** @typedef {{client_id: string, conversation_id?: string | null}} OutboxEntry */
/**
 * `gone`: a read of the conversation answered 404. `tick`: time has passed (`nextExpiry`). `forget`: all of it, as after a sign-out.
 *
 * @typedef {{kind: "event", event: string, data: any}
 *   | {kind: "ack", action: string, request?: any, data: any}
 *   | {kind: "rest", operation: string, parameters?: Record<string, string>, query?: Record<string, any>, body?: any, data: any}
 *   | {kind: "outbox", entries: OutboxEntry[]}
 *   | {kind: "gone", conversation_id: string}
 *   | {kind: "tick"} | {kind: "forget"}} Input
 */
/**
 * What changed: ids of conversations (their object, messages, members or pending ones), of users, and of people whose status changed; `list`: a conversation
 * came or went, or its order did. `news`: messages of others that this input told for the first time.
 *
 * @typedef {object} Changes
 * @property {Set<string>} conversations
 * @property {Set<string>} users
 * @property {Set<string>} presence
 * @property {Set<string>} typing
 * @property {Set<string>} tickets
 * @property {boolean} list
 * @property {boolean} me
 * @property {boolean} blocked
 * @property {boolean} notifications
 * @property {Message[]} news
 */
/**
 * What has to be read now. The same want may come again while it is being served.
 *
 * @typedef {{want: "conversation", id: string} | {want: "sync"} | {want: "list"} | {want: "blocks", asOf: string}} Want
 */
/** @typedef {{kind: "shared", users: [string, NamedUser][], blocked: [string, [string, boolean]][], me: any}} SharedRecord */
/** @typedef {SharedRecord | import("./conversation.js").ConversationRecord} StoredRecord */

/** `foundOldest`, `foundNewest`: nothing comes before, or after. @typedef {{from: number, to: number, foundOldest: boolean, foundNewest: boolean, messages: Message[]}} Thread */

/** @type {Thread} */
const NO_THREAD = { from: 1, to: 0, foundOldest: false, foundNewest: false, messages: [] };
const MARKERS = /** @type {Record<string, "read" | "delivered">} */ ({
  message_read: "read",
  conversation_read: "read",
  message_delivered: "delivered",
});
const MESSAGE_CHANGES = new Set(["message_updated", "message_deleted", "reaction_added", "reaction_removed"]);
const SHARED_CHANGES = new Set(["conversation_updated", "member_added", "member_removed", "ticket_updated"]);
/** Cursors that a `sync` takes. */
const MOST_CURSORS = 100;
/** Events that are kept for a conversation that is being read. */
const MOST_EARLY = 200;
const MOST_WARNINGS = 10;

export class Replica {
  /** @type {Map<string, HeldConversation>} */
  conversations = new Map();
  /** @type {Map<string, NamedUser>} */
  users = new Map();
  /** The user, as `hello` and `GET /me` told. @type {Partial<Wire["Me"]> & Record<string, any> | null} */
  me = null;
  blocked = new Blocked();
  notices = new Notices();
  /** Tickets by id. @type {Map<string, Wire["TicketState"] & Partial<Wire["SupportTicket"]>>} */
  tickets = new Map();
  /** What no ack has confirmed yet. @type {OutboxEntry[]} */
  outbox = [];
  /** Events of conversations that are not here yet. @type {Map<string, {event: string, data: any}[]>} */
  #early = new Map();
  /** @type {{asOf: string, ids: string[]} | null} */
  #blocks = null;
  #leases;
  #now;
  /** @type {Changes} */
  #changes = noChanges();
  /** @type {Want[]} */
  #wants = [];

  /**
   * @param {object} options
   * @param {string} options.userId
   * @param {() => number} [options.now] the server's clock, in ms
   */
  constructor({ userId, now = Date.now }) {
    this.userId = userId;
    this.#now = now;
    this.#leases = new Leases(now);
  }

  // --- Reading ---------------------------------------------------------------------------------------------------------

  /** @param {string} conversationId */
  conversation(conversationId) {
    return this.conversations.get(conversationId)?.object ?? null;
  }

  /**
   * The messages around a place without a gap, else the newest ones: one for each seq from `from` to `to`, the same array until one of them changes.
   *
   * @param {string} conversationId
   * @param {number} [anchor] a seq
   * @returns {Thread}
   */
  thread(conversationId, anchor) {
    const held = this.conversations.get(conversationId);
    if (!held) return NO_THREAD;
    const run = held.thread(anchor);
    return { ...run, messages: held.run(run.from, run.to) };
  }

  /** The user's messages of a conversation that have not arrived. @param {string} conversationId */
  pending(conversationId) {
    const held = this.conversations.get(conversationId);
    return this.outbox.filter((one) => one.conversation_id === conversationId && !held?.sent(one.client_id));
  }

  /** @param {string} conversationId @param {number} seq */
  receipt(conversationId, seq) {
    return this.conversations.get(conversationId)?.receipt(seq) ?? "sent";
  }

  /** @param {string} userId */
  presence(userId) {
    return this.#leases.presence(userId);
  }

  /** Who else types. @param {string} conversationId */
  typing(conversationId) {
    return this.#leases.typing(conversationId).filter((userId) => userId !== this.userId);
  }

  /** Who else has it open. @param {string} conversationId */
  viewers(conversationId) {
    return this.#leases.viewers(conversationId).filter((userId) => userId !== this.userId);
  }

  /** When the next status or typing runs out, in ms of the server's clock: then apply `{kind: "tick"}`. Null: never. */
  nextExpiry() {
    return this.#leases.next();
  }

  /** Whether a message or a change did not come. */
  get isMissing() {
    return [...this.conversations.values()].some((held) => held.isMissing);
  }

  /** The cursors of the most recent conversations, for `sync`; those of `first` before all. @param {Iterable<string>} [first] */
  cursors(first = []) {
    const recent = [...this.conversations.values()].sort((a, b) =>
      a.object.last_activity_at < b.object.last_activity_at ? 1 : -1,
    );
    const ids = new Set([...first, ...recent.map((held) => held.id)].filter((id) => this.conversations.has(id)));
    const taken = [...ids].slice(0, MOST_CURSORS);
    return Object.fromEntries(
      taken.map((id) => [id, { .../** @type {HeldConversation} */ (this.conversations.get(id)).cursor }]),
    );
  }

  // --- Storage ---------------------------------------------------------------------------------------------------------

  /** A conversation with its newest messages, or what is shared by all; null if it is not here. @param {string} [conversationId] @returns {StoredRecord | null} */
  dump(conversationId) {
    if (conversationId !== undefined) return this.conversations.get(conversationId)?.record() ?? null;
    return { kind: "shared", users: [...this.users], blocked: this.blocked.record(), me: this.me };
  }

  /** Takes what storage has; what it cannot read it leaves out. @param {Iterable<StoredRecord>} records @returns {Changes} */
  restore(records) {
    for (const record of records) {
      try {
        if (record.kind === "conversation") {
          const held = this.#hold(record.object);
          held.restore(record);
        } else if (record.kind === "shared") {
          this.#takeUsers(Object.fromEntries(record.users));
          this.blocked.restore(record.blocked);
          this.me = record.me;
          this.#changes.me = this.#changes.blocked = true;
        }
      } catch {
        // A record of another version: the server has it all.
      }
    }
    return this.#takeChanges();
  }

  // --- Inputs ----------------------------------------------------------------------------------------------------------

  /**
   * @param {Input} input
   * @returns {{changes: Changes, wants: Want[]}}
   */
  apply(input) {
    try {
      this.#apply(input);
    } catch {
      // Malformed: what it brought before its fault counts.
    }
    for (const id of this.#changes.conversations) {
      const held = this.conversations.get(id);
      if (held?.isMissing) this.#want({ want: "sync" });
      if (held?.isPreviewStale) this.#want({ want: "conversation", id });
    }
    const wants = this.#wants;
    this.#wants = [];
    return { changes: this.#takeChanges(), wants };
  }

  #takeChanges() {
    const changes = this.#changes;
    this.#changes = noChanges();
    return changes;
  }

  /** @param {Want} want */
  #want(want) {
    if (!this.#wants.some((one) => JSON.stringify(one) === JSON.stringify(want))) this.#wants.push(want);
  }

  /** @param {Input} input */
  #apply(input) {
    if (input.kind === "event" || input.kind === "ack") {
      this.#takeUsers(input.data?.users);
      if (input.kind === "event") this.#hear(input.event, input.data);
      else this.#takeAck(input);
    } else if (input.kind === "rest") this.#takeAnswer(input);
    else if (input.kind === "outbox") this.#takeOutbox(input.entries);
    else if (input.kind === "gone") this.#forget(input.conversation_id);
    else if (input.kind === "tick") this.#leases.tellEnded(this.#changes);
    else if (input.kind === "forget") this.#forgetAll();
  }

  #forgetAll() {
    for (const id of this.conversations.keys()) this.#forget(id);
    this.users.clear();
    this.tickets.clear();
    this.#early.clear();
    this.me = null;
    this.blocked = new Blocked();
    this.notices = new Notices();
    this.#leases = new Leases(this.#now);
    this.outbox = [];
    this.#changes.me = this.#changes.blocked = this.#changes.notifications = true;
  }

  /** @param {OutboxEntry[]} entries */
  #takeOutbox(entries) {
    for (const one of [...this.outbox, ...entries]) if (one.conversation_id) this.#touch(one.conversation_id);
    this.outbox = entries;
  }

  // --- Events ----------------------------------------------------------------------------------------------------------

  /** @param {string} event @param {any} data */
  #hear(event, data) {
    if (event === "new_message" || event === "message_notification") {
      this.#within(event, data, (held) => this.#takeNew(held, data.message, event === "message_notification"));
    } else if (MESSAGE_CHANGES.has(event)) {
      this.#within(event, data, (held) => isMessage(data.message) && held.takeChange(event, data));
    } else if (MARKERS[event]) {
      this.#within(event, data, (held) => this.#takeMarker(held, data, MARKERS[event] === "read"));
    } else if (event === "conversation_created") {
      if (data.conversation?.id) this.#take(data.conversation);
    } else if (SHARED_CHANGES.has(event)) {
      this.#takeChange(event, data);
    } else if (event === "user_typing") {
      this.#leases.startTyping(data.conversation_id, data.user_id, data.expires_at);
      this.#changes.typing.add(data.conversation_id);
    } else if (event === "user_stopped_typing") {
      this.#stopTyping(data.conversation_id, data.user_id);
    } else if (event === "user_joined_conversation" || event === "user_left_conversation") {
      this.#leases.takeViewer(data.conversation_id, data.user_id, event === "user_joined_conversation");
      this.#touch(data.conversation_id);
    } else if (event === "user_status_change") this.#takeStatus(data);
    else if (event === "message_played") this.#takePlayed(data.conversation_id, data.message_id, data.user_id);
    else if (event === "block_changed") this.#takeBlock(data.user_id, data.at, data.blocked);
    else if (event === "notification") {
      this.notices.take(data.notification);
      this.#changes.notifications = true;
    } else if (event === "notifications_seen") this.#seeNotices((one) => one.created_at < data.seen_before);
    else if (event === "suspended") this.#setMe({ suspension: data });
    else if (event === "suspension_lifted") this.#setMe({ suspension: null });
    else if (event === "warned")
      this.#setMe({ warnings: [data.warning, ...(this.me?.warnings ?? [])].slice(0, MOST_WARNINGS) });
    if (data.ticket) this.#takeTicket(data.ticket);
  }

  /**
   * Does something with the conversation of an event. "If an event names a conversation that you do not know, read the conversation": until then the event is kept.
   *
   * @param {string} event
   * @param {any} data
   * @param {(held: HeldConversation) => void} take
   */
  #within(event, data, take) {
    const id = data.conversation_id;
    if (typeof id !== "string") return;
    const held = this.conversations.get(id);
    if (held) {
      take(held);
      this.#touch(id);
      this.#changes.list = true;
      return;
    }
    const early = this.#early.get(id) ?? [];
    this.#early.set(id, early);
    if (early.length < MOST_EARLY) early.push({ event, data });
    this.#want({ want: "conversation", id });
  }

  /** @param {HeldConversation} held @param {any} message @param {boolean} isNotification */
  #takeNew(held, message, isNotification) {
    if (!isMessage(message)) return;
    if (held.takeNew(message, isNotification) && message.sender_id !== this.userId) this.#changes.news.push(message);
    this.#stopTyping(held.id, message.sender_id);
  }

  /** @param {HeldConversation} held @param {{user_id: string, seq: number}} data @param {boolean} isRead */
  #takeMarker(held, { user_id, seq }, isRead) {
    held.moveMarker(user_id, isRead ? seq : 0, seq);
    if (isRead && user_id === this.userId) this.#seeRead(held);
  }

  /** @param {string} event @param {any} data */
  #takeChange(event, data) {
    const { conversation_id: id, shared, own } = data;
    const held = this.conversations.get(id);
    const isNewer = held && shared?.shared_seq > held.object.shared_seq;
    if (data.removed_id) this.#stopTyping(id, data.removed_id);
    if (event === "member_removed" && data.removed_id === this.userId) {
      // "Forget the conversation, unless the `shared_seq` that you have is as great: then you are back".
      if (isNewer) this.#forget(id);
      return;
    }
    this.#within(event, data, (held) => {
      if (event === "member_added" && isNewer && data.user_ids.includes(this.userId)) {
        this.#want({ want: "conversation", id }); // "you were out without hearing of it"
        return;
      }
      held.takeChangeSeq(data.change_seq);
      // "In a direct conversation, read it again whenever a newer `shared` comes".
      if (held.takeShared(shared) && held.object.type === "direct") this.#want({ want: "conversation", id });
      if (event === "member_removed") held.removeMember(data.removed_id);
      held.takeOwn(own);
    });
  }

  // --- Acks ------------------------------------------------------------------------------------------------------------

  /** @param {{action: string, data: any}} ack */
  #takeAck({ action, data }) {
    if (action === "hello") {
      const { user, limits, sizes, version } = data;
      this.#setMe({ ...user, limits, sizes, version });
    } else if (action === "sync") this.#takeCaughtUp(data);
    else if (action === "send_message") this.#takeSent(data);
    else if (action === "join_conversation") this.#takeJoined(data);
    else if (action === "request_user_status") this.#takeStatuses(data.statuses);
    else if (action.startsWith("mark_")) this.#takeMarked(data);
  }

  /** @param {any} answer */
  #takeSent(answer) {
    const { users, replayed, ...message } = answer;
    if (!isMessage(message)) return;
    const held = this.conversations.get(message.conversation_id);
    if (!held) {
      // "If that is new to the device, read it: the sending device gets no `conversation_created`".
      const data = { conversation_id: message.conversation_id, message };
      this.#within("new_message", data, () => {});
      return;
    }
    held.takeSent(message);
    this.#stopTyping(held.id, this.userId);
    this.#touch(held.id);
    this.#changes.list = true;
  }

  /** @param {any} data */
  #takeJoined({ conversation_id: id, last_seq, last_change_seq, typing, viewers }) {
    this.#leases.takeJoined(id, typing, viewers);
    this.#changes.typing.add(id);
    this.conversations.get(id)?.takeHeard(last_seq, last_change_seq);
    this.#touch(id);
  }

  /** @param {any} data */
  #takeMarked({ conversation_id: id, read_seq, delivered_seq, own }) {
    const held = this.conversations.get(id);
    if (!held) return;
    held.moveMarker(this.userId, read_seq, delivered_seq);
    held.takeOwn(own);
    this.#seeRead(held);
    this.#touch(id);
  }

  // --- Catching up -----------------------------------------------------------------------------------------------------

  /** "Process it in this order". @param {Wire["CaughtUp"]} caught */
  #takeCaughtUp(caught) {
    for (const id of caught.left) this.#forget(id);
    for (const one of caught.joined) this.#take(one);
    for (const one of caught.listed?.conversations ?? []) this.#take(one);
    if (caught.joined_capped) this.#want({ want: "list" });
    for (const [id, part] of Object.entries(caught.conversations)) {
      const held = this.conversations.get(id);
      if (held) this.#takePart(held, part);
    }
    if (caught.later.length) this.#want({ want: "sync" });
    const { blocked, as_of: asOf } = caught;
    if (blocked) this.#takeBlocks(() => this.blocked.takeAll(blocked, asOf));
    else if (blocked === null) {
      this.#blocks = { asOf, ids: [] };
      this.#want({ want: "blocks", asOf });
    }
  }

  /** @param {HeldConversation} held @param {Wire["Caught"]} part */
  #takePart(held, part) {
    if (held.dropIfMuch(part)) this.#want({ want: "conversation", id: held.id });
    else {
      for (const message of part.messages) if (isMessage(message)) held.takeRead(message);
      for (const { event, data } of part.changes) this.#takeMissed(held, event, data);
      if (part.verdict === "truncated") this.#want({ want: "sync" });
    }
    held.takeMine(part.mine, part.last_seq, part.last_change_seq);
    held.takeMarkers(part.markers);
    held.takeNext(part);
    this.#seeRead(held);
    this.#touch(held.id);
    this.#changes.list = true;
  }

  /** "Apply them like live events, with one difference: a message in them is as it is now and as the user sees it". @param {HeldConversation} held @param {string} event @param {any} data */
  #takeMissed(held, event, data) {
    this.#takeUsers(data.users);
    if (!MESSAGE_CHANGES.has(event)) this.#hear(event, data);
    else if (isMessage(data.message)) {
      held.takeRead(data.message);
      held.takeChangeSeq(data.change_seq);
    }
  }

  // --- Answers of REST -------------------------------------------------------------------------------------------------

  /** @param {{operation: string, parameters?: Record<string, string>, query?: Record<string, any>, data: any}} answer */
  #takeAnswer({ operation, parameters = {}, query = {}, data }) {
    if (!data || typeof data !== "object") return;
    const [method, path = ""] = operation.split(" ");
    if (path.startsWith("/admin/")) return; // as a moderator sees it, not as a member does
    if (Array.isArray(data.users))
      this.#takeUsers(Object.fromEntries(data.users.map((/** @type {any} */ one) => [one.id, one])));
    else this.#takeUsers(data.users);
    const id = parameters.conversation_id ?? "";
    const held = this.conversations.get(id);
    const isFirst = query.cursor == null;
    if (path === "/sync") this.#takeCaughtUp(data);
    else if (path === "/me") this.#takeMe(data);
    else if (path === "/me/blocks") this.#takeBlockPage(data, isFirst);
    else if (path === "/me/notifications") {
      this.notices.takePage(data, isFirst);
      this.#changes.notifications = true;
    } else if (path === "/me/notifications/seen") this.#seeNotices((one) => one.created_at < data.seen_before);
    else if (path === "/me/notifications/{notification_id}/seen") this.#seeNotices((one) => one.id === data.id);
    else if (path === "/users/{user_id}/block") {
      const at = data.blocked_at ?? new Date(this.#now()).toISOString();
      this.#takeBlock(data.user_id, at, method === "PUT");
    } else if (path === "/conversations/{conversation_id}/members" && data.members) {
      held?.takeMembers(data.members, isFirst, data.next === null);
      this.#touch(id);
    } else if (path === "/conversations/{conversation_id}/members/{user_id}") this.#takeMember(method, id, data);
    else if (path === "/messages/{message_id}/receipts") {
      for (const one of data.receipts) if (one.played_at) this.#takePlayed(null, parameters.message_id, one.user_id);
    } else if (path === "/messages/{message_id}/played" && data.played_at)
      this.#takePlayed(data.conversation_id, data.message_id, this.userId);
    else if (path !== "/messages/{message_id}/versions") this.#takeAny(data, method !== "GET");
  }

  /** Takes of any other answer what its shape says. @param {any} data @param {boolean} isDone whether the request has changed something */
  #takeAny(data, isDone) {
    if (Array.isArray(data.conversations) && data.conversations[0]?.capabilities)
      for (const one of data.conversations) this.#take(one);
    for (const one of data.tickets ?? data.results ?? []) {
      this.#takeTicket(one?.ticket ?? one);
      this.#takeRead(one?.message, false);
    }
    for (const one of data.messages ?? []) {
      this.#takeUsers(one?.users);
      if (one?.replayed === undefined) this.#takeRead(one, false);
      else this.#takeSent(one);
    }
    this.#takeStatuses(data.statuses ?? []);
    this.#takeTicket(data.ticket);
    if (data.message) this.#takeSent(data.message);
    if (data.capabilities && data.id) {
      const { users, adding, ...conversation } = data;
      this.#take(conversation);
    } else if (data.replayed !== undefined) this.#takeSent(data);
    else if (data.moved !== undefined) this.#takeMarked(data);
    else if (data.requester_id) this.#takeTicket(data);
    else this.#takeRead(data, isDone);
  }

  /** @param {any} answer @param {boolean} isDone */
  #takeRead(answer, isDone) {
    if (!isMessage(answer)) return;
    const { users, ...message } = /** @type {any} */ (answer);
    const held = this.conversations.get(message.conversation_id);
    if (!held) return;
    if (isDone) held.takeDone(message);
    else held.takeRead(message);
    this.#touch(held.id);
  }

  /** @param {string} method @param {string} id @param {any} data */
  #takeMember(method, id, data) {
    const held = this.conversations.get(id);
    if (method === "DELETE") {
      if (data.user_id === this.userId) this.#forget(id);
      else held?.removeMember(data.user_id);
    } else {
      const { users, ...member } = data;
      held?.takeMember(member);
    }
    this.#touch(id);
  }

  /** @param {any} me */
  #takeMe(me) {
    this.#takeUsers({ [me.id]: me });
    this.#setMe(me);
  }

  /** Takes a page of the blocked people: all of them replace the list, if `sync` has asked for that. @param {Wire["BlockList"]} page @param {boolean} isFirst */
  #takeBlockPage({ blocks, next }, isFirst) {
    if (isFirst) this.#blocks = { asOf: this.#blocks?.asOf ?? "", ids: [] };
    const { asOf, ids } = this.#blocks ?? { asOf: "", ids: [] };
    for (const one of blocks) ids.push(one.user_id);
    this.#takeBlocks(() => {
      for (const one of blocks) this.blocked.takeChange(one.user_id, one.blocked_at, true);
      if (next === null && asOf) this.blocked.takeAll(ids, asOf);
    });
    if (next === null) this.#blocks = null;
  }

  // --- Within ----------------------------------------------------------------------------------------------------------

  /** @param {string} conversationId */
  #touch(conversationId) {
    this.#changes.conversations.add(conversationId);
  }

  /** Takes a conversation as it was read: a new one, or a newer version. @param {Conversation} conversation */
  #take(conversation) {
    const held = this.conversations.get(conversation.id);
    if (held) {
      held.take(conversation);
      this.#touch(held.id);
      this.#changes.list = true;
    } else this.#hold(conversation);
  }

  /** @param {Conversation} conversation */
  #hold(conversation) {
    const { id } = conversation;
    const held = new HeldConversation(conversation, this.userId, this.blocked);
    held.markBlocked();
    this.conversations.set(id, held);
    for (const one of conversation.members ?? [])
      if (!this.users.has(one.user_id))
        this.#takeUsers({ [one.user_id]: { name: one.name, role: one.role, avatar_url: null, profile_seq: -1 } });
    this.#touch(id);
    this.#changes.list = true;
    const early = this.#early.get(id) ?? [];
    this.#early.delete(id);
    for (const one of early) this.#hear(one.event, one.data);
    return held;
  }

  /** @param {string} id */
  #forget(id) {
    this.#early.delete(id);
    if (!this.conversations.delete(id)) return;
    this.#touch(id);
    this.#changes.list = true;
  }

  /** "Of two versions of a user keep the one with the greater `profile_seq`". @param {Record<string, any> | undefined} users */
  #takeUsers(users) {
    for (const [id, user] of Object.entries(users ?? {})) {
      const known = this.users.get(id);
      if (!Number.isInteger(user?.profile_seq) || (known && user.profile_seq < known.profile_seq)) continue;
      if (known?.profile_seq === user.profile_seq && (known?.metadata || !user.metadata)) continue;
      const { name, role, avatar_url = null, profile_seq, metadata } = user;
      this.users.set(id, { name, role, avatar_url, profile_seq, ...(metadata ? { metadata } : {}) });
      this.#changes.users.add(id);
    }
  }

  /** @param {Record<string, any>} fields */
  #setMe(fields) {
    this.me = { ...this.me, ...fields };
    this.#changes.me = true;
  }

  /** @param {string} conversationId @param {string} userId */
  #stopTyping(conversationId, userId) {
    if (this.#leases.stopTyping(conversationId, userId)) this.#changes.typing.add(conversationId);
  }

  /** @param {Wire["UserStatus"]} status */
  #takeStatus(status) {
    this.#leases.takeStatus(status);
    this.#changes.presence.add(status.user_id);
  }

  /** @param {Wire["UserStatus"][]} statuses */
  #takeStatuses(statuses) {
    for (const one of statuses) this.#takeStatus(one);
  }

  /** @param {string | null} conversationId @param {string | undefined} messageId @param {string} userId */
  #takePlayed(conversationId, messageId, userId) {
    const [id = "", seq] = messageId?.split(".") ?? [];
    const held = this.conversations.get(conversationId ?? id);
    if (!held) return;
    const people = held.played.get(Number(seq)) ?? new Set();
    held.played.set(Number(seq), people.add(userId));
    held.threadVersion++;
    held.version++;
    this.#touch(held.id);
  }

  /** "Of two versions the one with the greater `version` is the newer". @param {any} ticket */
  #takeTicket(ticket) {
    const known = this.tickets.get(ticket?.id);
    if (!Number.isInteger(ticket?.version) || !ticket.id || (known?.version ?? 0) > ticket.version) return;
    const { users, ...rest } = ticket;
    this.tickets.set(ticket.id, { ...known, ...rest });
    this.#changes.tickets.add(ticket.id);
  }

  /** @param {string} userId @param {string} at @param {boolean} isBlocked */
  #takeBlock(userId, at, isBlocked) {
    this.#takeBlocks(() => this.blocked.takeChange(userId, at, isBlocked));
  }

  /** Changes who is blocked, and marks all groups by it. @param {() => void} change */
  #takeBlocks(change) {
    const before = new Set(this.blocked.ids);
    change();
    const changed = [...new Set([...before, ...this.blocked.ids])].filter(
      (id) => before.has(id) !== this.blocked.has(id),
    );
    if (!changed.length) return;
    this.#changes.blocked = true;
    for (const held of this.conversations.values()) {
      if (held.object.type !== "group") continue;
      held.markBlocked();
      for (const id of changed) held.takeBlock(id, this.blocked.has(id));
      this.#touch(held.id);
    }
  }

  /** @param {(notice: import("./notices.js").Notice) => boolean} isSeen */
  #seeNotices(isSeen) {
    if (this.notices.see(isSeen)) this.#changes.notifications = true;
  }

  /** @param {HeldConversation} held */
  #seeRead(held) {
    if (this.notices.read(held.id, held.object.read_seq)) this.#changes.notifications = true;
  }
}

/** @returns {Changes} */
function noChanges() {
  return {
    conversations: new Set(),
    users: new Set(),
    presence: new Set(),
    typing: new Set(),
    tickets: new Set(),
    list: false,
    me: false,
    blocked: false,
    notifications: false,
    news: [],
  };
}
