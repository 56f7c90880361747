/** A store for tests of elements: it holds what a test gives it, and does what its acts say, without a server. */

const ALL = "send_message mark_read typing react edit_own delete_own pin_message mention_everyone export call".split(" ");
const EPOCH = Date.parse("2026-11-29T12:00:00.000Z");

export class Double {
  userId = "alice";
  current = null;
  isDouble = true;
  connection = { status: "online", error: null, retryAt: null, isLeader: true, hello: null };
  sizes = { max_text_characters: 10000, max_mentions: 50, max_forward_conversations: 20 };
  limits = {
    attachments: {
      bytes: 10_000_000,
      per_message: 5,
      types: ["image/png", "image/jpeg", "image/gif", "application/pdf", "text/plain", "audio/webm", "audio/mp4", "audio/ogg"],
      voice_ms: 300_000,
    },
  };
  me = null;
  notifications = { all: [], unseen: 0 };
  /** What the elements have asked for, `["markRead", "d_1", 3]`. */
  calls = [];
  /** Acts that fail, by name: an error each. */
  failing = new Map();
  now = () => EPOCH;
  /** How many messages a page of history has, and how long it takes. */
  page = 50;
  delay = 0;
  client = { userId: this.userId, rest: async (...asked) => this.#call("rest", asked, () => this.answers.get(asked[1])) };
  answers = new Map();

  #listeners = new Set();
  #isTelling = false;
  #users = new Map();
  #conversations = new Map();
  /** @type {Map<string, any[]>} the whole history, and what of it is held */
  #history = new Map();
  #held = new Map();
  #drafts = new Map();
  #typing = new Map();
  #presence = new Map();
  #threads = new Map();
  #blocked = new Set();
  #pending = new Map();
  #opened = new Map();

  constructor(people = {}) {
    const all = { alice: "Alice Meyer", bob: "Bob Stone", carol: "Carol Díaz", ...people };
    for (const [id, name] of Object.entries(all)) this.addUser(id, { name });
  }

  addUser(id, user) {
    this.#users.set(id, { id, name: id, role: id === "bob" ? "teacher" : "student", avatar_url: null, ...user });
    this.tell();
  }

  /** Adds a conversation with messages: `{sender_id, text, …}` each, numbered from 1, a minute apart. */
  addConversation(id, { messages = [], members = ["alice", "bob"], ...more } = {}) {
    const other = members.find((one) => one !== this.userId) ?? null;
    this.#conversations.set(id, {
      id,
      type: members.length > 2 ? "group" : "direct",
      title: null,
      description: null,
      context: null,
      state: "open",
      posting: "everyone",
      slow_mode_s: 0,
      metadata: null,
      picture: null,
      link: null,
      role: "member",
      members: members.map((user_id) => ({ user_id, name: this.user(user_id).name, role: "member", read_seq: 0, delivered_seq: 0 })),
      member_count: members.length,
      read_seq: messages.length,
      delivered_seq: messages.length,
      unread: 0,
      mention_seqs: [],
      settings: { pinned: false, muted_until: null, notifications: "all" },
      archived: false,
      capabilities: ALL,
      other: members.length > 2 ? null : this.user(other),
      title_shown: members.length > 2 ? "The group" : this.user(other).name,
      ...more,
    });
    const history = [];
    const last = EPOCH - 60_000;
    messages.forEach((message, index) => {
      history.push(this.#message(id, index + 1, { created_at: new Date(last - (messages.length - 1 - index) * 60_000).toISOString(), ...message }));
    });
    this.#history.set(id, history);
    this.#held.set(id, [history.length, history.length]);
    this.tell();
    return this;
  }

