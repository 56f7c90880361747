import { failure, ParleyError } from "./errors.js";

const ANSWER_MS = 40_000; // the leader's own limit for an answer of the server, and some time to become the leader

/**
 * The tabs of one browser and one person: one of them leads and has the connection, the others ask it.
 *
 * @typedef {object} TabsOptions
 * @property {string} name of the person and the API: tabs of another one never meet
 * @property {LockManager | null} locks null: this client is alone, and leads
 * @property {typeof globalThis.BroadcastChannel | null} BroadcastChannel
 * @property {() => void} onLead this tab leads from now on, until it ends
 * @property {(message: any) => void} onNews what another tab has told
 * @property {(action: string, data: object) => Promise<any>} onRequest serves a request of another tab; called of the leader only
 * @property {(tab: string) => void} onGone a tab has ended; called of the leader only
 *
 * @typedef {{type: "news", news: any} | {type: "ask", id: string, from: string, action: string, data: object}
 *   | {type: "answer", to: string, id: string, data?: any, problem?: any} | {type: "leads"} | {type: "gone", from: string}} Note
 */
export class Tabs {
  id = crypto.randomUUID();
  isLeader = false;
  #options;
  /** @type {BroadcastChannel | null} */
  #channel = null;
  #end = new AbortController();
  /** @type {Map<string, {action: string, data: object, resolve: (data: any) => void, reject: (error: ParleyError) => void, timer: any}>} */
  #asked = new Map();
  /** @type {Set<string>} */
  #watched = new Set();

  /** @param {TabsOptions} options */
  constructor(options) {
    this.#options = options;
  }

  start() {
    const { name, locks, BroadcastChannel } = this.#options;
    if (!locks || !BroadcastChannel) {
      this.#lead();
      return;
    }
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#take(data);
    // A lock ends with its tab, however the tab ends.
    this.#hold(`${name}:${this.id}`, () => {});
    this.#hold(name, () => this.#lead());
  }

  stop() {
    this.#post({ type: "gone", from: this.id });
    this.#end.abort();
    for (const asked of this.#asked.values()) {
      clearTimeout(asked.timer);
      asked.reject(failure("closed", "The client was closed."));
    }
    this.#asked.clear();
    this.#channel?.close();
    this.#channel = null; // what ends after this has nobody to tell
    this.isLeader = false;
  }

  /** Tells all other tabs. @param {unknown} news */
  tell(news) {
    this.#post({ type: "news", news });
  }

  /**
   * Asks the leader, also one that comes meanwhile: a request may be made twice, so only what may be repeated is asked.
   *
   * @param {string} action
   * @param {object} data
   * @returns {Promise<any>}
   */
  ask(action, data) {
    if (this.#end.signal.aborted) return Promise.reject(failure("closed", "The client was closed."));
    return new Promise((resolve, reject) => {
      const id = crypto.randomUUID();
      const timer = setTimeout(() => {
        this.#asked.delete(id);
        reject(failure("timeout", "The server does not answer."));
      }, ANSWER_MS);
      this.#asked.set(id, { action, data, resolve, reject, timer });
      this.#post({ type: "ask", id, from: this.id, action, data });
    });
  }

  /**
   * @param {string} name
   * @param {() => void} onHeld
   */
  #hold(name, onHeld) {
    const { locks } = this.#options;
    const ended = new Promise((resolve) => this.#end.signal.addEventListener("abort", resolve));
    locks
      ?.request(name, { signal: this.#end.signal }, () => {
        onHeld();
        return ended;
      })
      .catch(() => {}); // it was aborted while it waited: the tab has ended
  }

  #lead() {
    this.isLeader = true;
    this.#post({ type: "leads" });
    this.#options.onLead();
    for (const [id, { action, data, resolve, reject, timer }] of this.#asked) {
      this.#asked.delete(id);
      clearTimeout(timer);
      this.#options.onRequest(action, data).then(resolve, reject);
    }
  }

  /** @param {Note} note */
  #take(note) {
    switch (note.type) {
      case "news":
        this.#options.onNews(note.news);
        break;
      case "ask":
        if (this.isLeader) void this.#serve(note);
        break;
      case "answer":
        if (note.to === this.id) this.#answered(note.id, note.data, note.problem);
        break;
      case "leads":
        for (const [id, { action, data }] of this.#asked) this.#post({ type: "ask", id, from: this.id, action, data });
        this.#options.onNews({ type: "leads" });
        break;
      case "gone":
        if (this.isLeader) this.#options.onGone(note.from);
    }
  }

  /** @param {Extract<Note, {type: "ask"}>} note */
  async #serve({ id, from, action, data }) {
    this.#watch(from);
    try {
      this.#post({ type: "answer", to: from, id, data: await this.#options.onRequest(action, data) });
    } catch (error) {
      const problem = error instanceof ParleyError ? error.problem : failure("unknown", String(error)).problem;
      this.#post({ type: "answer", to: from, id, problem });
    }
  }

  /** @param {string} tab */
  #watch(tab) {
    if (this.#watched.has(tab)) return;
    this.#watched.add(tab);
    this.#options.locks
      ?.request(`${this.#options.name}:${tab}`, { signal: this.#end.signal }, () => this.#options.onGone(tab))
      .catch(() => {});
  }

  /**
   * @param {string} id
   * @param {any} data
   * @param {any} problem
   */
  #answered(id, data, problem) {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    clearTimeout(asked.timer);
    if (problem) asked.reject(new ParleyError(problem));
    else asked.resolve(data);
  }

  /** @param {Note} note */
  #post(note) {
    this.#channel?.postMessage(note);
  }
}
