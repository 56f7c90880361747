/** A conversation as a device holds it: the rules of "Receiving", "Changes" and "Catching up" about one conversation. */
import { HeldMessage, mayBeCut } from "./messages.js";

/** @typedef {import("../wire.d.ts").components["schemas"]} Wire */
/** @typedef {Wire["Conversation"]} Conversation */
/** @typedef {Wire["Message"]} Message */
/** @typedef {Wire["Member"]} Member */
/** @typedef {{seq: number, change_seq: number}} Cursor */
/** @typedef {Pick<Wire["Mine"], "read_seq" | "delivered_seq" | "mention_seqs" | "unread_from_seq" | "settings" | "own_seq" | "archived" | "visible_from_seq">} Mine */
/**
 * A conversation in storage: structured-cloneable.
 *
 * @typedef {{kind: "conversation", id: string, object: Conversation, cursor: Cursor, messages: import("./messages.js").MessageRecord[]}} ConversationRecord
 */

/** Messages of a conversation that storage keeps: the newest. */
const STORED = 200;
/** Messages before the last one, among which a list finds one that the user has not deleted. */
const LOOK_BACK = 100;
/** Messages behind which a device reads a conversation afresh instead of catching up one by one. */
const MUCH = 500;
/** The user's own part of the object, and that of its last message. */
const OWN = /** @type {const} */ ([
  "read_seq",
  "delivered_seq",
  "unread",
  "unread_from_seq",
  "mention_seqs",
  "unread_mentions",
  "settings",
  "own_seq",
  "archived",
  "visible_from_seq",
]);
const LAST = /** @type {const} */ (["last_seq", "last_message", "last_activity_at"]);

export class HeldConversation {
  /** @type {Map<number, HeldMessage>} */
  messages = new Map();
  /** The members, if they were read to the end; of a direct conversation they are in `object`. @type {Map<string, Member> | null} */
  members = null;
  /** Whether the members have to be read again. */
  areMembersStale = true;
  /** The ids in each role, as the last change told them. @type {Pick<Wire["Shared"], "owner_ids" | "admin_ids" | "muted_ids"> | null} */
  roles = null;
  /** Whether the conversation has to be read again, to know what a list shows of it. */
  isPreviewStale = false;
  /** Grows with each change of anything in here. */
  version = 0;
  /** Grows with each change of a message. */
  threadVersion = 0;
  /** Who has played which voice message, by seq. @type {Map<number, Set<string>>} */
  played = new Map();
  /** The greatest numbers that are known to exist. @type {Cursor} */
  #heard;
  /** Numbers of changes that came before others. @type {Set<number>} */
  #early = new Set();
  /** Where whole messages are held without a gap: pairs of the first and the last seq, in order. @type {[number, number][]} */
  #runs = [];
  /** The user's own messages, by `client_id`. @type {Map<string, number>} */
  #sent = new Map();
  /** @type {Map<string, Member> | null} */
  #gathered = null;
  /** How far all others are, as of a version. @type {{version: number, read: number, delivered: number} | null} */
  #others = null;
  /** The run that was asked for last. @type {{from: number, messages: Message[]} | null} */
  #listed = null;
  /** What has changed since then. @type {Set<number>} */
  #dirty = new Set();
  #userId;
  #blocked;

  /**
   * @param {Conversation} conversation
   * @param {string} userId
   * @param {import("./blocked.js").Blocked} blocked
   */
  constructor(conversation, userId, blocked) {
    this.#userId = userId;
    this.#blocked = blocked;
    /** The API's conversation, kept current. It is replaced, never changed. */
    this.object = conversation;
    /** Up to where every message and every change is here. @type {Cursor} */
    this.cursor = { seq: conversation.last_seq, change_seq: conversation.last_change_seq };
    this.#heard = { ...this.cursor };
  }

  get id() {
    return this.object.id;
  }

