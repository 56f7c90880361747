import { recipientKey } from "../client/outbox.js";
import { ask, beginning, heldWith, idOf, isBeginning, recipientOf } from "./beginnings.js";
import { Drafts } from "./drafts.js";

/**
 * @typedef {import("../client/client.js").Client} Client
 * @typedef {import("../client/types.d.ts").Schemas} Schemas
 * @typedef {import("../client/types.d.ts").Message} Message
 * @typedef {import("../client/types.d.ts").OutboxEntry} OutboxEntry
 * @typedef {import("../client/types.d.ts").Recipient} Recipient
 * @typedef {import("../client/types.d.ts").ConnectionState} ConnectionState
 * @typedef {import("../client/errors.js").ParleyError} ParleyError
 *
 * @typedef {{id: string, name: string | null, role: string | null, avatar_url: string | null}} Person
 * @typedef {Schemas["Conversation"] & {title_shown: string, picture: string | null, link: string | null, other: Person | null,
 *   typing: string[], draft: string}} ShownConversation
 * @typedef {Message & {pending?: undefined}} StoredMessage
 * @typedef {{id: null, seq: null, client_id: string, sender_id: string, kind: string, text: string, reply_to: string | null, mentions: string[],
 *   attachments: [], reactions: [], created_at: string, files: import("../client/types.d.ts").OutboxFile[],
 *   pending: {state: import("../client/types.d.ts").OutboxState, progress: number, error: OutboxEntry["error"]}}} PendingMessage
 * @typedef {StoredMessage | PendingMessage} ShownMessage
 * @typedef {{messages: ShownMessage[], foundOldest: boolean, foundNewest: boolean, isLoading: boolean, error: ParleyError | null,
 *   goal: {seq: number} | null}} Thread  `goal` is the message that `jump` asked for: another object each time
 * @typedef {{state?: "active" | "archived", q?: string, filter?: "all" | "unread" | "pinned"}} ListOptions
 * @typedef {{version: number, connection: ConnectionState, me: Schemas["Me"] | null, current: string | null, unread: number,
 *   isListed: boolean, error: ParleyError | null}} State
 */

/** What a device knows, as pages show it: snapshots that stay the same object until something in them changes, and acts. */
export class Store {
  /** @type {State} */
  #state;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #isTelling = false;
  #listVersion = 0;
  #usersVersion = 0;
  /** @type {Map<string, number>} */
  #versions = new Map();
  /** @type {Map<string, {key: string, value: any}>} */
  #memo = new Map();
  /** @type {Set<string>} the conversations that were held at their last change */
  #held = new Set();
  /** @type {Map<string, {isLoading: boolean, error: ParleyError | null, anchor: number | null, goal: {seq: number} | null, version: number}>} */
  #threads = new Map();
  /** @type {Map<string, string>} state to the cursor of its next page; "" if there is none */
  #cursors = new Map();
  #drafts = new Drafts();
  /** What a search looks in, of conversations as they are shown. @type {WeakMap<ShownConversation, string>} */
  #folded = new WeakMap();
  /** @type {(() => void)[]} */
  #ends = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #looking;

