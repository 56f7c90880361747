const DELIVERED_MS = 1000; // one marker for messages that come together
const MOST_LOOKED = 200; // of the messages that are held

/** Tells senders that their messages have come to a device of the user. */
export class Delivered {
  #client;
  #onError;
  /** @type {Map<string, any>} */
  #timers = new Map();

  /** @param {import("./client.js").Client} client @param {(error: unknown, what: string) => void} onError */
  constructor(client, onError) {
    this.#client = client;
    this.#onError = onError;
  }

  /** @param {string} id of a conversation */
  soon(id) {
    if (this.#timers.has(id)) return;
    const timer = setTimeout(async () => {
      this.#timers.delete(id);
      const object = this.#client.replica?.conversations.get(id)?.object;
      if (!object || this.#isStranger(object) || object.delivered_seq >= object.last_seq) return;
      const asked = this.#client.request("mark_delivered", { message_id: `${id}.${object.last_seq}` });
      await asked.catch((error) => this.#onError(error, "mark_delivered"));
    }, DELIVERED_MS);
    this.#timers.set(id, timer);
  }

  /** The user reads the messages, which says that they have come. @param {string} id */
  read(id) {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  stop() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** A stranger does not learn that a device is there before the user has answered (docs/guides/clients.md#presence). @param {import("./types.d.ts").Conversation} conversation */
  #isStranger({ id, type, context }) {
    if (type !== "direct" || (context !== null && context.type !== "general")) return false;
    const { replica } = this.#client;
    const messages = replica?.thread(id).messages ?? [];
    return !messages.slice(-MOST_LOOKED).some(({ sender_id }) => sender_id === replica?.userId);
  }
}
