import { failure, ParleyError } from "./errors.js";

const ANSWER_MS = 30_000; // then a client repeats its send (docs/guides/clients.md#sending)
const TEST_MS = 10_000; // then a connection that was tested is gone (…#staying-connected)
const SILENCE_MS = 15 * 60_000; // after so long without a frame a connection is tested
/** These renew the lease as a ping does. */
const RENEWING = new Set(["ping", "send_message", "typing_start"]);

/**
 * One socket from its handshake to its end: requests and their answers, events, pings.
 *
 * @typedef {object} SocketOptions
 * @property {string} url with a ticket, or without
 * @property {string[]} protocols
 * @property {typeof globalThis.WebSocket} WebSocket
 * @property {() => number} now
 * @property {(event: string, data: any) => void} onEvent
 * @property {(direction: "in" | "out", frame: object) => void} onFrame for developers who look on
 * @property {(joined: string[]) => void} onForgotten the server forgot what this device had joined
 * @property {(closed: {code: number, wasOpen: boolean}) => void} onClose called once
 */
export class Socket {
  /** @type {import("./types.d.ts").Hello | null} */
  hello = null;
  #options;
  #socket;
  /** @type {Map<string, {resolve: (data: any) => void, reject: (error: ParleyError) => void, timer: any}>} */
  #asked = new Map();
  #count = 0;
  #isOpen = false;
  #isClosed = false;
  #lastRenewal = 0;
  #lastFrame = 0;
  /** @type {any} */
  #heart = null;
  /** @type {{promise: Promise<void>, resolve: () => void, reject: (error: ParleyError) => void}} */
  #opened = Promise.withResolvers();

  /** @param {SocketOptions} options */
  constructor(options) {
    this.#options = options;
    this.#opened.promise.catch(() => {}); // `open` has it
    this.#socket = new options.WebSocket(options.url, options.protocols);
    this.#socket.onopen = () => {
      this.#isOpen = true;
      this.#lastFrame = options.now();
      this.#opened.resolve();
    };
    this.#socket.onmessage = ({ data }) => this.#take(String(data));
    this.#socket.onclose = ({ code }) => this.#end(code);
    this.#socket.onerror = () => this.#end(1006); // a browser's `close` follows; Node's does not after a refused handshake
  }

  /** Waits for the handshake, and greets. Throws ParleyError `closed` if it was refused. */
  async open() {
    const timer = setTimeout(() => this.close(), ANSWER_MS);
    await this.#opened.promise.finally(() => clearTimeout(timer));
    const hello = /** @type {import("./types.d.ts").Hello} */ (await this.request("hello"));
    this.hello = hello;
    this.#beat(hello.heartbeat_s * 1000 || 285_000);
    return hello;
  }

  get isOpen() {
    return this.#isOpen && !this.#isClosed;
  }

  /**
   * Returns the `data` of the ack. Throws ParleyError: the server's refusal, `timeout` or `closed`.
   *
   * @param {string} action
   * @param {object} [data]
   * @param {number} [timeoutMs]
   * @returns {Promise<any>}
   */
  request(action, data = {}, timeoutMs = ANSWER_MS) {
    return new Promise((resolve, reject) => {
      const request_id = `r${++this.#count}`;
      const timer = setTimeout(() => {
        this.#asked.delete(request_id);
        reject(failure("timeout", "The server does not answer."));
      }, timeoutMs);
      this.#asked.set(request_id, { resolve, reject, timer });
      if (!this.#send({ action, request_id, data }))
        this.#settle(request_id, null, failure("closed", "The connection is gone."));
    });
  }

  /**
   * Sends what is not answered unless it is refused.
   *
   * @param {string} action
   * @param {object} [data]
   */
  tell(action, data = {}) {
    return this.#send({ action, data });
  }

  /** Asks whether the other side is still there; closes the connection if not. */
  async test() {
    try {
      await this.request("ping", {}, TEST_MS);
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code === "timeout") this.close();
    }
  }

  /** Ends the connection at once; `onClose` is told even if the network keeps the closing handshake from ending. */
  close() {
    this.#socket.close();
    this.#end(1000);
  }

  /** @param {{action: string, request_id?: string, data: object}} frame */
  #send(frame) {
    if (!this.isOpen || this.#socket.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    this.#options.onFrame("out", frame);
    if (RENEWING.has(frame.action)) this.#lastRenewal = this.#options.now();
    return true;
  }

  /** @param {string} text */
  #take(text) {
    this.#lastFrame = this.#options.now();
    let frame;
    try {
      frame = Object(JSON.parse(text));
    } catch {
      return; // of another program: API Gateway itself sends JSON only
    }
    this.#options.onFrame("in", frame);
    if (frame.type === "event") {
      if (!this.#isClosed && frame.data instanceof Object) this.#options.onEvent(String(frame.event), frame.data);
    } else if (frame.request_id !== undefined) {
      const refusal = frame.error && new ParleyError({ status: 500, code: "unknown", detail: "", ...frame.error });
      // API Gateway's own refusals ("Internal server error") have a `message` and no `type`.
      this.#settle(
        frame.request_id,
        frame.data,
        frame.type === "ack" ? null : (refusal ?? failure("unknown", String(frame.message))),
      );
    } else if (Array.isArray(frame.data?.joined)) {
      this.#options.onForgotten(frame.data.joined);
    }
  }

  /**
   * @param {string} requestId
   * @param {any} data
   * @param {ParleyError | null} error
   */
  #settle(requestId, data, error) {
    const asked = this.#asked.get(requestId);
    if (!asked) return;
    this.#asked.delete(requestId);
    clearTimeout(asked.timer);
    if (error) asked.reject(error);
    else asked.resolve(data);
  }

  /** Pings when nothing else has renewed the lease, and tests a connection that was silent or slept. @param {number} every */
  #beat(every) {
    const { now } = this.#options;
    this.#lastRenewal = now();
    const beat = () => {
      if (this.#isClosed) return;
      const since = now() - this.#lastRenewal;
      if (since > 2 * every || now() - this.#lastFrame > SILENCE_MS) void this.test();
      else if (since >= every) this.tell("ping");
      const left = Math.max(1000, every - (now() - this.#lastRenewal));
      this.#heart = setTimeout(beat, left);
    };
    this.#heart = setTimeout(beat, every);
  }

  /** @param {number} code */
  #end(code) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#heart);
    const error = failure("closed", "The connection is gone.");
    this.#opened.reject(error);
    for (const requestId of [...this.#asked.keys()]) this.#settle(requestId, null, error);
    this.#options.onClose({ code, wasOpen: this.#isOpen });
  }
}
