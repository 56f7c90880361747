import { ParleyError } from "./errors.js";

/** @typedef {import("./socket.js").Socket} Socket */

/** The conversations on the screens of all tabs, and which of them the socket has joined. */
export class Screens {
  /** @type {Map<string, number>} this tab's, and how often each is open */
  #open = new Map();
  /** @type {Map<string, Set<string>>} the other tabs' */
  #elsewhere = new Map();
  /** @type {Set<string>} */
  #joined = new Set();
  #onJoined;
  #onError;

  /**
   * @param {(conversationId: string, data: any) => void} onJoined
   * @param {(error: ParleyError, what: string) => void} onError
   */
  constructor(onJoined, onError) {
    this.#onJoined = onJoined;
    this.#onError = onError;
  }

  /** This tab's. */
  get ids() {
    return [...this.#open.keys()];
  }

  /** @param {string} id */
  has(id) {
    return this.#open.has(id);
  }

  /** @param {string} id */
  enter(id) {
    this.#open.set(id, (this.#open.get(id) ?? 0) + 1);
  }

  /** @param {string} id */
  leave(id) {
    const count = this.#open.get(id) ?? 0;
    if (count > 1) this.#open.set(id, count - 1);
    else this.#open.delete(id);
  }

  /** @param {string} tab @param {string[]} ids none: the tab has ended */
  elsewhere(tab, ids) {
    if (ids.length > 0) this.#elsewhere.set(tab, new Set(ids));
    else this.#elsewhere.delete(tab);
  }

  /** Another socket has joined nothing. */
  forget() {
    this.#joined.clear();
  }

  /** Joins what is on a screen of any tab, and leaves what is on none. @param {Socket} socket */
  async join(socket) {
    const open = new Set(this.ids);
    for (const ids of this.#elsewhere.values()) for (const id of ids) open.add(id);
    const joining = [...open].filter((id) => !this.#joined.has(id));
    for (const id of [...this.#joined].filter((id) => !open.has(id))) {
      this.#joined.delete(id);
      socket.tell("leave_conversation", { conversation_id: id });
    }
    await Promise.all(joining.map((id) => this.#joinOne(socket, id)));
  }

  /** @param {Socket} socket @param {string} conversation_id */
  async #joinOne(socket, conversation_id) {
    this.#joined.add(conversation_id);
    try {
      this.#onJoined(conversation_id, await socket.request("join_conversation", { conversation_id }));
    } catch (error) {
      this.#joined.delete(conversation_id);
      if (!(error instanceof ParleyError)) throw error;
      if (error.mayPass) this.#onError(error, "join_conversation");
    }
  }
}