  /** The first message that the user sees; storage may have a conversation from before it was told. */
  get #from() {
    return this.object.visible_from_seq || 1;
  }

  /** Up to here nothing is unread. */
  get #settled() {
    return Math.max(this.object.read_seq, this.#from - 1);
  }

  /** Whether a message or a change did not come: `sync`. */
  get isMissing() {
    return this.cursor.seq < this.#heard.seq || this.cursor.change_seq < this.#heard.change_seq;
  }

  /** Whether the object was read later than the messages: `sync` before the conversation is shown. */
  get isBehind() {
    return this.cursor.seq < this.object.last_seq || this.cursor.change_seq < this.object.last_change_seq;
  }

  // --- Storage ---------------------------------------------------------------------------------------------------------

  /** @returns {ConversationRecord} */
  record() {
    const kept = [...this.messages.keys()].sort((a, b) => b - a).slice(0, STORED);
    const messages = kept.map((seq) => /** @type {HeldMessage} */ (this.messages.get(seq)).record());
    return { kind: "conversation", id: this.id, object: this.object, cursor: { ...this.cursor }, messages };
  }

  /** @param {ConversationRecord} record */
  restore({ cursor, messages }) {
    this.cursor = { ...cursor };
    this.#heard = { ...cursor };
    this.isPreviewStale = !this.object.last_message && this.object.last_seq >= this.#from;
    for (const one of messages) {
      const held = HeldMessage.from(one);
      this.messages.set(held.message.seq, held);
      this.#index(held);
    }
  }

  // --- What is shown -----------------------------------------------------------------------------------------------------

  /** The message as the user sees it, or null. @param {number} seq */
  message(seq) {
    const held = this.messages.get(seq);
    return held ? held.shown(this.#isBlocked(held.message.sender_id)) : null;
  }

  /**
   * Where messages are held without a gap: around `anchor`, else the newest ones. `from` > `to`: none.
   *
   * @param {number} [anchor]
   */
  thread(anchor) {
    const { last_seq } = this.object;
    const at = anchor === undefined ? this.#runs.length - 1 : this.#place(anchor);
    const run = this.#runs[at];
    const [from, to] = run && (anchor === undefined || run[0] <= anchor) ? run : [1, 0];
    const isEmpty = last_seq < this.#from;
    return { from, to, foundOldest: isEmpty || (to > 0 && from <= this.#from), foundNewest: isEmpty || to >= last_seq };
  }

  /** The messages of a run, one for each seq; the same array until one of them changes. @param {number} from @param {number} to */
  run(from, to) {
    const kept = this.#listed;
    const isKept = kept && kept.from === from && kept.messages.length <= to - from + 1;
    if (isKept && !this.#dirty.size && kept.messages.length === to - from + 1) return kept.messages;
    const messages = isKept ? kept.messages.slice() : [];
    for (const seq of this.#dirty)
      if (seq >= from && seq < from + messages.length) messages[seq - from] = this.#shown(seq);
    for (let seq = from + messages.length; seq <= to; seq++) messages.push(this.#shown(seq));
    this.#dirty.clear();
    this.#listed = { from, messages };
    return messages;
  }

  /** @param {number} seq */
  #shown(seq) {
    return /** @type {Message} */ (this.message(seq));
  }

  /** The seq of the user's own message with this `client_id`, if it is here. @param {string} clientId */
  sent(clientId) {
    return this.#sent.get(clientId);
  }

  /** How far the others are with a message of the user's: of a group, all of them. @param {number} seq @returns {"sent" | "delivered" | "read"} */
  receipt(seq) {
    if (this.#others?.version !== this.version) {
      const others = [...(this.members?.values() ?? this.object.members)].filter(
        (one) => one.user_id !== this.#userId && one.read_seq !== null,
      );
      /** @param {"read_seq" | "delivered_seq"} marker */
      const least = (marker) => (others.length ? Math.min(...others.map((one) => one[marker] ?? 0)) : 0);
      this.#others = { version: this.version, read: least("read_seq"), delivered: least("delivered_seq") };
    }
    return seq <= this.#others.read ? "read" : seq <= this.#others.delivered ? "delivered" : "sent";
  }

  /** Marks again what depends on who is blocked. */
  markBlocked() {
    if (this.object.type !== "group") return;
    this.threadVersion++;
    this.#listed = null;
    this.#list();
  }

  // --- Receiving ---------------------------------------------------------------------------------------------------------

  /** "Drop it", "take it, move the cursor", or "keep it, and `sync`". Returns whether it is new. @param {Message} message @param {boolean} isNotification */
  takeNew(message, isNotification) {
    const isNew = message.seq > this.cursor.seq && message.seq >= this.#from && !this.messages.has(message.seq);
    this.#hold(message, isNotification && mayBeCut(message.text ?? ""), true);
    this.#hear("seq", message.seq);
    return isNew;
  }

  /** Takes a message as the user sees it: from history, `sync` or the answer to a request. @param {Message} message */
  takeRead(message) {
    if (message.seq < this.#from) return;
    const held = this.messages.get(message.seq);
    if (held) held.takeRead(message);
    else this.messages.set(message.seq, new HeldMessage(message, false, true));
    this.#arrived(message.seq);
    this.#advance();
  }

  /** Takes what the user's own request has made of a message: its change may be the next one. @param {Message} message */
  takeDone(message) {
    this.takeRead(message);
    if (message.change_seq === this.cursor.change_seq + 1) this.#hear("change_seq", message.change_seq);
  }

  /** "Replace the pending message by the one in `data`". @param {Message} message */
  takeSent(message) {
    this.takeRead(message);
    this.#hear("seq", message.seq);
  }

  /** @param {Message} message @param {boolean} isCut @param {boolean} restores @param {boolean} [knowsMine] */
  #hold(message, isCut, restores, knowsMine = message.change_seq === 0) {
    if (message.seq < this.#from) return;
    const held = this.messages.get(message.seq);
    if (held) held.takeEvent(message, isCut, restores);
    else this.messages.set(message.seq, new HeldMessage(message, isCut, knowsMine));
    this.#arrived(message.seq);
  }

  /** "Keep the list of conversations up to date by the same events". @param {number} seq */
  #arrived(seq) {
    const held = /** @type {HeldMessage} */ (this.messages.get(seq));
    const { message } = held;
    this.#index(held);
    this.#dirty.add(seq);
    this.threadVersion++;
    if (seq > this.object.last_seq) {
      this.#set({ last_seq: seq, last_activity_at: message.created_at, archived: false });
    }
    this.#mention(held);
    // Who writes has read, but not if the host wrote it in the sender's name.
    this.moveMarker(message.sender_id, message.via ? 0 : seq, 0);
    if (seq >= (this.object.last_message?.seq ?? 0)) this.#list();
  }

  /** @param {HeldMessage} held */
  #index({ message, isWhole }) {
    if (isWhole) this.#cover(message.seq);
    if (message.client_id && message.sender_id === this.#userId) this.#sent.set(message.client_id, message.seq);
  }

  /** "Add its `seq` to `mention_seqs` if it names the user"; "leave them as they are" if that is not known. @param {HeldMessage} held */
  #mention({ message: { seq, sender_id }, named }) {
    if (!named) return;
    const isNamed =
      sender_id !== this.#userId && seq > this.#settled && named.some((one) => one === this.#userId || one === "*");
    if (isNamed === this.object.mention_seqs.includes(seq)) return;
    const others = this.object.mention_seqs.filter((one) => one !== seq);
    this.#setMentions(isNamed ? [...others, seq] : others);
  }

  /** @param {number[]} seqs */
  #setMentions(seqs) {
    const unread = seqs.filter((seq) => seq > this.#settled).sort((a, b) => a - b);
    this.#set({ mention_seqs: unread, unread_mentions: unread.length });
  }

  /** What is known to exist: a join tells it. @param {number} seq @param {number} changeSeq */
  takeHeard(seq, changeSeq) {
    this.#heard = { seq: Math.max(this.#heard.seq, seq), change_seq: Math.max(this.#heard.change_seq, changeSeq) };
  }

  // --- Markers -----------------------------------------------------------------------------------------------------------

  /** "A marker covers all messages before it"; it only grows. @param {string} userId @param {number} readSeq @param {number} deliveredSeq */
  moveMarker(userId, readSeq, deliveredSeq) {
    /** @param {{read_seq: number | null, delivered_seq: number | null}} side */
    const moved = (side) => {
      const read_seq = Math.max(side.read_seq ?? 0, readSeq);
      return { read_seq, delivered_seq: Math.max(side.delivered_seq ?? 0, read_seq, deliveredSeq) };
    };
    const { object } = this;
    const member = this.members?.get(userId);
    // With a block between, nothing is shown of a member of a group: null.
    if (member && member.read_seq !== null) this.members?.set(userId, { ...member, ...moved(member) });
    if (object.members.some((one) => one.user_id === userId))
      this.#set({ members: object.members.map((one) => (one.user_id === userId ? { ...one, ...moved(one) } : one)) });
    if (userId === this.#userId) this.#set(moved(object));
    // A read ends the mark "unread".
    this.#setUnread(this.object.read_seq > object.read_seq ? null : object.unread_from_seq);
    if (userId === this.#userId) this.#setMentions(this.object.mention_seqs);
  }

  /** @param {number | null} [unread_from_seq] */
  #setUnread(unread_from_seq = null) {
    const { last_seq, read_seq } = this.object;
    const seen = Math.max(Math.min(read_seq, (unread_from_seq ?? last_seq + 1) - 1), this.#from - 1);
    this.#set({ unread_from_seq, unread: Math.max(0, last_seq - seen) });
  }

  /** "How far the other person of a direct conversation has received and read". @param {Wire["Marker"][]} markers */
  takeMarkers(markers) {
    for (const one of markers) this.moveMarker(one.user_id, one.read_seq, one.delivered_seq);
  }

  /** "Forget that person's markers in groups". @param {string} userId @param {boolean} isBlocked */
  takeBlock(userId, isBlocked) {
    const member = this.members?.get(userId);
    if (!member) return;
    if (isBlocked) this.members?.set(userId, { ...member, read_seq: null, delivered_seq: null });
    this.areMembersStale ||= !isBlocked;
    this.version++;
  }

  // --- Members of a group ------------------------------------------------------------------------------------------------

  /** @param {Member[]} members @param {boolean} isFirst @param {boolean} isLast */
  takeMembers(members, isFirst, isLast) {
    if (isFirst) this.#gathered = new Map();
    if (!this.#gathered) return;
    for (const one of members) this.#gathered.set(one.user_id, one);
    if (isLast) {
      this.members = this.#gathered;
      this.#gathered = null;
      this.areMembersStale = false;
    }
    this.version++;
  }

  /** @param {Member} member */
  takeMember(member) {
    this.members?.set(member.user_id, member);
    this.version++;
  }

  /** @param {string} userId */
  removeMember(userId) {
    this.members?.delete(userId);
    this.version++;
  }

  // --- Changes -----------------------------------------------------------------------------------------------------------

  /**
   * Takes a live event of a message's change.
   *
   * @param {string} event
   * @param {{change_seq: number, user_id: string, message: Message, emoji?: string}} data
   */
  takeChange(event, data) {
    this.#hold(data.message, false, event === "message_updated", false);
    const { emoji, user_id, change_seq } = data;
    if (emoji && user_id === this.#userId)
      this.messages.get(data.message.seq)?.takeOwnReaction(emoji, change_seq, event === "reaction_added");
    this.takeChangeSeq(change_seq);
  }

  /** @param {number | null | undefined} changeSeq */
  takeChangeSeq(changeSeq) {
    if (changeSeq != null) this.#hear("change_seq", changeSeq);
  }

  /** "Keep the one with the greatest `shared_seq`"; returns whether this was it. @param {Wire["Shared"] | null | undefined} shared */
  takeShared(shared) {
    if (!shared || shared.shared_seq <= this.object.shared_seq) return false;
    const { owner_ids, admin_ids, muted_ids, capabilities, ...fields } = shared;
    const role = owner_ids.includes(this.#userId) ? "owner" : admin_ids.includes(this.#userId) ? "admin" : "member";
    const rights = muted_ids.includes(this.#userId) ? `muted_${role}` : role;
    this.roles = { owner_ids, admin_ids, muted_ids };
    this.areMembersStale = true;
    this.#set({ ...fields, role, capabilities: capabilities[rights] ?? [] });
    return true;
  }

  /** "Keep the one with the greatest `own_seq`. Its `archived` holds as of its `last_seq`". @param {Wire["Own"] | null | undefined} own */
  takeOwn(own) {
    if (!own || own.own_seq <= this.object.own_seq) return;
    this.moveMarker(this.#userId, own.read_seq ?? 0, 0);
    this.#takeOwn(own, own.last_seq);
  }

  /** "It holds while `read_seq` is the one that came with it". @param {Omit<Wire["Own"], "last_seq">} own @param {number} lastSeq */
  #takeOwn({ own_seq, settings, archived, visible_from_seq, read_seq, unread_from_seq }, lastSeq) {
    const isCleared = visible_from_seq > this.#from;
    this.#set({ own_seq, settings, archived: archived && lastSeq >= this.object.last_seq, visible_from_seq });
    this.#setUnread(read_seq === this.object.read_seq ? unread_from_seq : null);
    if (isCleared) this.#forget();
  }

  /** "Forget the messages before it". */
  #forget() {
    const from = this.#from;
    for (const seq of this.messages.keys()) if (seq < from) this.messages.delete(seq);
    this.#runs = this.#runs.filter((run) => run[1] >= from);
    if (this.#runs[0]) this.#runs[0][0] = Math.max(this.#runs[0][0], from);
    this.#listed = null;
    this.threadVersion++;
    this.#list();
    this.moveMarker(this.#userId, 0, 0);
  }

  // --- Catching up -------------------------------------------------------------------------------------------------------

  /** "The user's own part […] as of `last_seq` and `last_change_seq`". @param {Mine} mine @param {number} lastSeq @param {number} lastChangeSeq */
  takeMine(mine, lastSeq, lastChangeSeq) {
    this.moveMarker(this.#userId, mine.read_seq, mine.delivered_seq);
    /** Whether this device knows more of the message than the answer does. @param {number} seq */
    const isNews = (seq) => {
      const held = this.messages.get(seq);
      return held?.named && (seq > lastSeq || held.message.change_seq > lastChangeSeq);
    };
    const theirs = mine.mention_seqs.filter((seq) => !isNews(seq));
    this.#setMentions([...theirs, ...this.object.mention_seqs.filter(isNews)]);
    if (mine.own_seq >= this.object.own_seq) this.#takeOwn(mine, lastSeq);
  }

  /** Takes the object as it was read, whole, and keeps of each part what is newer here. @param {Conversation} read */
  take(read) {
    const held = this.object;
    const isNewest =
      read.last_seq > held.last_seq ||
      (read.last_seq === held.last_seq && read.last_change_seq >= this.cursor.change_seq);
    this.#set({
      ...(read.shared_seq < held.shared_seq ? held : read),
      ...part(held, OWN),
      ...part(isNewest ? read : held, LAST),
      last_change_seq: Math.max(read.last_change_seq, held.last_change_seq),
      members: read.members,
    });
    if (isNewest) this.isPreviewStale = false;
    for (const one of held.members) this.moveMarker(one.user_id, one.read_seq ?? 0, one.delivered_seq ?? 0);
    this.takeMine(read, read.last_seq, read.last_change_seq);
    this.#list();
  }

  /** "The cursor is `next`": it only grows. @param {Wire["Caught"]} caught */
  takeNext({ next }) {
    const { cursor } = this;
    this.cursor = {
      seq: Math.max(cursor.seq, next.seq ?? 0),
      change_seq: Math.max(cursor.change_seq, next.change_seq ?? 0),
    };
    this.#advance();
    this.areMembersStale = true;
  }

  /** "If it is much, drop what you have of this conversation and read it afresh"; returns whether it was. @param {Wire["Caught"]} caught */
  dropIfMuch({ verdict, next, last_seq, last_change_seq }) {
    const left = last_seq - (next.seq ?? 0) + (last_change_seq - (next.change_seq ?? 0));
    if (verdict !== "truncated" || left < MUCH) return false;
    this.messages.clear();
    this.#listed = null;
    this.#runs = [];
    this.#early.clear();
    // Nothing is held any more, so nothing before these numbers can be missing; the history has it.
    this.cursor = { seq: last_seq, change_seq: last_change_seq };
    this.#heard = { ...this.cursor };
    this.threadVersion++;
    this.version++;
    return true;
  }

  // --- Within ------------------------------------------------------------------------------------------------------------

  /** @param {Partial<Conversation>} fields */
  #set(fields) {
    this.object = { ...this.object, ...fields };
    this.version++;
  }

  /** Makes `last_message` of the newest message that the user has not deleted, as a list shows it. */
  #list() {
    const { last_seq, last_message: listed } = this.object;
    let shown = null;
    for (let seq = last_seq; seq >= Math.max(this.#from, last_seq - LOOK_BACK); seq--) {
      const held = this.messages.get(seq);
      if (held?.message.hidden) continue;
      if (listed?.seq === seq && !(held && held.message.change_seq >= listed.change_seq)) {
        shown = { ...listed, blocked: listed.kind !== "system" && this.#isBlocked(listed.sender_id) };
        break;
      }
      if (held) {
        shown = held.listed(this.#isBlocked(held.message.sender_id));
        break;
      }
      // Not here, and the one that was read is older: the user has deleted this one.
      if (listed && listed.seq < seq) continue;
      this.isPreviewStale ||= !!listed;
      break;
    }
    if (shown || listed) this.#set({ last_message: shown });
  }

  /** @param {string} senderId */
  #isBlocked(senderId) {
    return this.object.type === "group" && this.#blocked.has(senderId);
  }

  /** @param {"seq" | "change_seq"} which @param {number} number */
  #hear(which, number) {
    if (which === "change_seq" && number > this.cursor.change_seq) this.#early.add(number);
    if (number > this.#heard[which]) this.#heard[which] = number;
    this.#advance();
  }

  /** Moves the cursor over all that is here without a gap. */
  #advance() {
    let { seq, change_seq } = this.cursor;
    while (this.messages.has(seq + 1)) seq++;
    while (this.#early.delete(change_seq + 1)) change_seq++;
    this.cursor = { seq, change_seq };
    for (const one of this.#early) if (one <= change_seq) this.#early.delete(one);
    this.#heard.seq = Math.max(this.#heard.seq, seq);
    this.#heard.change_seq = Math.max(this.#heard.change_seq, change_seq);
  }

  /** The index of the first run that ends at `seq` or later. @param {number} seq */
  #place(seq) {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {[number, number]} */ (this.#runs[middle])[1] < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {number} seq */
  #cover(seq) {
    const at = this.#place(seq - 1);
    const run = this.#runs[at];
    if (!run || run[0] > seq + 1) this.#runs.splice(at, 0, [seq, seq]);
    else {
      run[0] = Math.min(run[0], seq);
      run[1] = Math.max(run[1], seq);
      const following = this.#runs[at + 1];
      if (following && following[0] <= run[1] + 1) {
        run[1] = Math.max(run[1], following[1]);
        this.#runs.splice(at + 1, 1);
      }
    }
  }
}

/** @param {Conversation} object @param {readonly (keyof Conversation)[]} names @returns {Partial<Conversation>} */
const part = (object, names) => Object.fromEntries(names.map((name) => [name, object[name]]));
