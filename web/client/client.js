import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { failure, ParleyError } from "./errors.js";
import { Outbox } from "./outbox.js";
import { Replica } from "./replica/replica.js";
import { Rest } from "./rest.js";
import { indexedDbStorage, memoryStorage } from "./storage.js";
import { Tabs } from "./tabs.js";
import { payloadOf, Tokens } from "./tokens.js";
import { Typing } from "./typing.js";
import { Uploads } from "./uploads.js";
import { Watching } from "./watching.js";

const LIST_LIMIT = 50; // conversations that come with the first `sync`
const PAGE = 50; // messages
const MEMBERS_PAGE = 100;
const KEEP_MS = 500; // changes are written to disk together
const DELIVERED_MS = 1000; // one marker for messages that come together
const QUIET_MS = 5000; // without a key for so long, a user has stopped typing
const MOST_LOOKED = 200; // of the messages that are held
const MOST_ROUNDS = 50; // of one want; each takes a step
const MOST_PAGES = 20; // of history looked through for a message that is too old to be repeated

/** @type {Changes} */
const NO_CHANGES = new Replica({ userId: "" }).apply({ kind: "tick" }).changes;

/**
 * @typedef {import("./types.d.ts").Message} Message
 * @typedef {import("./types.d.ts").OutboxEntry} OutboxEntry
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
  /** @type {import("./types.d.ts").Storage | null} */
  #storage = null;
  #outbox;
  #uploads;
  #typing;
  #watching;
  #skewMs = 0; // the server's clock minus the reader's
  /** @type {Map<string, number>} this tab's open conversations, and how often each is open */
  #open = new Map();
  /** @type {Map<string, Set<string>>} the other tabs' */
  #openElsewhere = new Map();
  /** @type {Set<string>} what the socket has joined */
  #joined = new Set();
  /** @type {Set<string>} */
  #unkept = new Set();
  /** @type {any} */
  #keepTimer = null;
  /** @type {Map<string, any>} */
  #deliveredTimers = new Map();
  /** @type {Map<string, {resolve: (message: Message) => void, reject: (error: ParleyError) => void}>} */
  #sends = new Map();
  /** What is being read, and whether it was wanted again since. @type {Map<string, boolean>} */
  #reads = new Map();
  #mustFollowUp = false;
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
    this.#tokens = new Tokens(options.token, now);
    this.#rest = new Rest(options.url, this.#tokens, fetch);
    this.#typing = new Typing((action, conversation_id) => void this.#tell(action, { conversation_id }), now);
    this.#watching = new Watching(
      (user_ids) => this.request("request_user_status", { user_ids }),
      (userId) => this.replica?.presence(userId).online != null,
      now,
    );
    this.#uploads = new Uploads({ rest: (method, path, asked) => this.#rest.call(method, path, asked), fetch });
    this.#outbox = new Outbox({
      now,
      keep: (outbox) => this.#write({ outbox }),
      tell: (outbox) => this.#tabs?.tell({ outbox }),
      onChange: (entries) => this.#feed({ kind: "outbox", entries }),
      upload: (entry, file, onProgress, signal) => this.#uploadOf(entry, file, onProgress, signal),
      send: (entry) => this.#deliver(entry),
      isStored: (entry) => this.#isStored(entry),
      canSend: () => this.#connection?.socket != null,
    });
  }

  // --- Connecting ----------------------------------------------------------------------------------------------------

  /** The user's id as the server has it; null until the first connection. */
  get userId() {
    return this.replica?.userId ?? null;
  }

  /** Milliseconds of the server's clock. */
  now() {
    return this.#options.now() + this.#skewMs;
  }

  /**
   * Starts, and resolves when the device has caught up, or has shown what it kept and knows why it cannot connect.
   * It keeps itself connected until `close`. Throws ParleyError `no_token` if the application has none.
   */
  async connect() {
    this.#started ??= this.#start();
    await this.#started;
    await new Promise((resolve) => {
      if (this.#isSettled()) return resolve(null);
      const end = this.on("state", () => {
        if (!this.#isSettled()) return;
        end();
        resolve(null);
      });
    });
    if (this.state.status === "signed_out" && this.state.error !== null) throw this.state.error;
  }

  #isSettled() {
    return this.state.status !== "idle" && this.state.status !== "connecting";
  }

  async #start() {
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
    const name = `parley:${this.#options.url}:${nameOf(token)}`;
    this.#storage = this.#options.storage ?? (globalThis.indexedDB ? indexedDbStorage(name) : memoryStorage());
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
      onLead: () => this.#lead(),
      onNews: (news) => this.#takeNews(news),
      onRequest: (action, data) => this.#serve(action, data),
      onGone: (tab) => {
        this.#openElsewhere.delete(tab);
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
    page?.addEventListener("online", wake, { signal });
    page?.addEventListener("pageshow", wake, { signal });
    page?.addEventListener("pagehide", () => void this.#keep(), { signal });
    globalThis.document?.addEventListener(
      "visibilitychange",
      () => (document.visibilityState === "visible" ? wake() : void this.#keep()),
      { signal },
    );
  }

  #lead() {
    this.#setState({ isLeader: true });
    this.#connection?.start();
  }

  /** Tries at once, or tests the connection: the page calls it when it has reason to believe that something changed. */
  wake() {
    this.#connection?.wake();
  }

  /** Ends the connection of this tab; what is kept stays. */
  close() {
    void this.#keep();
    this.#stop();
  }

  #stop() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#keepTimer);
    clearTimeout(this.#expiryTimer);
    for (const timer of this.#deliveredTimers.values()) clearTimeout(timer);
    this.#end.abort();
    this.#typing.clear();
    this.#watching.stop();
    this.#outbox.stop();
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
    this.#unkept.clear();
    this.replica = null;
    await this.#storage?.clear();
    this.#storage?.close();
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
    this.#tokens.skewMs = this.#skewMs = Date.parse(hello.server_time) - this.#options.now();
    this.#become(hello.user.id);
    this.#feed({ kind: "ack", action: "hello", request: {}, data: hello });
    await this.#catchUp();
    this.#joined.clear();
    await this.#join(socket);
  }

  #ready() {
    this.#arriving = null;
    this.#outbox.run();
    this.#watching.again();
    this.#tabs?.tell({ caughtUp: true });
  }

  /** @param {string} userId */
  #become(userId) {
    if (this.replica?.userId === userId) return;
    this.replica = new Replica({ userId, now: () => this.now() });
    this.#feed({ kind: "outbox", entries: this.#outbox.entries });
    void this.#write({ meta: [["userId", userId]] });
  }

  /** Asks for what was missed; the first time over REST, which compresses, with the list. If there is more, the replica wants it. */
  async #catchUp() {
    const cursors = this.replica?.cursors() ?? {};
    if (this.#hasListed) await this.request("sync", { cursors });
    else await this.rest("POST", "/sync", { body: { cursors, list_limit: LIST_LIMIT } });
    this.#hasListed = true;
  }

  /** Joins what is on a screen of any tab, and leaves what is on none. @param {import("./socket.js").Socket} socket */
  async #join(socket) {
    const open = new Set(this.#open.keys());
    for (const ids of this.#openElsewhere.values()) for (const id of ids) open.add(id);
    const left = [...this.#joined].filter((id) => !open.has(id));
    const joining = [...open].filter((id) => !this.#joined.has(id));
    for (const id of left) {
      this.#joined.delete(id);
      socket.tell("leave_conversation", { conversation_id: id });
    }
    await Promise.all(
      joining.map(async (conversation_id) => {
        this.#joined.add(conversation_id);
        try {
          const data = await socket.request("join_conversation", { conversation_id });
          this.#feed({ kind: "ack", action: "join_conversation", request: { conversation_id }, data }, true);
        } catch (error) {
          this.#joined.delete(conversation_id);
          if (!(error instanceof ParleyError)) throw error;
          if (error.mayPass) this.#report(error, "join_conversation");
        }
      }),
    );
  }

  async #rejoin() {
    const socket = this.#connection?.socket;
    if (socket) await this.#join(socket);
  }

  // --- Between tabs --------------------------------------------------------------------------------------------------

  /** @param {any} news */
  #takeNews(news) {
    if (news.input) this.#apply(news.input);
    if (news.event) this.#takeEvent(news.event, news.data, false);
    if (news.outbox) this.#outbox.take(news.outbox);
    if (news.open) {
      this.#openElsewhere.set(news.open.tab, new Set(news.open.ids));
      void this.#rejoin();
    }
    if (news.state && !this.state.isLeader) this.#follow(news.state, news.userId, news.skewMs);
    if (news.caughtUp && this.#mustFollowUp) {
      this.#mustFollowUp = false;
      void this.#followUp();
    }
    if (news.who && this.state.isLeader) this.#setState({});
    if (news.type === "leads") this.#tellOpen();
    if (news.signedOut) void this.#forget().catch((error) => this.#cannotKeep(error));
  }

  /**
   * @param {any} state
   * @param {string | null} userId
   * @param {number} skewMs
   */
  #follow(state, userId, skewMs) {
    const wasNew = this.replica === null || this.state.hello === null;
    this.#tokens.skewMs = this.#skewMs = skewMs;
    if (userId !== null) this.#become(userId);
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
    this.#tabs?.tell({ open: { tab: this.#tabs.id, ids: [...this.#open.keys()] } });
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
    try {
      const data = await this.#rest.call(method, path, asked);
      const { path: values = {}, query = {}, body = null } = /** @type {any} */ (asked);
      // What a request of this device has changed comes to its other tabs by no event.
      const isShared = method !== "GET" && path !== "/sync";
      this.#feed({ kind: "rest", operation: `${method} ${path}`, parameters: values, query, body, data }, isShared);
      return data;
    } catch (error) {
      if (error instanceof ParleyError && isSignedOut(error)) this.#signedOut(error);
      throw error;
    }
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
    if (this.#tabs === null) throw failure("closed", "The client is not connected.");
    const answer = await (this.#tabs.isLeader ? this.#serve(action, data) : this.#tabs.ask(action, data));
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
    const { news } = this.#apply({ kind: "event", event, data });
    if (event === "attachment_updated") this.#uploads.hear(data.attachment);
    this.emit("event", { event, data });
    for (const message of news) {
      this.#watching.askAgain([message.sender_id]);
      this.emit("message", { message, conversationId: message.conversation_id });
      if (isOwn) this.#delivered(message.conversation_id);
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
    for (const id of changes.conversations) this.#unkept.add(id);
    if (changes.conversations.size > 0 || changes.users.size > 0 || changes.me || changes.blocked) this.#keepSoon();
    if (input.kind !== "outbox") this.#takeArrived(changes.conversations);
    if (input.kind === "ack" && input.action === "call_signal")
      void this.#calls?.then((calls) => calls.hearAck(input.request, input.data)); // of another tab
    this.#readMembersAgain(changes.conversations);
    this.#settleSends(input);
    this.emit("change", changes);
    for (const want of wants) void this.#read(want);
    this.#planExpiry();
    return changes;
  }

  /** Takes messages out of the outbox that have arrived by another way than their ack. @param {Set<string>} changed */
  #takeArrived(changed) {
    for (const { client_id, conversation_id } of this.#outbox.entries) {
      if (conversation_id === null || !changed.has(conversation_id)) continue;
      if (this.replica?.conversations.get(conversation_id)?.sent(client_id)) void this.#outbox.arrived(client_id);
    }
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

  /** @param {Input} input */
  #settleSends(input) {
    if (input.kind === "outbox") {
      for (const { client_id, state, error } of this.#outbox.entries) {
        if (state === "failed" && error) this.#settle(client_id, null, new ParleyError(error));
      }
    } else if ((input.kind === "ack" || input.kind === "rest") && this.#sends.size > 0) {
      const data = input.data;
      const message = data?.client_id ? data : data?.message;
      if (!message?.client_id) return;
      const members = this.replica?.conversation(message.conversation_id)?.members ?? [];
      this.#watching.askAgain(members.map(({ user_id }) => user_id));
      void this.#outbox.arrived(message.client_id); // its promise is kept after the outbox has let go of it
      this.#settle(message.client_id, message, null);
    }
  }

  /**
   * @param {string} clientId
   * @param {Message | null} message
   * @param {ParleyError | null} error
   */
  #settle(clientId, message, error) {
    const send = this.#sends.get(clientId);
    if (!send) return;
    this.#sends.delete(clientId);
    if (message) send.resolve(message);
    else if (error) send.reject(error);
  }

  /** Reads what the replica cannot know without; once more if it wants it again meanwhile. @param {import("./replica/replica.js").Want} want */
  async #read(want) {
    const key = `${want.want} ${"id" in want ? want.id : ""}`;
    if (this.#reads.has(key)) {
      this.#reads.set(key, true);
      return;
    }
    try {
      for (let round = 0; round < MOST_ROUNDS && !this.#isClosed; round++) {
        this.#reads.set(key, false);
        await this.#readOnce(want);
        if (!this.#reads.get(key)) return;
      }
    } catch (error) {
      this.#report(error, want.want);
    } finally {
      this.#reads.delete(key);
    }
  }

  /** @param {import("./replica/replica.js").Want} want */
  async #readOnce(want) {
    if (want.want === "sync") await this.request("sync", { cursors: this.replica?.cursors() ?? {} });
    else if (want.want === "list") await this.#listAll();
    else if (want.want === "conversation") await this.#readConversation(want.id);
    else await this.#readBlocks();
  }

  async #readBlocks() {
    /** @type {string | null | undefined} */
    let cursor;
    do {
      const page = await this.rest("GET", "/me/blocks", { query: { limit: 100, ...(cursor ? { cursor } : {}) } });
      cursor = page.next;
    } while (cursor);
  }

  async #listAll() {
    for (const state of /** @type {const} */ (["active", "archived"])) {
      /** @type {string | null | undefined} */
      let cursor;
      do {
        const page = await this.rest("GET", "/conversations", {
          query: { state, limit: 100, ...(cursor ? { cursor } : {}) },
        });
        cursor = page.next;
      } while (cursor);
    }
  }

  /** @param {string} conversationId */
  async #readConversation(conversationId) {
    const path = { conversation_id: conversationId };
    try {
      await this.rest("GET", "/conversations/{conversation_id}", { path });
    } catch (error) {
      if (!(error instanceof ParleyError) || error.status !== 404) throw error;
      this.#feed({ kind: "gone", conversation_id: conversationId }, true);
    }
  }

  /** @param {unknown} error @param {string} what */
  #report(error, what) {
    if (!(error instanceof ParleyError)) throw error;
    if (!this.#isClosed) this.emit("error", { error, what });
  }

  /** Voice and video: the code is loaded when it is first asked for. Ask when the page begins, or an incoming call rings some seconds later. */
  calls() {
    this.#calls ??= import("./calls.js").then(({ CallManager }) => this.#followCalls(CallManager));
    return this.#calls;
  }

  /** @param {typeof import("./calls.js").CallManager} CallManager */
  #followCalls(CallManager) {
    const calls = new CallManager({
      userId: this.userId ?? "",
      request: (action, data) => this.request(action, data),
      rest: (method, path, asked) => this.#rest.call(method, path, asked),
      timers: () => this.state.hello ?? {},
      now: () => this.now(),
    });
    this.on("event", ({ event, data }) => {
      if (event === "call_signal") void calls.hear(data);
    });
    this.on("change", ({ conversations }) => {
      const mayCall = (/** @type {string} */ id) =>
        this.replica?.conversation(id)?.capabilities.includes("call") ?? false;
      calls.check((id) => !conversations.has(id) || mayCall(id));
    });
    let last = this.state.hello?.connection_id ?? null;
    this.on("state", ({ status, hello }) => {
      if (status !== "online" || !hello || hello.connection_id === last) return;
      if (last !== null) void calls.reconnected(last);
      last = hello.connection_id;
    });
    return calls;
  }

  // --- Conversations -------------------------------------------------------------------------------------------------

  /**
   * Puts a conversation on the screen: joins it, and reads its newest page and the members of a group. Throws ParleyError.
   *
   * @param {string} conversationId
   */
  async open(conversationId) {
    this.#open.set(conversationId, (this.#open.get(conversationId) ?? 0) + 1);
    this.#tellOpen();
    const path = { conversation_id: conversationId };
    const read = async () => {
      // The replica keeps no messages of a conversation that it does not hold.
      if (!this.replica?.conversations.has(conversationId)) await this.#readConversation(conversationId);
      await this.rest("GET", "/conversations/{conversation_id}/messages", { path, query: { limit: PAGE } });
    };
    await Promise.all([this.#rejoin(), read()]);
    if (this.replica && !this.replica.conversations.has(conversationId)) {
      const detail = "There is no such conversation, or you are not in it.";
      throw new ParleyError({ status: 404, code: "conversation_not_found", detail });
    }
    if (this.replica?.conversations.get(conversationId)?.object.type === "group") {
      await this.rest("GET", "/conversations/{conversation_id}/members", { path, query: { limit: MEMBERS_PAGE } });
    }
  }

  /** Reads the members of a group that is on the screen when they have changed; a group of more pages is read by those who list it. @param {Set<string>} changed */
  #readMembersAgain(changed) {
    for (const id of changed) {
      const held = this.replica?.conversations.get(id);
      if (!held?.areMembersStale || held.members === null || !this.#open.has(id) || this.#reads.has(`members ${id}`))
        continue;
      if (held.object.member_count <= MEMBERS_PAGE) void this.#readMembers(id);
    }
  }

  /** @param {string} conversation_id */
  async #readMembers(conversation_id) {
    const key = `members ${conversation_id}`;
    this.#reads.set(key, false);
    try {
      await new Promise((resolve) => setTimeout(resolve, KEEP_MS)); // several changes come together
      const asked = { path: { conversation_id }, query: { limit: MEMBERS_PAGE } };
      if (this.#open.has(conversation_id)) await this.rest("GET", "/conversations/{conversation_id}/members", asked);
    } catch (error) {
      this.#report(error, "members");
    } finally {
      this.#reads.delete(key);
    }
  }

  /** Takes a conversation off the screen. @param {string} conversationId */
  leave(conversationId) {
    const count = (this.#open.get(conversationId) ?? 1) - 1;
    if (count > 0) this.#open.set(conversationId, count);
    else this.#open.delete(conversationId);
    this.#typing.stop(conversationId);
    this.#tellOpen();
    void this.#rejoin();
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
    if (held && held.read_seq >= (seq ?? held.last_seq)) return;
    clearTimeout(this.#deliveredTimers.get(conversationId)); // reading says that, too
    if (seq === undefined || seq >= (held?.last_seq ?? 0))
      await this.request("mark_conversation_read", { conversation_id: conversationId });
    else await this.request("mark_read", { message_id: `${conversationId}.${seq}` });
  }

  /** @param {string} conversationId */
  #delivered(conversationId) {
    if (this.#deliveredTimers.has(conversationId)) return;
    const timer = setTimeout(async () => {
      this.#deliveredTimers.delete(conversationId);
      const held = this.replica?.conversations.get(conversationId);
      if (!held || this.#isStranger(held.object) || held.object.delivered_seq >= held.object.last_seq) return;
      const message_id = `${conversationId}.${held.object.last_seq}`;
      await this.request("mark_delivered", { message_id }).catch((error) => this.#report(error, "mark_delivered"));
    }, DELIVERED_MS);
    this.#deliveredTimers.set(conversationId, timer);
  }

  /** A stranger does not learn that a device is there before the user has answered (docs/guides/clients.md#presence). @param {import("./types.d.ts").Conversation} conversation */
  #isStranger({ id, type, context }) {
    if (type !== "direct" || (context !== null && context.type !== "general")) return false;
    const messages = this.replica?.thread(id).messages ?? [];
    return !messages.slice(-MOST_LOOKED).some(({ sender_id }) => sender_id === this.userId);
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
  send(to, { files = [], ...body }) {
    const clientId = crypto.randomUUID();
    const { promise, resolve, reject } = /** @type {PromiseWithResolvers<Message>} */ (Promise.withResolvers());
    promise.catch(() => {}); // the outbox shows it
    this.#sends.set(clientId, { resolve, reject });
    if (typeof to === "string") this.#typing.forget(to);
    const entry = /** @type {OutboxEntry} */ ({
      client_id: clientId,
      conversation_id: typeof to === "string" ? to : null,
      to: typeof to === "string" ? null : to,
      body,
      files: files.map((blob) => ({
        name: blob instanceof File ? blob.name : "file",
        type: blob.type,
        size: blob.size,
        blob,
        client_id: crypto.randomUUID(),
        attachment_id: null,
      })),
      created_at: this.#options.now(),
      state: "waiting",
      progress: 0,
      error: null,
    });
    void this.#outbox.add(entry).catch(() => {}); // `#write` has told
    return { clientId, message: promise };
  }

  /** Tries a failed message again. @param {string} clientId */
  retry(clientId) {
    return this.#outbox.retry(clientId);
  }

  /** Gives up a message that is not sent. @param {string} clientId */
  discard(clientId) {
    return this.#outbox.discard(clientId);
  }

  /** @param {OutboxEntry} entry */
  async #deliver(entry) {
    const { attachment_ids = [], ...body } = entry.body;
    const ids = [...attachment_ids, ...entry.files.flatMap(({ attachment_id }) => attachment_id ?? [])];
    const said = { ...body, client_id: entry.client_id, ...(ids.length > 0 ? { attachment_ids: ids } : {}) };
    const to = entry.conversation_id !== null ? { conversation_id: entry.conversation_id } : entry.to;
    const frame = { ...to, ...said };
    const bytes = new TextEncoder().encode(
      JSON.stringify({ action: "send_message", request_id: "r00000000", data: frame }),
    ).length;
    if (bytes <= (this.state.hello?.max_message_bytes ?? 32_768)) {
      await this.request("send_message", frame);
    } else if (entry.conversation_id !== null) {
      const path = { conversation_id: entry.conversation_id };
      await this.rest("POST", "/conversations/{conversation_id}/messages", { path, body: /** @type {any} */ (said) });
    } else {
      await this.rest("POST", "/messages", { body: /** @type {any} */ (frame) });
    }
  }

  /** Looks for a message whose `client_id` the server may have forgotten. @param {OutboxEntry} entry */
  async #isStored({ client_id, conversation_id, created_at }) {
    if (conversation_id === null) return false;
    /** @type {any} */
    let query = { limit: 100 };
    for (let number = 0; number < MOST_PAGES; number++) {
      const { messages, found_oldest } = await this.#page(conversation_id, query);
      if (messages.some((message) => message.client_id === client_id)) return true;
      const oldest = messages[0];
      if (!oldest || found_oldest || Date.parse(oldest.created_at) < created_at + this.#skewMs - 3_600_000)
        return false;
      query = { limit: 100, before: oldest.seq };
    }
    return false;
  }

  /**
   * @param {OutboxEntry} entry
   * @param {import("./types.d.ts").OutboxFile} file
   * @param {(share: number) => void} onProgress
   * @param {AbortSignal} signal
   */
  async #uploadOf(entry, file, onProgress, signal) {
    const to =
      entry.conversation_id !== null ? { conversation_id: entry.conversation_id } : /** @type {Recipient} */ (entry.to);
    const attachment = await this.upload(to, /** @type {Blob} */ (file.blob), {
      ...file,
      clientId: file.client_id,
      onProgress,
      signal,
    });
    return attachment.id;
  }

  /**
   * Uploads a file and waits until it was checked. Throws ParleyError: `attachment_rejected`, `attachment_infected`, `aborted`, or a refusal.
   *
   * @param {{conversation_id: string} | Recipient} to
   * @param {Blob} blob
   * @param {import("./uploads.js").UploadOptions} [options]
   */
  upload(to, blob, options = {}) {
    return this.#uploads.upload(/** @type {any} */ (to), blob, options);
  }

  // --- Keeping -------------------------------------------------------------------------------------------------------

  async #restore() {
    try {
      const kept = await /** @type {import("./types.d.ts").Storage} */ (this.#storage).load();
      const meta = new Map(kept.meta);
      const userId = meta.get("userId");
      if (typeof userId === "string") {
        this.replica = new Replica({ userId, now: () => this.now() });
        const changes = this.replica.restore(/** @type {any} */ (kept.conversations.map(([, record]) => record)));
        this.emit("change", changes);
      }
      this.#outbox.restore(kept.outbox);
    } catch (error) {
      this.#cannotKeep(error);
    }
  }

  #keepSoon() {
    if (!this.state.isLeader || this.#keepTimer !== null) return;
    this.#keepTimer = setTimeout(() => void this.#keep(), KEEP_MS);
  }

  async #keep() {
    clearTimeout(this.#keepTimer);
    this.#keepTimer = null;
    const { replica } = this;
    if (!this.state.isLeader || replica === null || this.#isClosed) return;
    const ids = [...this.#unkept];
    this.#unkept.clear();
    /** @type {[string, unknown][]} */
    const conversations = ids.map((id) => [id, replica.dump(id)]);
    await this.#write({ conversations: [...conversations, ["", replica.dump()]] }).catch(() => {}); // `#write` has told
  }

  /** @param {Parameters<import("./types.d.ts").Storage["write"]>[0]} changes */
  async #write(changes) {
    try {
      await this.#storage?.write(changes);
    } catch (error) {
      this.#cannotKeep(error);
      throw error;
    }
  }

  /** @param {unknown} error */
  #cannotKeep(error) {
    this.emit("error", {
      error: failure(
        "storage",
        "This browser keeps nothing for later. Messages that are not sent are lost if you close the page.",
        error,
      ),
      what: "storage",
    });
  }
}

/** @param {ParleyError} error */
function isSignedOut(error) {
  return error.code === "signed_out" || error.code === "no_token";
}

/** @param {ConnectionState} state */
function plain(state) {
  return { ...state, error: state.error?.problem ?? null };
}

/** Returns what tells people apart in one browser: the token's subject, or the token itself. @param {string} token */
function nameOf(token) {
  const { sub, user_id } = payloadOf(token);
  return String(sub ?? user_id ?? token);
}
