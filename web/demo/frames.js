/** Hears what a page sends and gets: import it before the web client, which then takes the WebSocket and fetch of here. */

/**
 * @typedef {{kind: "out" | "in" | "rest", what: string, text: string, at: number}} Heard
 */

/** @type {((heard: Heard) => void) | null} */
let tell = null;
/** @type {Heard[]} */
const early = [];

/**
 * Has each frame and each answered request told to `listener` from now on, those of before first.
 *
 * @param {(heard: Heard) => void} listener
 */
export function listen(listener) {
  tell = listener;
  for (const heard of early.splice(0)) listener(heard);
}

/**
 * @param {Heard["kind"]} kind
 * @param {string} what
 * @param {string} text
 */
function note(kind, what, text) {
  const heard = { kind, what, text, at: Date.now() };
  if (tell) tell(heard);
  else if (early.length < 100) early.push(heard);
}

/** What was asked for and is not answered yet, by the id of the request. @type {Map<string, string>} */
const asked = new Map();

/**
 * Returns what a frame is: its action, its event, or which action it answers.
 *
 * @param {string} text
 */
function name(text) {
  try {
    const frame = JSON.parse(text);
    if (frame.action) asked.set(frame.request_id, frame.action);
    if (frame.action ?? frame.event) return String(frame.action ?? frame.event);
    const action = asked.get(frame.request_id);
    asked.delete(frame.request_id);
    return `${frame.type ?? "frame"} ${action ?? ""}`.trim();
  } catch {
    return "frame";
  }
}

globalThis.WebSocket = class extends WebSocket {
  /**
   * @param {string | URL} url
   * @param {string | string[]} [protocols]
   */
  constructor(url, protocols) {
    super(url, protocols);
    // The address may hold a ticket, and the protocols a token: neither is told.
    this.addEventListener("open", () => note("in", "open", ""));
    this.addEventListener("close", () => asked.clear());
    this.addEventListener("close", (event) => note("in", `close ${event.code}`, event.reason));
    this.addEventListener("message", (event) => note("in", name(String(event.data)), String(event.data)));
  }

  /**
   * @override
   * @param {string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>} data
   */
  send(data) {
    note("out", name(String(data)), String(data));
    super.send(data);
  }
};

const ask = globalThis.fetch;
/** @type {typeof fetch} */
const heardFetch = async (input, options) => {
  const began = performance.now();
  const answer = await ask(input, options);
  const url = new URL(input instanceof Request ? input.url : input, location.href);
  const method = options?.method ?? (input instanceof Request ? input.method : "GET");
  const ms = Math.round(performance.now() - began);
  note("rest", `${method} ${url.pathname.replace(/^\/v\d+/, "")}`, `${answer.status} in ${ms} ms ${url.search}`.trim());
  return answer;
};
globalThis.fetch = heardFetch;
