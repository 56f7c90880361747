/**
 * The `chatService` of play-test platform A over Parley: its own code keeps the calls that it has.
 *
 *     import { chatService } from "parley-web/compat/chat-service";
 *     chatService.configure({ url: "https://…/v1", socketUrl: "wss://…/v1" });
 *     await chatService.connect(token);
 *     chatService.on("new_message", (message) => …);
 *     await chatService.sendMessage(conversationId, { message: "Hello", files });
 */
import { createClient } from "../client/index.js";

/** @typedef {import("../client/client.js").Client} Client */
/** @typedef {import("../client/client.js").ClientOptions} ClientOptions */
/** @typedef {import("../client/types.d.ts").Message} Message */
/** @typedef {import("../client/types.d.ts").Recipient} Recipient */

/** Their names of what the socket tells; those of Parley are the same, except that a message in a conversation that is not joined is new, too. */
const EVENTS = new Set([
  "new_message",
  "user_typing",
  "user_stopped_typing",
  "message_read",
  "conversation_read",
  "user_status_change",
  "user_joined_conversation",
  "user_left_conversation",
]);

export class ChatService {
  /** @type {Client | null} */
  #client = null;
  /** @type {Map<string, Set<(data: any) => void>>} */
  #listeners = new Map();
  /** @type {Partial<ClientOptions>} */
  #options = {};

  /** Says where Parley is; without it, at `/v1` of the page's own host. @param {Partial<ClientOptions>} options those of `createClient` */
  configure(options) {
    this.#options = { ...this.#options, ...options };
    return this;
  }

  /** The client behind the service, once it connects. */
  get client() {
    return this.#client;
  }

  get isConnected() {
    return this.#client?.state.status === "online";
  }

  /** Connects, and stays connected until `disconnect`; another person's token begins afresh. @param {ClientOptions["token"]} token */
  async connect(token) {
    this.disconnect();
    const here = globalThis.location;
    const client = createClient({
      url: `${here?.origin}/v1`,
      socketUrl: `${here?.origin.replace(/^http/, "ws")}/v1`,
      ...this.#options,
      token,
    });
    this.#client = client;
    let wasConnected = false;
    client.on("state", ({ status, error }) => {
      const isConnected = status === "online";
      if (isConnected !== wasConnected) this.#tell(isConnected ? "connect" : "disconnect", { error });
      else if (error && !isConnected) this.#tell("connect_error", error);
      wasConnected = isConnected;
    });
    client.on("event", ({ event, data }) => {
      const name = event === "message_notification" ? "new_message" : event;
      if (EVENTS.has(name)) this.#tell(name, name === "new_message" ? theirs(data.message) : data);
    });
    await client.connect();
  }

  disconnect() {
    this.#client?.close();
    this.#client = null;
  }

  /**
   * Sends a message with files, which are uploaded first. It is written once, also after a lost connection. Rejects with the ParleyError of a refusal.
   *
   * @param {string | Recipient} conversationId
   * @param {{message?: string, files?: Iterable<File | Blob>}} content
   */
  async sendMessage(conversationId, { message = "", files = [] }) {
    const sent = this.#connected().send(conversationId, { text: message, files: [...files] });
    return theirs(await sent.message);
  }

  /** Gets a conversation's messages as they come, and its history. @param {string} conversationId */
  async joinConversation(conversationId) {
    const client = this.#connected();
    await client.open(conversationId);
    return (client.replica?.thread(conversationId).messages ?? []).map(theirs);
  }

  /** @param {string} conversationId */
  leaveConversation(conversationId) {
    this.#connected().leave(conversationId);
  }

  /** @param {string} conversationId */
  startTyping(conversationId) {
    this.#connected().typing(conversationId, true);
  }

  /** @param {string} conversationId */
  stopTyping(conversationId) {
    this.#connected().typing(conversationId, false);
  }

  /** Marks a message as read, and all before it. @param {string} messageId */
  async markAsRead(messageId) {
    await this.#connected().request("mark_read", { message_id: messageId });
  }

  /** @param {string} conversationId */
  async markConversationAsRead(conversationId) {
    await this.#connected().markRead(conversationId);
  }

  /** The status of people: `{user_id: {online, last_seen}}`. @param {string[]} userIds */
  async requestUserStatus(userIds) {
    const client = this.#connected();
    await client.request("request_user_status", { user_ids: userIds });
    return Object.fromEntries(userIds.map((id) => [id, client.replica?.presence(id)]));
  }

  /** The conversations that are known, the most recent first. */
  getConversations() {
    const held = [...(this.#connected().replica?.conversations.values() ?? [])].map(({ object }) => object);
    return held.sort((a, b) => (a.last_activity_at < b.last_activity_at ? 1 : -1));
  }

  /**
   * Listens to an event of the old socket, or to `connect`, `disconnect` and `connect_error`; a listener stays across connections.
   *
   * @param {string} event
   * @param {(data: any) => void} listener
   * @returns {() => void} ends it
   */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => this.off(event, listener);
  }

  /** @param {string} event @param {(data: any) => void} [listener] without one: all of the event */
  off(event, listener) {
    if (listener) this.#listeners.get(event)?.delete(listener);
    else this.#listeners.delete(event);
  }

  /** @param {string} event @param {any} data */
  #tell(event, data) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(data);
  }

  #connected() {
    if (!this.#client) throw new Error("chatService is not connected: call connect(token) first");
    return this.#client;
  }
}

/** The one that the old code imports. */
export const chatService = new ChatService();

/** A message with its text where the old code looks for it. @param {Message} message */
function theirs(message) {
  return { ...message, message: message.text };
}