  /** @param {Client} client */
  constructor(client) {
    this.client = client;
    this.#state = {
      version: 0,
      connection: client.state,
      me: null,
      current: null,
      unread: 0,
      isListed: false,
      error: null,
    };
    this.#ends.push(
      client.on("change", (changes) => this.#change(changes)),
      client.on("state", (connection) => {
        this.#set({ connection });
        if (connection.status !== "online") return;
        this.#lookForEnd(0); // it may have been lifted meanwhile
        for (const id of this.#threads.keys()) this.#readAgain(id);
      }),
      client.on("error", ({ error }) => this.#set({ error })),
      client.on("event", ({ event, data }) => this.#takeEvent(event, data)),
    );
  }

  // --- Observing -----------------------------------------------------------------------------------------------------

  /** The snapshot: another object after each change. */
  get state() {
    return this.#state;
  }

  /** Calls once in a microtask in which something changed. @param {() => void} listener @returns {() => void} ends it */
  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /**
   * Calls with what a selector returns whenever that becomes another value.
   *
   * @template T
   * @param {(store: Store) => T} selector
   * @param {(value: T) => void} listener
   * @returns {() => void} ends it
   */
  watch(selector, listener) {
    let last = selector(this);
    return this.subscribe(() => {
      const value = selector(this);
      if (Object.is(value, last)) return;
      last = value;
      listener(value);
    });
  }

  /** @param {import("../client/client.js").Changes} changes */
  #change(changes) {
    for (const set of [changes.conversations, changes.typing]) {
      for (const id of set) this.#versions.set(id, (this.#versions.get(id) ?? 0) + 1);
    }
    if (changes.users.size > 0) this.#usersVersion++;
    this.#listVersion++;
    for (const id of changes.conversations) this.#lookAgain(id);
    const { current, me } = this;
    const told = changes.me && me ? { me: { ...me, suspension: this.#suspension } } : {};
    this.#set({ unread: this.#countUnread(), current: current && this.resolve(current), ...told });
    if (changes.me) this.#lookForEnd();
  }

  get #suspension() {
    return this.client.replica?.me?.suspension ?? null;
  }

  /** A suspension ends at its time, of which no event tells, or was lifted while the device was away. @param {number} [wait] ms */
  #lookForEnd(wait = LOOK_MS) {
    clearTimeout(this.#looking);
    const left = Date.parse(this.#suspension?.until ?? "") - this.now();
    const again = () => {
      this.#set({});
      this.#lookForEnd();
    };
    if (left > 0) this.#looking = setTimeout(() => this.loadMe().catch(again), Math.min(left + 50, wait));
  }

  /** Reads an open conversation again that the user has been taken out of, or let into again: the answer says which. @param {string} id */
  #lookAgain(id) {
    const thread = this.#threads.get(id);
    const isHeld = !!this.client.replica?.conversations.has(id);
    const wasHeld = this.#held.has(id);
    if (isHeld) this.#held.add(id);
    else this.#held.delete(id);
    if (!thread || thread.isLoading || isHeld === wasHeld || (isHeld && !thread.error)) return;
    this.#read(id);
  }

  /** Reads an open conversation again that a bad network has kept from being read. @param {string} id */
  #readAgain(id) {
    const { isLoading, error } = this.#threads.get(id) ?? {};
    if (error?.mayPass && !isLoading && this.client.isOpen(id)) this.#read(id);
  }

  /** @param {string} id */
  #read(id) {
    const read = () => this.client.open(id).finally(() => this.client.leave(id));
    this.#loading(id, read).catch(() => {}); // the thread shows why
  }