  #message(id, seq, message) {
    return {
      id: `${id}.${seq}`,
      conversation_id: id,
      seq,
      sender_id: "bob",
      kind: "text",
      text: "",
      system: null,
      reply_to: null,
      forwarded_from: null,
      mentions: [],
      attachments: [],
      custom_type: null,
      metadata: null,
      reactions: [],
      pinned: false,
      created_at: new Date(EPOCH).toISOString(),
      edited_at: null,
      deleted_at: null,
      client_id: null,
      via: null,
      change_seq: 0,
      ...message,
    };
  }

  /** A message comes. */
  receive(id, message) {
    const history = this.#history.get(id);
    const conversation = this.conversation(id);
    const whole = this.#message(id, history.length + 1, message);
    const [from, to] = this.#held.get(id);
    this.#history.set(id, [...history, whole]);
    if (to === history.length) this.#held.set(id, [from, to + 1]);
    const isOwn = whole.sender_id === this.userId;
    this.change(id, isOwn ? { read_seq: whole.seq } : { unread: conversation.unread + 1 });
    this.#threads.delete(id);
    return whole;
  }

  /** Another part of a conversation. */
  change(id, change) {
    this.#conversations.set(id, { ...this.#conversations.get(id), ...change });
    this.tell();
  }

  /** Another version of a message. */
  changeMessage(messageId, change) {
    const [id, seq] = split(messageId);
    const history = [...this.#history.get(id)];
    history[seq - 1] = { ...history[seq - 1], change_seq: history[seq - 1].change_seq + 1, ...change };
    this.#history.set(id, history);
    this.#threads.delete(id);
    this.tell();
  }

  setTyping(id, ids) {
    this.#typing.set(id, ids);
    this.tell();
  }

  setPresence(id, online, last_seen = null) {
    this.#presence.set(id, { online, last_seen });
    this.tell();
  }

  setPending(id, pending) {
    this.#pending.set(id, pending);
    this.#threads.delete(id);
    this.tell();
  }

  setConnection(change) {
    this.connection = { ...this.connection, ...change };
    this.tell();
  }

  tell() {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  async #call(name, asked, act) {
    this.calls.push([name, ...asked]);
    if (this.delay) await new Promise((done) => setTimeout(done, this.delay));
    const error = this.failing.get(name);
    if (error) throw error;
    return act?.();
  }

  // --- What web/store/store.js has -----------------------------------------------------------------------------------

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get state() {
    return {};
  }

  get unread() {
    return [...this.#conversations.values()].reduce((sum, { unread }) => sum + unread, 0);
  }

  /** As the store's: an id that stands for a conversation until the first message makes it. */
  idWith({ user_id }) {
    return `to:${user_id}`;
  }

  resolve(id) {
    return id;
  }

  select(id) {
    this.current = id;
    this.tell();
  }

  user(id) {
    return this.#users.get(id) ?? { id, name: null, role: null, avatar_url: null };
  }

  presence(id) {
    return this.#presence.get(id) ?? { online: null, last_seen: null };
  }

  typing(id) {
    return this.#typing.get(id) ?? [];
  }

  isBlocked(id) {
    return this.#blocked.has(id);
  }

  receipt(id, seq) {
    const others = (this.conversation(id)?.members ?? []).filter(({ user_id }) => user_id !== this.userId);
    if (others.every(({ read_seq }) => read_seq >= seq)) return "read";
    return others.every(({ delivered_seq }) => delivered_seq >= seq) ? "delivered" : "sent";
  }

  conversation(id) {
    return this.#conversations.get(id) ?? null;
  }

  conversations({ q = "" } = {}) {
    return [...this.#conversations.values()].filter(({ title_shown }) => title_shown.toLowerCase().includes(q.toLowerCase()));
  }

  thread(id) {
    const known = this.#threads.get(id);
    if (known) return known;
    const history = this.#history.get(id) ?? [];
    const [from, to] = this.#held.get(id) ?? [0, 0];
    const foundNewest = to === history.length && this.#opened.has(id);
    const thread = {
      messages: [...history.slice(from, to), ...(foundNewest ? (this.#pending.get(id) ?? []) : [])],
      foundOldest: from === 0 && this.#opened.has(id),
      foundNewest,
      isLoading: this.#opened.get(id) === "loading",
      error: this.#opened.get(id) instanceof Error ? this.#opened.get(id) : null,
    };
    this.#threads.set(id, thread);
    return thread;
  }

  message(messageId) {
    const [id, seq] = split(messageId);
    const [from, to] = this.#held.get(id) ?? [0, 0];
    return seq > from && seq <= to ? this.#history.get(id)[seq - 1] : null;
  }

  draft(id) {
    return this.#drafts.get(id) ?? null;
  }

  setDraft(id, draft) {
    this.#drafts.set(id, draft);
    this.tell();
  }

  async #load(name, id, act, asked = []) {
    this.#opened.set(id, "loading");
    this.#threads.delete(id);
    this.tell();
    try {
      await this.#call(name, [id, ...asked], () => {
        act();
        this.#opened.set(id, "open");
      });
    } catch (error) {
      this.#opened.set(id, error);
      throw error;
    } finally {
      this.#threads.delete(id);
      this.tell();
    }
  }

  open(id) {
    return this.#load("open", id, () => {
      const count = this.#history.get(id)?.length ?? 0;
      this.#held.set(id, [Math.max(0, count - this.page), count]);
    });
  }

  close(id) {
    this.calls.push(["close", id]);
  }

  loadOlder(id) {
    return this.#load("loadOlder", id, () => {
      const [from, to] = this.#held.get(id);
      this.#held.set(id, [Math.max(0, from - this.page), to]);
    });
  }

  loadNewer(id) {
    return this.#load("loadNewer", id, () => {
      const [from, to] = this.#held.get(id);
      this.#held.set(id, [from, Math.min(this.#history.get(id).length, to + this.page)]);
    });
  }

  jump(id, seq) {
    if (seq === null) return this.open(id);
    const count = this.#history.get(id).length;
    return this.#load("jump", id, () => this.#held.set(id, [Math.max(0, seq - 25), Math.min(count, seq + 25)]), [seq]);
  }

  send(id, draft) {
    this.#drafts.delete(id);
    const clientId = `client-${this.calls.length}`;
    const { files = [], ...body } = draft;
    const message = this.#call("send", [id, { ...body, files: files.map(({ name, type, size }) => ({ name, type, size })) }], () =>
      this.receive(id, { sender_id: this.userId, client_id: clientId, kind: body.kind ?? "text", text: body.text ?? "", mentions: body.mentions ?? [], reply_to: body.reply_to ?? null }),
    );
    message.catch(() => {});
    return { clientId, message };
  }

  async markRead(id, seq) {
    await this.#call("markRead", [id, seq]);
    const { unread } = this.conversation(id);
    this.change(id, { read_seq: seq, unread: Math.min(unread, this.#history.get(id).length - seq) });
  }

  react(messageId, emoji, isOn) {
    return this.#call("react", [messageId, emoji, isOn], () => {
      const before = this.message(messageId).reactions;
      const one = before.find((reaction) => reaction.emoji === emoji);
      const count = (one?.count ?? 0) + (isOn ? 1 : -1);
      const others = before.filter((reaction) => reaction !== one);
      this.changeMessage(messageId, { reactions: count ? [...others, { emoji, count, mine: isOn }] : others });
    });
  }

  edit(messageId, change) {
    return this.#call("edit", [messageId, change], () => this.changeMessage(messageId, { ...change, edited_at: new Date(EPOCH).toISOString() }));
  }

  remove(messageId, scope) {
    const gone = scope === "me" ? { hidden: true } : { deleted_at: new Date(EPOCH).toISOString(), text: "", attachments: [] };
    return this.#call("remove", [messageId, scope], () => this.changeMessage(messageId, gone));
  }

  pin(messageId, isOn) {
    return this.#call("pin", [messageId, isOn], () => this.changeMessage(messageId, { pinned: isOn }));
  }

  forward(...asked) {
    return this.#call("forward", asked, () => ({ messages: [], failed: [] }));
  }

  receipts(messageId) {
    return this.#call("receipts", [messageId], () => ({
      receipts: [{ user_id: "bob", delivered_at: "2026-11-29T11:59:10.000Z", read_at: "2026-11-29T11:59:30.000Z", played_at: null }],
    }));
  }

  reactions(messageId, cursor) {
    const page = (people, next) => ({
      reactions: people.map((user_id) => ({ user_id, emoji: "🎉", reacted_at: "2026-11-29T11:59:10.000Z" })),
      next,
    });
    const pages = { first: page([], "second"), second: page(["bob"], "third"), third: page(["alice"], null) };
    return this.#call("reactions", [messageId, cursor], () => pages[cursor ?? "first"]);
  }

  report(...asked) {
    return this.#call("report", asked, () => ({}));
  }

  played(...asked) {
    return this.#call("played", asked, () => ({}));
  }

  retry(...asked) {
    return this.#call("retry", asked);
  }

  discard(...asked) {
    return this.#call("discard", asked);
  }

  attachmentUrls(ids) {
    return this.#call("attachmentUrls", [ids], () => ({
      attachments: Object.fromEntries(ids.map((id) => [id, this.answers.get(id) ?? null])),
    }));
  }

  members(...asked) {
    return this.#call("members", asked, () => ({ members: this.conversation(asked[0]).members, next: null }));
  }

  startTyping(id) {
    this.calls.push(["startTyping", id]);
  }

  stopTyping(id) {
    this.calls.push(["stopTyping", id]);
  }

  watchPresence(ids) {
    this.calls.push(["watchPresence", ids]);
    return () => this.calls.push(["unwatchPresence", ids]);
  }

  block(id, isOn) {
    if (isOn) this.#blocked.add(id);
    else this.#blocked.delete(id);
    this.tell();
  }
}

function split(messageId) {
  const at = messageId.lastIndexOf(".");
  return [messageId.slice(0, at), Number(messageId.slice(at + 1))];
}
