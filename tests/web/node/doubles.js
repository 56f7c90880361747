/** Doubles of a server's socket, of clocks and of locks, for tests that play what a real server does not do on demand. */

/** A socket whose other side is the test. */
export class FakeSocket {
  /** @type {FakeSocket[]} */
  static made = [];
  /** Answers by action; a test changes them. @type {Record<string, (data: any) => any>} */
  static answers = {};
  readyState = 0;
  /** @type {any[]} */
  sent = [];
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {((event: {data: string}) => void) | null} */
  onmessage = null;
  /** @type {((event: {code: number}) => void) | null} */
  onclose = null;
  onerror = null;

  /** @param {string} url @param {string[]} protocols */
  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    FakeSocket.made.push(this);
  }

  static reset() {
    FakeSocket.made = [];
    FakeSocket.answers = {};
  }

  static get last() {
    return /** @type {FakeSocket} */ (FakeSocket.made.at(-1));
  }

  open() {
    this.readyState = 1;
    this.onopen?.();
  }

  /** @param {string} text */
  send(text) {
    const frame = JSON.parse(text);
    this.sent.push(frame);
    const answer = FakeSocket.answers[frame.action];
    if (frame.request_id && answer) queueMicrotask(() => this.#answer(frame, answer(frame.data)));
  }

  /** @param {any} frame @param {any} answer */
  #answer(frame, answer) {
    if (answer === undefined) return;
    const { request_id } = frame;
    if (answer?.code) this.say({ type: "error", request_id, error: { status: 400, detail: "", ...answer } });
    else this.say({ type: "ack", request_id, data: answer });
  }

  /** @param {object} frame */
  say(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** @param {number} [code] */
  close(code = 1005) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code });
  }

  /** @param {string} action */
  sentOf(action) {
    return this.sent.filter((frame) => frame.action === action);
  }
}

/** @param {object} [change] */
export function hello(change = {}) {
  return {
    version: "0",
    server_time: new Date(0).toISOString(),
    connection_id: "c1",
    heartbeat_s: 285,
    typing_resend_s: 4,
    typing_expires_s: 5,
    max_message_bytes: 32768,
    reconnect_by: new Date(115 * 60_000).toISOString(),
    user: { id: "alice", name: "Alice", role: "user", contexts: {} },
    limits: {},
    sizes: {},
    ...change,
  };
}

/** A token that ends at a time, in seconds. @param {number} exp @param {object} [claims] */
export function tokenUntil(exp, claims = {}) {
  return `h.${Buffer.from(JSON.stringify({ sub: "alice", exp, ...claims })).toString("base64url")}.s`;
}

/** Lets everything that waits in microtasks go on. */
export async function settled() {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** Web Locks of one browser: one holder of a name at a time. */
export class FakeLocks {
  /** @type {Map<string, {run: () => Promise<unknown>}[]>} */
  #queues = new Map();

  /**
   * @param {string} name
   * @param {{signal?: AbortSignal}} options
   * @param {() => unknown} held
   */
  request(name, { signal }, held) {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      const entry = {
        run: async () => {
          try {
            resolve(await held());
          } finally {
            queue.shift();
            void queue[0]?.run();
          }
        },
      };
      signal?.addEventListener("abort", () => {
        const place = queue.indexOf(entry);
        if (place > 0) {
          queue.splice(place, 1);
          reject(signal.reason);
        }
      });
      queue.push(entry);
      if (queue.length === 1) void entry.run();
    });
  }
}
