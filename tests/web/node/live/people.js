/** The people of a live test: the stack's addresses and their tokens come by environment variables. */
import { createClient, memoryStorage } from "../../../../web/client/index.js";

const { PARLEY_URL = "", PARLEY_SOCKET_URL = "", PARLEY_TOKENS = "{}" } = process.env;
/** @type {Record<string, {id: string, name: string, token: string}>} */
export const people = JSON.parse(PARLEY_TOKENS);

/**
 * Makes a device of a person. It is not connected yet.
 *
 * @param {string} name
 * @param {Partial<import("../../../../web/client/client.js").ClientOptions>} [options]
 */
export function device(name, options = {}) {
  const token = people[name]?.token ?? "";
  return createClient({
    url: PARLEY_URL,
    socketUrl: PARLEY_SOCKET_URL,
    token,
    storage: memoryStorage(),
    locks: null,
    ...options,
  });
}

/**
 * Waits until something holds; fails with what it is.
 *
 * @param {string} what
 * @param {() => unknown} holds
 * @param {number} [patienceMs] for what takes a tenth of a second on a machine with nothing else to do
 */
export async function until(what, holds, patienceMs = 20_000) {
  const end = Date.now() + patienceMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`it did not come about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A WebSocket whose network can be cut. */
export class Cuttable extends WebSocket {
  /** @type {Set<Cuttable>} */
  static open = new Set();
  static isDown = false;

  /** @param {string} url @param {string[]} protocols */
  constructor(url, protocols) {
    super(Cuttable.isDown ? "ws://127.0.0.1:1/" : url, protocols);
    Cuttable.open.add(this);
  }

  static cut() {
    Cuttable.isDown = true;
    for (const socket of Cuttable.open) socket.close();
    Cuttable.open.clear();
  }

  static mend() {
    Cuttable.isDown = false;
  }
}
