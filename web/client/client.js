import { Connection } from "./connection.js";
import { Delivered } from "./delivered.js";
import { Emitter } from "./emitter.js";
import { failure, ParleyError } from "./errors.js";
import { Keeping } from "./keeping.js";
import { Reading } from "./reading.js";
import { Replica } from "./replica/replica.js";
import { Rest } from "./rest.js";
import { Screens } from "./screens.js";
import { Sending } from "./sending.js";
import { indexedDbStorage, memoryStorage } from "./storage.js";
import { Tabs } from "./tabs.js";
import { personOf, Tokens } from "./tokens.js";
import { Typing } from "./typing.js";
import { Watching } from "./watching.js";

const LIST_LIMIT = 50; // conversations that come with the first `sync`
const PAGE = 50; // messages
const QUIET_MS = 5000; // without a key for so long, a user has stopped typing

/** @type {Changes} */
const NO_CHANGES = new Replica({ userId: "" }).apply({ kind: "tick" }).changes;

/**
 * @typedef {import("./types.d.ts").Message} Message
 * @typedef {import("./types.d.ts").Recipient} Recipient
 * @typedef {import("./types.d.ts").Draft} Draft
 * @typedef {import("./types.d.ts").ConnectionState} ConnectionState
 * @typedef {import("./types.d.ts").Input} Input
 * @typedef {import("./replica/replica.js").Changes} Changes
 *
 * @typedef {object} ClientOptions
 * @property {string} url the REST API with its stage
 * @property {string} socketUrl the WebSocket API with its stage
 * @property {string | (() => string | Promise<string>)} token of the user, or what gives one; asked again before one ends, and once after a refusal
 * @property {import("./types.d.ts").Storage} [storage] IndexedDB if there is one, else the program's memory
 * @property {typeof globalThis.WebSocket} [WebSocket]
 * @property {typeof globalThis.fetch} [fetch]
 * @property {LockManager | null} [locks] null: this client does not share a connection with other tabs
 * @property {typeof globalThis.BroadcastChannel | null} [BroadcastChannel]
 * @property {() => number} [now] milliseconds of the reader's clock
 * @property {() => number} [random]
 * @property {EventTarget | null} [page] hears `online`, `pageshow` and `pagehide`
 *
 * @typedef {{
 *   change: Changes,
 *   state: ConnectionState,
 *   event: {event: string, data: any},
 *   frame: {direction: "in" | "out", frame: object},
 *   message: {message: Message, conversationId: string},
 *   error: {error: ParleyError, what: string},
 * }} ClientEvents
 */

/**
 * A device of one user: it stays connected, holds what the user may see, and sends what they write.
 *
 * @extends {Emitter<ClientEvents>}
 */
export class Client extends Emitter {
  /** What this device knows; null until the user is known. @type {Replica | null} */
  replica = null;
  /** @type {ConnectionState} */
  state = { status: "idle", error: null, retryAt: null, isLeader: false, hello: null };
  #options;
  #tokens;
  #rest;
  /** @type {Connection | null} */
  #connection = null;
  /** @type {Tabs | null} */
  #tabs = null;
  #keeping;
  #sending;
  #reading;
  #screens;
  #delivered;
  #typing;
  #watching;
  #skewMs = 0; // the server's clock minus the reader's
  #mustFollowUp = false;
  #suspensionsTold = 0; // by events: how often
  /** The socket that catches up, before it counts as the connection. @type {import("./socket.js").Socket | null} */
  #arriving = null;
  /** @type {any} */
  #expiryTimer = null;
  /** @type {Promise<import("./calls.js").CallManager> | null} */
  #calls = null;
  /** @type {Promise<void> | null} */
  #started = null;
  #isClosed = false;
  #hasListed = false;
  #end = new AbortController();