  /** @param {string} event @param {any} data */
  #takeEvent(event, data) {
    const { me } = this.#state;
    if (me && event === "user_updated" && data.user_id === me.id) void this.loadMe().catch(() => {}); // the next look tries again
  }

  /** @param {Partial<State>} change */
  #set(change) {
    this.#state = { ...this.#state, ...change, version: this.#state.version + 1 };
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  /**
   * @template T
   * @param {string} name
   * @param {string} key of all that the value follows from
   * @param {() => T} make
   * @returns {T}
   */
  #memoised(name, key, make) {
    const kept = this.#memo.get(name);
    if (kept?.key === key) return kept.value;
    const value = make();
    this.#memo.set(name, { key, value });
    return value;
  }

  // --- Reading -------------------------------------------------------------------------------------------------------

  get connection() {
    return this.#state.connection;
  }

  get me() {
    return this.#state.me;
  }

  get userId() {
    return this.client.userId;
  }

  /** The id of the selected conversation, or null. */
  get current() {
    return this.#state.current;
  }

  /** How many messages the user has not read, in all conversations that are not muted for ever. */
  get unread() {
    return this.#state.unread;
  }

  /** What this deployment allows one person, and how long things may be; null before the first connection. */
  get limits() {
    return this.#state.connection.hello?.limits ?? null;
  }

  get sizes() {
    return this.#state.connection.hello?.sizes ?? null;
  }

  /** The user's clock may be wrong: all times are the server's. Milliseconds. */
  now() {
    return this.client.now();
  }

  /** @param {string} userId @returns {Person} */
  user(userId) {
    const known = this.client.replica?.users.get(userId);
    return { id: userId, name: known?.name ?? null, role: known?.role ?? null, avatar_url: known?.avatar_url ?? null };
  }

  /** @param {string} userId */
  presence(userId) {
    return this.client.replica?.presence(userId) ?? { online: null, last_seen: null };
  }

  /** Who is typing there, without the user. @param {string} conversationId */
  typing(conversationId) {
    return this.client.replica?.typing(conversationId) ?? [];
  }

  /** How far others have a message of the user's. @param {string} conversationId @param {number} seq */
  receipt(conversationId, seq) {
    return this.client.replica?.receipt(conversationId, seq) ?? "sent";
  }

  /** @param {string} userId */
  isBlocked(userId) {
    return this.client.replica?.blocked.has(userId) ?? false;
  }

  /** @param {string} conversationId @returns {ShownConversation | null} */
  conversation(conversationId) {
    if (isBeginning(conversationId)) return this.#begun(conversationId);
    const held = this.client.replica?.conversations.get(conversationId);
    if (!held) return null;
    return this.#memoised(`conversation:${conversationId}`, this.#keyOf(conversationId), () => this.#show(held.object));
  }

  /** The id of the conversation with a person about something; while there is none, one that stands for it: its first message makes it. @param {Recipient} recipient */
  idWith(recipient) {
    return heldWith(this.client, recipient) ?? idOf(recipient);
  }

  /** The id of the conversation that an id of `idWith` has become, or the same id. @param {string} id */
  resolve(id) {
    const recipient = isBeginning(id) ? recipientOf(id) : null;
    return (recipient && heldWith(this.client, recipient)) ?? id;
  }

  /** @param {string} id @returns {ShownConversation | null} */
  #begun(id) {
    const recipient = recipientOf(id);
    if (!recipient) return null;
    const thread = this.#threads.get(id);
    return this.#memoised(`conversation:${id}`, `${this.#listVersion} ${this.#keyOf(id)} ${thread?.version}`, () => {
      const last = this.pendingTo(recipient).at(-1);
      const at = last ? Date.parse(last.created_at) : this.now();
      const isRefused = thread?.error?.status === 403;
      const said = last ? { ...last, seq: 0, attachments: null } : null;
      return this.#show(beginning(id, recipient, at, isRefused, said));
    });
  }

  /** Of messages that begin a conversation. @param {string} q */
  #beginnings(q) {
    /** @type {Set<string>} */
    const ids = new Set();
    for (const { to } of /** @type {OutboxEntry[]} */ (this.client.replica?.outbox ?? [])) if (to) ids.add(idOf(to));
    return [...ids]
      .filter((id) => this.resolve(id) === id)
      .map((id) => /** @type {ShownConversation} */ (this.conversation(id)))
      .filter((one) => !q || this.#words(one).includes(q));
  }

  /** @param {string} conversationId */
  #keyOf(conversationId) {
    return `${this.client.userId} ${this.#versions.get(conversationId) ?? 0} ${this.#usersVersion} ${this.#drafts.version}`;
  }

  /**
   * The conversations that are held, pinned ones first, then the most recent ones.
   *
   * @param {ListOptions} [options] `q` is looked for in what is shown of a conversation
   * @returns {ShownConversation[]}
   */
  conversations({ state = "active", q = "", filter = "all" } = {}) {
    const key = `${this.client.userId} ${this.#listVersion} ${this.#drafts.version}`;
    return this.#memoised(`list:${state}:${filter}:${q}`, key, () => {
      const wanted = folded(q);
      const shown = [];
      for (const [id, { object }] of this.client.replica?.conversations ?? []) {
        if (object.archived !== (state === "archived")) continue;
        if (filter === "unread" && object.unread === 0) continue;
        if (filter === "pinned" && !object.settings.pinned) continue;
        const conversation = /** @type {ShownConversation} */ (this.conversation(id));
        if (wanted === "" || this.#words(conversation).includes(wanted)) shown.push(conversation);
      }
      if (state === "active" && filter === "all") shown.push(...this.#beginnings(wanted));
      return shown.sort(inOrder);
    });
  }

  /** @param {ShownConversation} conversation */
  #words(conversation) {
    const known = this.#folded.get(conversation);
    if (known !== undefined) return known;
    const names = conversation.members.map(({ user_id }) => this.user(user_id).name ?? "");
    const words = folded([conversation.title_shown, ...names, conversation.last_message?.text ?? ""].join("\n"));
    this.#folded.set(conversation, words);
    return words;
  }

  /** Whether the server has more conversations than are held. @param {"active" | "archived"} [state] */
  hasMore(state = "active") {
    return this.#cursors.get(state) !== "";
  }

  /** @param {Schemas["Conversation"]} object @returns {ShownConversation} */
  #show(object) {
    const { userId } = this.client;
    const others = object.members
      .filter(({ user_id }) => user_id !== userId)
      .map(({ user_id, name }) => ({ ...this.user(user_id), said: name }));
    const other = object.type === "direct" ? (others[0] ?? null) : null;
    /** @type {any} */
    const metadata = object.metadata ?? {};
    const names = others.map(({ id, name, said }) => name ?? said ?? id).join(", ");
    return {
      ...object,
      title_shown: object.title ?? (names || object.id),
      picture: textOf(metadata.picture) ?? other?.avatar_url ?? null,
      link: textOf(metadata.link),
      other,
      typing: this.typing(object.id),
      draft: this.#drafts.get(this.client, object.id)?.text ?? "",
    };
  }

  /** @param {string} conversationId @returns {Thread} */
  thread(conversationId) {
    const thread = this.#threads.get(conversationId);
    const key = `${this.client.userId} ${this.#versions.get(conversationId) ?? 0} ${thread?.version ?? 0}`;
    const recipient = isBeginning(conversationId) ? recipientOf(conversationId) : null;
    if (recipient) return this.#threadTo(conversationId, recipient, `${key} ${this.#listVersion}`);
    return this.#memoised(`thread:${conversationId}`, key, () => {
      const held = this.client.replica?.thread(conversationId, thread?.anchor ?? undefined);
      // Between other messages there is no place for one that will be the newest.
      const pending =
        held?.foundNewest === false && held.messages.length > 0
          ? []
          : (this.client.replica?.pending(conversationId) ?? []).map((entry) =>
              this.#showPending(/** @type {OutboxEntry} */ (entry)),
            );
      return {
        messages: /** @type {ShownMessage[]} */ (
          pending.length > 0 ? [...(held?.messages ?? []), ...pending] : (held?.messages ?? [])
        ),
        foundOldest: held?.foundOldest ?? false,
        foundNewest: held?.foundNewest ?? false,
        isLoading: thread?.isLoading ?? false,
        error: thread?.error ?? null,
        goal: thread?.goal ?? null,
      };
    });
  }

  /** @param {string} id @param {Recipient} recipient @param {string} key @returns {Thread} */
  #threadTo(id, recipient, key) {
    const { isLoading = false, error = null } = this.#threads.get(id) ?? {};
    return this.#memoised(`thread:${id}`, key, () => ({
      messages: this.pendingTo(recipient),
      ...{ foundOldest: true, foundNewest: true, isLoading, error, goal: null },
    }));
  }

  /** What waits to be sent to a person with whom no conversation is open. @param {Recipient} to */
  pendingTo(to) {
    const key = recipientKey(to);
    const entries = /** @type {OutboxEntry[]} */ (this.client.replica?.outbox ?? []);
    return entries
      .filter((entry) => entry.to !== null && recipientKey(entry.to) === key)
      .map((entry) => this.#showPending(entry));
  }

  /** @param {OutboxEntry} entry @returns {PendingMessage} */
  #showPending(entry) {
    return {
      id: null,
      seq: null,
      client_id: entry.client_id,
      sender_id: this.client.userId ?? "",
      kind: entry.body.kind ?? "text",
      text: entry.body.text ?? "",
      reply_to: entry.body.reply_to ?? null,
      mentions: entry.body.mentions ?? [],
      attachments: [],
      reactions: [],
      created_at: new Date(this.client.now(entry.created_at)).toISOString(),
      files: entry.files,
      pending: { state: entry.state, progress: entry.progress, error: entry.error },
    };
  }

  /** A message that is held, or null. @param {string} messageId */
  message(messageId) {
    const [conversationId, seq] = split(messageId);
    return this.client.replica?.conversations.get(conversationId)?.message(seq) ?? null;
  }

  /** The inbox of notifications: the newest first, and how many are not seen. */
  get notifications() {
    return this.client.replica?.notices ?? { all: [], unseen: null };
  }

  #countUnread() {
    let count = 0;
    const now = this.client.now();
    for (const { object } of this.client.replica?.conversations.values() ?? []) {
      const isMuted = object.settings.muted_until !== null && Date.parse(object.settings.muted_until) > now;
      if (!object.archived && !isMuted) count += object.unread;
    }
    return count;
  }

  // --- Drafts --------------------------------------------------------------------------------------------------------

  /** What the user has begun to write there. @param {string} conversationId */
  draft(conversationId) {
    return this.#drafts.get(this.client, conversationId);
  }

  /** @param {string} conversationId @param {import("./drafts.js").Draft | null} draft */
  setDraft(conversationId, draft) {
    this.#drafts.set(this.client, conversationId, draft);
    this.#listVersion++;
    this.#set({});
  }

  // --- Loading -------------------------------------------------------------------------------------------------------

  /** Connects, and reads the user's own profile. Throws ParleyError if the application has no token. */
  async load() {
    await this.client.connect();
    this.#set({ isListed: true });
    if (this.connection.status === "online" && this.me === null) await this.loadMe();
  }

  async loadMe() {
    const me = await this.client.rest("GET", "/me", {});
    this.#set({ me });
    return me;
  }

  /** Reads the next page of conversations, if there is one. @param {"active" | "archived"} [state] */
  async loadMore(state = "active") {
    const cursor = this.#cursors.get(state);
    if (cursor === "") return;
    const page = await this.client.rest("GET", "/conversations", {
      query: { state, limit: 50, ...(cursor ? { cursor } : {}) },
    });
    this.#cursors.set(state, page.next ?? "");
    this.#listVersion++;
    this.#set({});
  }

  /** Asks the server for conversations by their names, also those that are not held. @param {string} q */
  async findConversations(q) {
    const page = await this.client.rest("GET", "/conversations", { query: { q, limit: 50 } });
    return page.conversations.map(({ id }) => id);
  }

  /** Selects a conversation and puts it on the screen; null selects none. @param {string | null} conversationId */
  select(conversationId) {
    const current = conversationId && this.resolve(conversationId);
    if (this.current !== current) this.#set({ current });
  }

  /** Puts a conversation on the screen: reads its newest messages, and follows it until `close`. @param {string} conversationId */
  async open(conversationId) {
    const recipient = isBeginning(conversationId) ? recipientOf(conversationId) : null;
    await this.#loading(conversationId, () => (recipient ? ask(this, recipient) : this.client.open(conversationId)));
    const { goal } = this.#threads.get(conversationId) ?? {};
    if (goal) await this.#around(conversationId, goal.seq);
  }

  /** @param {string} conversationId */
  close(conversationId) {
    if (isBeginning(conversationId)) return;
    this.client.leave(conversationId);
    if (this.#threads.get(conversationId)?.goal) this.#thread(conversationId, { goal: null });
  }

  /** Reads the page before the oldest message that is held in one piece. @param {string} conversationId */
  async loadOlder(conversationId) {
    const { messages, foundOldest } = this.thread(conversationId);
    const first = messages[0]?.seq;
    if (foundOldest || first == null) return;
    await this.#loading(conversationId, () => this.client.loadOlder(conversationId, first));
  }

  /** Reads the page after the newest message that is held in one piece. @param {string} conversationId */
  async loadNewer(conversationId) {
    const { messages, foundNewest } = this.thread(conversationId);
    const last = messages.at(-1)?.seq;
    if (foundNewest || last == null) return;
    await this.#loading(conversationId, () => this.client.loadNewer(conversationId, last));
  }

  /** Shows the messages around one, held or not; null shows the newest ones. @param {string} conversationId @param {number | null} seq */
  async jump(conversationId, seq) {
    this.#thread(conversationId, { anchor: seq, goal: seq === null ? null : { seq } });
    if (seq === null) {
      if (!this.client.replica?.thread(conversationId)?.foundNewest)
        await this.open(conversationId).finally(() => this.close(conversationId));
    } else await this.#around(conversationId, seq);
  }

  /** Before the device knows its user and the conversation it would keep nothing of what it reads: then `open` reads it. @param {string} conversationId @param {number} seq */
  async #around(conversationId, seq) {
    const held = this.client.replica?.conversations.get(conversationId);
    if (!held) return;
    // A search and a list of pins bring messages one by one.
    const isRead = held.message(seq) && (seq === held.object.last_seq || held.message(seq + 1));
    if (!isRead) await this.#loading(conversationId, () => this.client.loadAround(conversationId, seq));
  }

  /** @param {string} conversationId @param {() => Promise<unknown>} act */
  async #loading(conversationId, act) {
    this.#thread(conversationId, { isLoading: true, error: null });
    try {
      await act();
      this.#thread(conversationId, { isLoading: false });
    } catch (error) {
      this.#thread(conversationId, { isLoading: false, error: /** @type {ParleyError} */ (error) });
      throw error;
    }
  }

  /** @param {string} conversationId @param {{isLoading?: boolean, error?: ParleyError | null, anchor?: number | null, goal?: {seq: number} | null}} change */
  #thread(conversationId, change) {
    const thread = this.#threads.get(conversationId) ?? {
      isLoading: false,
      error: null,
      anchor: null,
      goal: null,
      version: 0,
    };
    this.#threads.set(conversationId, { ...thread, ...change, version: thread.version + 1 });
    this.#set({});
  }

  // --- Messages ------------------------------------------------------------------------------------------------------

  /** Sends a message: it is shown at once. @param {string | Recipient} to @param {import("../client/types.d.ts").Draft} draft */
  send(to, draft) {
    if (typeof to !== "string") return this.client.send(to, draft);
    this.#drafts.set(this.client, to, null);
    const id = this.resolve(to);
    const sent = this.client.send((isBeginning(id) && recipientOf(id)) || id, draft);
    // Until the device has read what the message has made, nothing is shown in its place.
    if (isBeginning(id)) sent.message.then(() => this.#thread(id, { isLoading: true })).catch(() => {}); // the thread shows it
    return sent;
  }

  /** @param {string} clientId */
  retry(clientId) {
    return this.client.retry(clientId);
  }

  /** @param {string} clientId */
  discard(clientId) {
    return this.client.discard(clientId);
  }

  /** @param {string} message_id @param {{text: string, mentions?: string[]}} change */
  edit(message_id, change) {
    return this.client.rest("PATCH", "/messages/{message_id}", {
      path: { message_id },
      body: /** @type {any} */ (change),
    });
  }

  /** Deletes a message for everyone, or from the user's own view. @param {string} message_id @param {"everyone" | "me"} scope */
  remove(message_id, scope) {
    return this.client.rest("DELETE", "/messages/{message_id}", {
      path: { message_id },
      query: /** @type {any} */ ({ scope }),
    });
  }

  /** Adds the user's reaction, or takes it off. @param {string} message_id @param {string} emoji @param {boolean} isOn */
  react(message_id, emoji, isOn) {
    const asked = { path: { message_id, emoji } };
    return isOn
      ? this.client.rest("PUT", "/messages/{message_id}/reactions/{emoji}", asked)
      : this.client.rest("DELETE", "/messages/{message_id}/reactions/{emoji}", asked);
  }

  /** @param {string} message_id @param {boolean} isOn */
  pin(message_id, isOn) {
    const asked = { path: { message_id } };
    return isOn
      ? this.client.rest("PUT", "/messages/{message_id}/pin", asked)
      : this.client.rest("DELETE", "/messages/{message_id}/pin", asked);
  }

  /** @param {string} conversation_id */
  pins(conversation_id) {
    return this.client.rest("GET", "/conversations/{conversation_id}/pins", { path: { conversation_id } });
  }

  /** @param {string} message_id @param {string[]} conversation_ids */
  forward(message_id, conversation_ids) {
    const body = { conversation_ids, client_id: crypto.randomUUID() };
    return this.client.rest("POST", "/messages/{message_id}/forward", {
      path: { message_id },
      body: /** @type {any} */ (body),
    });
  }

  /** Who received and read a message, and when. @param {string} message_id */
  receipts(message_id) {
    return this.client.rest("GET", "/messages/{message_id}/receipts", { path: { message_id } });
  }

  /** The people who reacted to a message, a page of them. @param {string} message_id @param {string | null} [cursor] `next` of the page before */
  reactions(message_id, cursor) {
    return this.client.rest("GET", "/messages/{message_id}/reactions", {
      path: { message_id },
      query: { limit: 100, ...(cursor && { cursor }) },
    });
  }

  /** @param {string} message_id @param {{reason: string, note?: string | null}} body */
  report(message_id, body) {
    return this.client.rest("POST", "/messages/{message_id}/report", {
      path: { message_id },
      body: /** @type {any} */ (body),
    });
  }

  /** The user has begun to play a voice message. @param {string} message_id */
  played(message_id) {
    return this.client.rest("PUT", "/messages/{message_id}/played", { path: { message_id } });
  }

  /** Addresses of files, good for a minute. @param {string[]} ids up to 50 */
  attachmentUrls(ids) {
    return this.client.rest("POST", "/attachments/urls", { body: { ids } });
  }

  /** The user has seen the messages up to one, or all. @param {string} conversationId @param {number} [seq] */
  markRead(conversationId, seq) {
    return this.client.markRead(conversationId, seq);
  }

  /** A key was pressed. @param {string} conversationId */
  startTyping(conversationId) {
    if (!isBeginning(conversationId)) this.client.typing(conversationId, true);
  }

  /** @param {string} conversationId */
  stopTyping(conversationId) {
    if (!isBeginning(conversationId)) this.client.typing(conversationId, false);
  }

  /** Searches the user's messages. @param {{q: string, conversation_id?: string, cursor?: string, limit?: number}} query */
  search(query) {
    return this.client.rest("GET", "/search", { query });
  }

  // --- Conversations and people --------------------------------------------------------------------------------------

  /** Asks whether the user may write to a person; returns the id of `idWith`. Throws ParleyError with the policy's reason. @param {Recipient} recipient */
  async begin(recipient) {
    const id = this.idWith(recipient);
    if (isBeginning(id)) await ask(this, recipient);
    return this.resolve(id);
  }

  /** Opens the conversation with a person about something, or finds it; returns its id. @param {Recipient & {title?: string}} recipient */
  async openContext({ user_id, context, title }) {
    const about = context ? { context: title && !context.title ? { ...context, title } : context } : {};
    const body = { type: "direct", user_id, ...about };
    return (await this.client.rest("POST", "/conversations", { body: /** @type {any} */ (body) })).id;
  }

  /** Makes a group; returns its id. @param {{title: string, member_ids: string[], client_id?: string}} group */
  async createGroup({ client_id = crypto.randomUUID(), ...group }) {
    return (
      await this.client.rest("POST", "/conversations", {
        body: /** @type {any} */ ({ type: "group", client_id, ...group }),
      })
    ).id;
  }

  /** @param {string} conversation_id @param {Partial<Schemas["Settings"]>} body */
  setSettings(conversation_id, body) {
    return this.client.rest("PATCH", "/conversations/{conversation_id}/settings", {
      path: { conversation_id },
      body: /** @type {any} */ (body),
    });
  }

  /** @param {string} conversation_id @param {Record<string, unknown>} body */
  updateConversation(conversation_id, body) {
    return this.client.rest("PATCH", "/conversations/{conversation_id}", {
      path: { conversation_id },
      body: /** @type {any} */ (body),
    });
  }

  /** @param {string} conversation_id @param {boolean} archived */
  archive(conversation_id, archived) {
    return this.client.rest("PATCH", "/conversations/{conversation_id}/archive", {
      path: { conversation_id },
      body: { archived },
    });
  }

  /** Mutes until a time, for ever (`Infinity`), or no longer (null). @param {string} conversationId @param {number | null} until ms */
  mute(conversationId, until) {
    const muted_until = until === null ? null : new Date(Math.min(until, FOR_EVER)).toISOString();
    return this.setSettings(conversationId, { muted_until });
  }

  /** @param {string} conversation_id @param {{cursor?: string}} [query] */
  members(conversation_id, query = {}) {
    const asked = { path: { conversation_id }, query: { limit: 100, ...query } };
    return this.client.rest("GET", "/conversations/{conversation_id}/members", asked);
  }

  /** @param {string} conversation_id @param {string[]} user_ids */
  addMembers(conversation_id, user_ids) {
    const body = /** @type {any} */ ({ user_ids, client_id: crypto.randomUUID() });
    return this.client.rest("POST", "/conversations/{conversation_id}/members", { path: { conversation_id }, body });
  }

  /** Takes a member out; the user's own id leaves the group. @param {string} conversation_id @param {string} user_id */
  removeMember(conversation_id, user_id) {
    return this.client.rest("DELETE", "/conversations/{conversation_id}/members/{user_id}", {
      path: { conversation_id, user_id },
    });
  }

  /** @param {string} conversation_id @param {string} user_id @param {"owner" | "admin" | "member"} role */
  setRole(conversation_id, user_id, role) {
    const asked = { path: { conversation_id, user_id }, body: /** @type {any} */ ({ role }) };
    return this.client.rest("PATCH", "/conversations/{conversation_id}/members/{user_id}", asked);
  }

  /** @param {string} user_id @param {boolean} isOn */
  block(user_id, isOn) {
    const asked = { path: { user_id } };
    return isOn
      ? this.client.rest("PUT", "/users/{user_id}/block", asked)
      : this.client.rest("DELETE", "/users/{user_id}/block", asked);
  }

  /** People with whom the user may open a conversation. @param {{q?: string, role?: string, cursor?: string, limit?: number}} query */
  directory(query) {
    return this.client.rest("GET", "/users", { query });
  }

  /** Whether the user may open a conversation with a person, and why not. @param {Recipient} recipient */
  explain({ user_id, context }) {
    const about = context ? { context_type: context.type, context_id: context.id } : {};
    return this.client.rest("GET", "/policy/explain", { query: { user_id, ...about } });
  }

  /** Keeps the presence of people current while they are on the screen. @param {string[]} userIds @returns {() => void} ends it */
  watchPresence(userIds) {
    return this.client.watchPresence(userIds);
  }

  // --- Notifications -------------------------------------------------------------------------------------------------

  /** Reads a page of the inbox. @param {string} [cursor] */
  loadNotifications(cursor) {
    return this.client.rest("GET", "/me/notifications", { query: cursor ? { cursor } : {} });
  }

  /** @param {string} [notification_id] one, or all of them */
  async seeNotification(notification_id) {
    if (notification_id === undefined)
      await this.client.rest("POST", "/me/notifications/seen", /** @type {any} */ ({ body: {} }));
    else await this.client.rest("POST", "/me/notifications/{notification_id}/seen", { path: { notification_id } });
  }

  /** Ends the store; the client stays. */
  end() {
    clearTimeout(this.#looking);
    for (const end of this.#ends) end();
    this.#listeners.clear();
  }
}

const LOOK_MS = 300_000; // between two looks whether a suspension was lifted
const FOR_EVER = Date.parse("9999-12-31T00:00:00.000Z"); // as far as Parley takes one

/** @param {Client} client */
export function createStore(client) {
  return new Store(client);
}

/** @param {ShownConversation} a @param {ShownConversation} b */
function inOrder(a, b) {
  if (a.settings.pinned !== b.settings.pinned) return a.settings.pinned ? -1 : 1;
  if (a.last_activity_at !== b.last_activity_at) return a.last_activity_at < b.last_activity_at ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}

/** Returns a text without case and accents, as people search. @param {string} text */
function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === "string" && value !== "" ? value : null;
}

/** @param {string} messageId @returns {[string, number]} */
function split(messageId) {
  const at = messageId.lastIndexOf(".");
  return [messageId.slice(0, at), Number(messageId.slice(at + 1))];
}
