import { failure, ParleyError } from "./errors.js";
import { Socket } from "./socket.js";

const MOST_BACK_OFF_MS = 30_000;
const LOOK_MS = 300_000; // between two looks whether a suspension was lifted
const AGAIN_MS = 60_000; // between two hand-overs; `reconnect_by` is five minutes before the end
const LIFETIME_MS = 115 * 60_000; // of a connection, which API Gateway cuts after two hours
const GOOD_FOR_MS = 6 * 60_000; // a token that ends sooner would make the next hand-over due at once

/**
 * Keeps a device connected: back-off with jitter, the hand-over before `reconnect_by`, waking.
 *
 * @typedef {object} ConnectionOptions
 * @property {string} socketUrl
 * @property {import("./tokens.js").Tokens} tokens
 * @property {import("./rest.js").Rest} rest
 * @property {typeof globalThis.WebSocket} WebSocket
 * @property {() => number} now
 * @property {() => number} random
 * @property {(event: string, data: any) => void} onEvent
 * @property {(direction: "in" | "out", frame: object) => void} onFrame
 * @property {(socket: Socket, previous: import("./types.d.ts").Hello | null) => Promise<void>} onOpen catches up and joins, before the connection counts
 * @property {(socket: Socket) => void} onReady
 * @property {(joined: string[]) => void} onForgotten
 * @property {(state: {status: import("./types.d.ts").Status, error: ParleyError | null, retryAt: number | null, hello: import("./types.d.ts").Hello | null}) => void} onState
 */
export class Connection {
  #options;
  /** @type {Socket | null} */
  #socket = null;
  #isStopped = true;
  #isSuspended = false; // as the last try was told
  #failures = 0; // since it caught up
  #refusals = 0; // handshakes in a row without an open socket
  /** @type {any} */
  #timer = null;
  /** @type {any} */
  #handOver = null;
  /** @type {number | null} */
  #retryAt = null;
  /** @type {import("./types.d.ts").Hello | null} */
  #previous = null;

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** The socket that is open and has caught up, or null. */
  get socket() {
    return this.#socket?.isOpen ? this.#socket : null;
  }

  start() {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#failures = this.#refusals = 0;
    void this.#connect();
  }

  /** Ends the connection; `start` begins again. */
  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#handOver);
    this.#retryAt = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** Comes to the front, or back to a network: tries at once, or tests what is there. */
  wake() {
    if (this.#isStopped) return;
    if (this.#retryAt !== null) {
      this.#failures = 0;
      clearTimeout(this.#timer);
      void this.#connect();
    } else {
      void this.socket?.test();
    }
  }

  async #connect() {
    this.#retryAt = null;
    if (!this.#isSuspended) this.#tell("connecting", null); // until an answer says that it is over
    try {
      await this.#openOnce();
    } catch (error) {
      this.#failed(error instanceof ParleyError ? error : failure("network", "The server cannot be reached.", error));
    }
  }

  /** Opens a socket; after the first handshake that was refused, with a ticket at once: a browser cannot see why, and its refusal says so. */
  async #openOnce() {
    const refusals = this.#refusals;
    try {
      await this.#open();
    } catch (error) {
      if (refusals > 0 || this.#refusals === 0) throw error;
      await this.#open();
    }
  }

  /** Opens a socket and takes it as the current one when it has caught up; throws ParleyError. */
  async #open() {
    const { socketUrl, tokens, WebSocket, now, onEvent, onFrame, onForgotten, onOpen, onReady } = this.#options;
    const ticket = this.#refusals > 0 ? (await this.#options.rest.call("POST", "/ws-tickets")).ticket : null;
    const token = ticket === null ? await tokens.get() : "";
    if (this.#isStopped) return;
    const socket = new Socket({
      url: ticket === null ? socketUrl : `${socketUrl}?ticket=${encodeURIComponent(ticket)}`,
      protocols: ticket === null ? ["bearer", token] : [],
      WebSocket,
      now,
      onEvent,
      onFrame,
      onForgotten,
      onClose: ({ wasOpen }) => this.#closed(socket, wasOpen),
    });
    try {
      const hello = await socket.open();
      this.#refusals = 0;
      this.#isSuspended = false;
      this.#goOn(socket);
      await onOpen(socket, this.#previous);
      this.#goOn(socket);
      const old = this.#socket;
      this.#socket = socket;
      this.#previous = hello;
      this.#failures = 0;
      old?.close();
      this.#planHandOver(hello);
      this.#tell("online", null);
      onReady(socket);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** A socket that ended while it caught up is no connection, and one whose client was closed brings nothing back. @param {Socket} socket */
  #goOn(socket) {
    if (this.#isStopped) throw failure("closed", "The client was closed.");
    if (!socket.isOpen) throw failure("closed", "The connection is gone.");
  }

  /**
   * @param {Socket} socket
   * @param {boolean} wasOpen
   */
  #closed(socket, wasOpen) {
    if (!wasOpen) this.#refusals++; // in a row
    if (socket !== this.#socket || this.#isStopped) return; // one that is being opened fails in `#connect`
    this.#socket = null;
    clearTimeout(this.#handOver);
    this.#failed(failure("closed", "The connection is gone."));
  }

  /** @param {ParleyError} error */
  #failed(error) {
    if (this.#isStopped) return;
    if (error.isSignedOut) {
      // Another try would be refused until the user does something.
      this.stop();
      this.#tell("signed_out", error);
      return;
    }
    const { now, random } = this.#options;
    const most = Math.min(MOST_BACK_OFF_MS, 1000 * 2 ** this.#failures++);
    let wait = error.retryAfterMs ?? most / 2 + (random() * most) / 2;
    this.#isSuspended = error.code === "suspended";
    // A suspension ends at a time that is known, or before it: nobody is told, for there is no connection.
    if (this.#isSuspended) wait = Math.max(wait, Math.min(LOOK_MS, Date.parse(error.problem.until ?? "") - now() || 0));
    this.#retryAt = now() + wait;
    this.#tell(this.#isSuspended ? "suspended" : "offline", error);
    this.#timer = setTimeout(() => void this.#connect(), wait);
  }

  /** Opens the next connection five minutes before API Gateway cuts this one, or the token ends. @param {import("./types.d.ts").Hello} hello */
  #planHandOver(hello) {
    clearTimeout(this.#handOver);
    const left = Date.parse(hello.reconnect_by) - Date.parse(hello.server_time);
    const again = async () => {
      if (this.#isStopped || this.#socket === null) return;
      try {
        await this.#options.tokens.get(GOOD_FOR_MS);
        await this.#open();
      } catch {
        // The old connection still stands. When it is cut, `#failed` says why there is no new one.
        this.#handOver = setTimeout(again, AGAIN_MS);
      }
    };
    this.#handOver = setTimeout(again, Math.min(Math.max(AGAIN_MS, left || LIFETIME_MS), LIFETIME_MS));
  }

  /**
   * @param {import("./types.d.ts").Status} status
   * @param {ParleyError | null} error
   */
  #tell(status, error) {
    this.#options.onState({ status, error, retryAt: this.#retryAt, hello: this.#socket?.hello ?? this.#previous });
  }
}