  /** @param {ClientOptions} options */
  constructor(options) {
    super();
    for (const name of /** @type {const} */ (["url", "socketUrl", "token"])) {
      if (!options[name]) throw new TypeError(`createClient needs ${name}`);
    }
    const { fetch = (...request) => globalThis.fetch(...request), now = Date.now } = options;
    this.#options = {
      locks: globalThis.navigator?.locks ?? null,
      BroadcastChannel: globalThis.BroadcastChannel ?? null,
      WebSocket: globalThis.WebSocket,
      random: Math.random,
      page: typeof window === "undefined" ? null : window,
      ...options,
      now,
    };
    this.#tokens = new Tokens(options.token, now, (error) => this.#signedOut(error));
    this.#rest = new Rest(options.url, this.#tokens, fetch);
    this.#typing = new Typing((action, conversation_id) => void this.#tell(action, { conversation_id }), now);
    this.#watching = new Watching(
      (user_ids) => this.request("request_user_status", { user_ids }),
      (userId) => this.replica?.presence(userId).online != null,
      now,
    );
    /** @param {unknown} error @param {string} what */
    const report = (error, what) => this.#report(error, what);
    this.#delivered = new Delivered(this, report);
    this.#screens = new Screens(
      (conversation_id, data) =>
        this.#feed({ kind: "ack", action: "join_conversation", request: { conversation_id }, data }, true),
      report,
    );
    this.#reading = new Reading(
      this,
      this.#screens,
      (conversation_id) => this.#feed({ kind: "gone", conversation_id }, true),
      report,
    );
    this.#keeping = new Keeping(
      (id) => this.replica?.dump(id),
      () => this.state.isLeader && this.replica !== null && !this.#isClosed,
      (error) => this.emit("error", { error, what: "storage" }),
    );
    this.#sending = new Sending({
      client: this,
      uploads: { rest: (method, path, asked) => this.#rest.call(method, path, asked), fetch },
      now,
      outbox: {
        keep: (outbox) => this.#keeping.write({ outbox }),
        tell: (outbox) => this.#tabs?.tell({ outbox }),
        onChange: (entries) => this.#feed({ kind: "outbox", entries }),
        canSend: () => this.#connection?.socket != null,
      },
    });
  }

  // --- Connecting ----------------------------------------------------------------------------------------------------

  /** The user's id as the server has it; null until the first connection. */
  get userId() {
    return this.replica?.userId ?? null;
  }

  /** Milliseconds of the server's clock. @param {number} [at] a moment of the reader's clock; now, if none is given */
  now(at = this.#options.now()) {
    return at + this.#skewMs;
  }

  /**
   * Starts, and resolves when the device has caught up, or has shown what it kept and knows why it cannot connect.
   * It keeps itself connected until `close`. Throws ParleyError `no_token` if the application has none.
   */
  async connect() {
    this.#started ??= this.#start();
    await this.#started;
    if (this.state.isLeader) this.#connection?.start(); // again, after a sign-in that had ended
    const isSettled = () => this.state.status !== "idle" && this.state.status !== "connecting";
    await new Promise((resolve) => {
      const look = () => isSettled() && resolve(end());
      const end = this.on("state", look);
      look();
    });
    if (this.state.status === "signed_out" && this.state.error !== null) throw this.state.error;
  }

  async #start() {
    if (!this.#options.WebSocket) throw failure("failed", "There is no WebSocket here: take Node 22 or newer.");
    this.#setState({ status: "connecting" });
    /** @type {string} */
    let token;
    try {
      token = await this.#tokens.get();
    } catch (error) {
      this.#setState({ status: "signed_out", error: /** @type {ParleyError} */ (error) });
      this.#started = null; // the application may have a token at the next call
      throw error;
    }
    if (this.#isClosed) throw failure("closed", "The client was closed.");
    const name = `parley:${this.#options.url}:${personOf(token) ?? token}`;
    this.#keeping.storage = this.#options.storage ?? (globalThis.indexedDB ? indexedDbStorage(name) : memoryStorage());
    this.#connection = new Connection({
      socketUrl: this.#options.socketUrl,
      tokens: this.#tokens,
      rest: this.#rest,
      WebSocket: this.#options.WebSocket,
      now: this.#options.now,
      random: this.#options.random,
      onEvent: (event, data) => this.#takeEvent(event, data, true),
      onOpen: (socket) => this.#arrive(socket),
      onReady: () => this.#ready(),
      onForgotten: () => void this.#rejoin(),
      onState: (state) => this.#setState({ ...state, isLeader: true }),
      onFrame: (direction, frame) => this.emit("frame", { direction, frame }),
    });
    await this.#restore();
    this.#tabs = new Tabs({
      name,
      locks: this.#options.locks,
      BroadcastChannel: this.#options.BroadcastChannel,
      onLead: () => void this.#lead(),
      onNews: (news) => this.#takeNews(news),
      onRequest: (action, data) => this.#serve(action, data),
      onGone: (tab) => {
        this.#screens.elsewhere(tab, []);
        void this.#rejoin();
      },
    });
    this.#watchPage();
    this.#tabs.start();
    this.#tabs.tell({ who: this.#tabs.id });
  }

  #watchPage() {
    const { page } = this.#options;
    const { signal } = this.#end;
    const wake = () => this.wake();
    for (const back of ["online", "pageshow"]) page?.addEventListener(back, wake, { signal });
    page?.addEventListener("pagehide", () => void this.#keeping.now(), { signal });
    globalThis.document?.addEventListener(
      "visibilitychange",
      () => (document.visibilityState === "visible" ? wake() : void this.#keeping.now()),
      { signal },
    );
  }

  async #lead() {
    const { outbox } = this.#sending;
    const hasFiles = outbox.entries.some(({ files }) => files[0]);
    outbox.lead((hasFiles && (await this.#keeping.storage?.load().catch(() => null))?.outbox) || []);
    if (this.#isClosed) return;
    this.#setState({ isLeader: true });
    this.#connection?.start();
  }

  /** Tries at once, or tests the connection: the page calls it when it has reason to believe that something changed. */
  wake() {
    this.#connection?.wake();
    this.#setState({}); // a connection that stood all the time tells nobody that there is a network again
  }

  /** Ends the connection of this tab; what is kept stays. */
  close() {
    void this.#keeping.now();
    this.#stop();
  }

  #stop() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#expiryTimer);
    for (const part of [this.#keeping, this.#delivered, this.#reading]) part.stop();
    this.#end.abort();
    this.#typing.clear();
    this.#watching.stop();
    this.#sending.stop();
    this.#connection?.stop();
    this.#tabs?.stop();
    this.#setState({ status: "closed", error: null, retryAt: null, isLeader: false });
  }

  /** Ends the connection in all tabs, and forgets what is kept on this device, the outbox too. */
  async signOut() {
    this.#tabs?.tell({ signedOut: true });
    await this.#forget();
  }

  async #forget() {
    this.#stop();
    this.replica = null;
    await this.#keeping.forget();
  }

  /** @param {Partial<ConnectionState>} change */
  #setState(change) {
    if (this.#isClosed && change.status !== "closed") return;
    this.state = { ...this.state, ...change };
    if (this.state.isLeader) this.#tabs?.tell({ state: plain(this.state), userId: this.userId, skewMs: this.#skewMs });
    this.emit("state", this.state);
  }

  /** Greets are done: takes the clock and the user, catches up, and joins what is on the screen. @param {import("./socket.js").Socket} socket */
  async #arrive(socket) {
    const hello = /** @type {import("./types.d.ts").Hello} */ (socket.hello);
    this.#arriving = socket;
    this.#tokens.skewMs = this.#skewMs = Date.parse(hello.server_time) - this.#options.now() || 0;
    if (!this.#become(hello.user.id)) return; // it has closed the socket
    this.#feed({ kind: "ack", action: "hello", request: {}, data: hello });
    await this.#catchUp();
    this.#screens.forget();
    await this.#screens.join(socket);
  }

  #ready() {
    this.#arriving = null;
    this.#sending.outbox.run();
    this.#watching.again();
    this.#tabs?.tell({ caughtUp: true });
  }

  /** A client belongs to one person: says whether this is them. @param {string} userId */
  #become(userId) {
    if (this.replica?.userId === userId) return true;
    if (this.state.hello !== null) {
      this.#tokens.refuse();
      return false;
    }
    this.replica = new Replica({ userId, now: () => this.now() });
    this.#feed({ kind: "outbox", entries: this.#sending.outbox.entries });
    this.#keeping.write({ meta: [["userId", userId]] }).catch(() => {}); // `write` has told
    return true;
  }

  /** Asks for what was missed; the first time over REST, which compresses, with the list. If there is more, the replica wants it. */
  async #catchUp() {
    const cursors = this.replica?.cursors() ?? {};
    const answer = await (this.#hasListed
      ? this.request("sync", { cursors })
      : this.rest("POST", "/sync", { body: { cursors, list_limit: LIST_LIMIT } }));
    if (!answer?.conversations) throw failure("timeout", "The server does not answer.");
    this.#hasListed = true;
  }

  async #rejoin() {
    const socket = this.#connection?.socket;
    if (socket) await this.#screens.join(socket);
  }

  // --- Between tabs --------------------------------------------------------------------------------------------------

  /** @param {any} news */
  #takeNews(news) {
    if (news.input) this.#apply(news.input);
    if (news.event) this.#takeEvent(news.event, news.data, false);
    if (news.outbox) this.#sending.outbox.take(news.outbox);
    if (news.open) {
      this.#screens.elsewhere(news.open.tab, news.open.ids);
      void this.#rejoin();
    }
    if (news.state && !this.state.isLeader) this.#follow(news.state, news.userId, news.skewMs);
    if (news.caughtUp && this.#mustFollowUp) {
      this.#mustFollowUp = false;
      void this.#followUp();
    }
    if (news.who && this.state.isLeader) this.#setState({});
    if (news.type === "leads") this.#tellOpen();
    if (news.signedOut) void this.#forget().catch((error) => this.#keeping.failed(error));
  }

  /**
   * @param {any} state
   * @param {string | null} userId
   * @param {number} skewMs
   */
  #follow(state, userId, skewMs) {
    if (this.state.error?.code === "other_person") return; // of this page, whoever the leader is
    const wasNew = this.replica === null || this.state.hello === null;
    this.#tokens.skewMs = this.#skewMs = skewMs;
    if (userId !== null && !this.#become(userId)) return;
    this.#setState({ ...state, error: state.error && new ParleyError(state.error), isLeader: false });
    if (wasNew && state.status === "online") void this.#followUp();
    else if (state.status !== "online") this.#mustFollowUp = true;
    this.#tellOpen();
  }

  /** A tab that follows catches up by itself: what came while it was not there is in no event. */
  async #followUp() {
    try {
      await this.#catchUp();
    } catch (error) {
      this.#report(error, "sync");
    }
  }

  #tellOpen() {
    this.#tabs?.tell({ open: { tab: this.#tabs.id, ids: this.#screens.ids } });
  }

  /** Serves a request of another tab. @param {string} action @param {any} data */
  async #serve(action, data) {
    const socket = this.#arriving?.isOpen ? this.#arriving : this.#connection?.socket;
    if (!socket) throw failure("closed", "There is no connection.");
    const answer = await socket.request(action, data);
    if (action !== "sync") this.#feed({ kind: "ack", action, request: data, data: answer }, true);
    return answer;
  }

  // --- Asking --------------------------------------------------------------------------------------------------------

  /**
   * Asks the REST API, and takes the answer in. Throws ParleyError.
   *
   * @template {import("./types.d.ts").Path} P
   * @template {import("./types.d.ts").MethodOf<P>} M
   * @param {M} method
   * @param {P} path as openapi.json has it, with names in braces
   * @param {import("./types.d.ts").Asked<P, M>} [asked]
   * @returns {Promise<import("./types.d.ts").Answer<P, M>>}
   */
  async rest(method, path, asked = {}) {
    const told = this.#suspensionsTold;
    try {
      const data = await this.#rest.call(method, path, asked);
      // The answer may be of before the event that has come meanwhile.
      if (path === "/me" && told !== this.#suspensionsTold)
        Object.assign(data, { suspension: this.replica?.me?.suspension ?? null });
      const { path: values = {}, query = {}, body = null } = /** @type {any} */ (asked);
      // What a request of this device has changed comes to its other tabs by no event.
      const isShared = method !== "GET" && path !== "/sync";
      this.#feed({ kind: "rest", operation: `${method} ${path}`, parameters: values, query, body, data }, isShared);
      return data;
    } catch (error) {
      if (error instanceof ParleyError && error.isSignedOut) this.#signedOut(error);
      throw this.#heard(error, told);
    }
  }

  /** A refusal tells of a suspension whose event has not come; it may be of before one that has come meanwhile. @param {any} error @param {number} told */
  #heard(error, told) {
    if (error.code === "suspended" && told === this.#suspensionsTold)
      this.#feed({ kind: "event", event: "suspended", data: error.problem }, true);
    return error;
  }

  /** @param {ParleyError} error */
  #signedOut(error) {
    this.#connection?.stop();
    this.#setState({ status: "signed_out", error, retryAt: null });
  }

  /**
   * Asks over the socket of all tabs, and takes the answer in. Throws ParleyError; `closed` while there is no connection.
   *
   * @param {import("./types.d.ts").Action} action
   * @param {object} data
   * @returns {Promise<any>}
   */
  async request(action, data) {
    if (this.#tabs === null) throw failure("closed", "There is no connection.");
    const told = this.#suspensionsTold;
    const asked = this.#tabs.isLeader ? this.#serve(action, data) : this.#tabs.ask(action, data);
    const answer = await asked.catch((error) => {
      throw this.#heard(error, told);
    });
    // What others than this tab have caught up is theirs; an answer to anything else comes to all tabs.
    if (action === "sync") this.#feed({ kind: "ack", action, request: data, data: answer });
    return answer;
  }

  /** Sends what needs no answer, if there is a connection. @param {import("./types.d.ts").Action} action @param {object} data */
  async #tell(action, data) {
    const socket = this.#connection?.socket;
    if (socket) socket.tell(action, data);
    else if (this.#tabs && !this.#tabs.isLeader) await this.#tabs.ask(action, data).catch(() => {}); // nobody waits for it
  }

  // --- What comes ----------------------------------------------------------------------------------------------------

  /**
   * @param {string} event
   * @param {any} data
   * @param {boolean} isOwn whether it came over this tab's socket
   */
  #takeEvent(event, data, isOwn) {
    if (isOwn) this.#tabs?.tell({ event, data });
    if (event === "suspended" || event === "suspension_lifted") this.#suspensionsTold++;
    const { news } = this.#apply({ kind: "event", event, data });
    if (event === "attachment_updated") this.#sending.hear(data.attachment);
    this.emit("event", { event, data });
    for (const message of news) {
      this.#watching.askAgain([message.sender_id]);
      this.emit("message", { message, conversationId: message.conversation_id });
      if (isOwn) this.#delivered.soon(message.conversation_id);
    }
  }

  /**
   * Takes an input into the replica, and tells the other tabs if they get it by no other way.
   *
   * @param {Input} input
   * @param {boolean} [isShared]
   */
  #feed(input, isShared = false) {
    if (isShared) this.#tabs?.tell({ input });
    this.#apply(input);
  }

  /** @param {Input} input @returns {Changes} */
  #apply(input) {
    if (this.replica === null) return NO_CHANGES;
    const { changes, wants } = this.replica.apply(input);
    this.#keeping.changed(changes.conversations);
    if (changes.conversations.size > 0 || changes.users.size > 0 || changes.me || changes.blocked) this.#keeping.soon();
    if (input.kind === "outbox") this.#sending.refused();
    else this.#sending.arrived(changes.conversations);
    if (input.kind === "ack" && input.action === "call_signal")
      void this.#calls?.then((calls) => calls.hearAck(input.request, input.data)); // of another tab
    this.#reading.membersAgain(changes.conversations);
    if (input.kind === "ack" || input.kind === "rest") this.#takeAnswer(input.data);
    this.emit("change", changes);
    for (const want of wants) void this.#reading.want(want);
    this.#planExpiry();
    return changes;
  }

  /** The answer to a message may show that its reader is there. @param {any} data */
  #takeAnswer(data) {
    const message = this.#sending.answered(data);
    const members = message ? this.replica?.conversation(message.conversation_id)?.members : null;
    if (members) this.#watching.askAgain(members.map(({ user_id }) => user_id));
  }

  /** Tells when a status or a user's typing runs out: no event does. */
  #planExpiry() {
    clearTimeout(this.#expiryTimer);
    const next = this.replica?.nextExpiry() ?? null;
    if (next === null || this.#isClosed) return;
    const wait = Math.min(Math.max(next - this.now() + 20, 20), 2 ** 31 - 1);
    this.#expiryTimer = setTimeout(() => {
      if (this.replica === null) return;
      if (this.#apply({ kind: "tick" }).presence.size > 0) this.#watching.lookSoon();
    }, wait);
  }

  /** @param {unknown} error @param {string} what */
  #report(error, what) {
    if (!(error instanceof ParleyError)) throw error;
    if (!this.#isClosed) this.emit("error", { error, what });
  }

  /** Voice and video: the code is loaded when it is first asked for. Ask when the page begins, or an incoming call rings some seconds later. */
  calls() {
    this.#calls ??= import("./calls.js").then(({ callsOf }) =>
      callsOf(this, (method, path, asked) => this.#rest.call(method, path, asked)),
    );
    return this.#calls;
  }

  // --- Conversations -------------------------------------------------------------------------------------------------

  /**
   * Puts a conversation on the screen: joins it, and reads its newest page and the members of a group. Throws ParleyError.
   *
   * @param {string} conversationId
   */
  async open(conversationId) {
    this.#screens.enter(conversationId);
    this.#tellOpen();
    const path = { conversation_id: conversationId };
    const read = async () => {
      // The replica keeps no messages of a conversation that it does not hold.
      if (!this.replica?.conversations.has(conversationId)) await this.#reading.conversation(conversationId);
      await this.rest("GET", "/conversations/{conversation_id}/messages", { path, query: { limit: PAGE } });
    };
    await Promise.all([this.#rejoin(), read()]);
    if (this.replica && !this.replica.conversations.has(conversationId)) {
      const detail = "There is no such conversation, or you are not in it.";
      throw new ParleyError({ status: 404, code: "conversation_not_found", detail });
    }
    if (this.replica?.conversations.get(conversationId)?.object.type === "group")
      await this.#reading.members(conversationId);
  }

  /** Takes a conversation off the screen. @param {string} conversationId */
  leave(conversationId) {
    this.#screens.leave(conversationId);
    this.#typing.stop(conversationId);
    this.#tellOpen();
    void this.#rejoin();
  }

  /** Whether the conversation is on the screen. @param {string} conversationId */
  isOpen(conversationId) {
    return this.#screens.has(conversationId);
  }

  /** @param {string} conversationId @param {number} before a seq */
  loadOlder(conversationId, before) {
    return this.#page(conversationId, { before, limit: PAGE });
  }

  /** @param {string} conversationId @param {number} after a seq */
  loadNewer(conversationId, after) {
    return this.#page(conversationId, { after, limit: PAGE });
  }

  /** @param {string} conversationId @param {number} seq is in the middle of what is read */
  loadAround(conversationId, seq) {
    return this.#page(conversationId, { around: seq, limit: PAGE });
  }

  /** @param {string} conversation_id @param {any} query */
  #page(conversation_id, query) {
    return this.rest("GET", "/conversations/{conversation_id}/messages", { path: { conversation_id }, query });
  }

  /**
   * The user has seen a message, or all of them. Throws ParleyError.
   *
   * @param {string} conversationId
   * @param {number} [seq]
   */
  async markRead(conversationId, seq) {
    const held = this.replica?.conversations.get(conversationId)?.object;
    if (held && !held.unread_from_seq && held.read_seq >= (seq ?? held.last_seq)) return;
    this.#delivered.read(conversationId);
    if (seq === undefined || seq >= (held?.last_seq ?? 0))
      await this.request("mark_conversation_read", { conversation_id: conversationId });
    else await this.request("mark_read", { message_id: `${conversationId}.${seq}` });
  }

  /** The user pressed a key, or emptied the field. @param {string} conversationId @param {boolean} isTyping */
  typing(conversationId, isTyping) {
    const resendS = this.state.hello?.typing_resend_s ?? 4;
    if (isTyping) this.#typing.press(conversationId, resendS * 1000, QUIET_MS);
    else this.#typing.stop(conversationId);
  }

  /** Keeps the presence of people current while they are on the screen. @param {string[]} userIds @returns {() => void} ends it */
  watchPresence(userIds) {
    return this.#watching.watch(userIds);
  }

  // --- Sending -------------------------------------------------------------------------------------------------------

  /**
   * Puts a message into the outbox. It is shown at once, sent when there is a connection, and written once, however often that takes.
   *
   * @param {string | Recipient} to a conversation, or a person with whom it may not be open yet
   * @param {Draft} draft `files` are uploaded first
   * @returns {{clientId: string, message: Promise<Message>}} `message` rejects with the ParleyError of a refusal; the entry then stays as `failed`
   */
  send(to, draft) {
    if (typeof to === "string") this.#typing.forget(to);
    return this.#sending.send(to, draft);
  }

  /** Tries a failed message again. @param {string} clientId */
  retry(clientId) {
    return this.#sending.outbox.retry(clientId);
  }

  /** Gives up a message that is not sent. @param {string} clientId */
  discard(clientId) {
    return this.#sending.outbox.discard(clientId);
  }

  /**
   * Uploads a file and waits until it was checked. Throws ParleyError: `attachment_rejected`, `attachment_infected`, `aborted`, or a refusal.
   *
   * @param {import("./uploads.js").Place} to
   * @param {Blob} blob
   * @param {import("./uploads.js").UploadOptions} [options]
   */
  upload(to, blob, options = {}) {
    return this.#sending.upload(to, blob, options);
  }

  // --- Keeping -------------------------------------------------------------------------------------------------------

  async #restore() {
    try {
      const kept = await /** @type {import("./types.d.ts").Storage} */ (this.#keeping.storage).load();
      const meta = new Map(kept.meta);
      const userId = meta.get("userId");
      if (typeof userId === "string") {
        this.replica = new Replica({ userId, now: () => this.now() });
        const changes = this.replica.restore(/** @type {any} */ (kept.conversations.map(([, record]) => record)));
        this.emit("change", changes);
      }
      this.#sending.outbox.restore(kept.outbox);
    } catch (error) {
      this.#keeping.failed(error);
    }
  }
}

/** @param {ConnectionState} state */
function plain(state) {
  return { ...state, error: state.error?.problem ?? null };
}
