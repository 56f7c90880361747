import { failure } from "./errors.js";

const KEEP_MS = 500; // changes are written to disk together

/** @typedef {import("./types.d.ts").Storage} Storage */

/** Writes what has changed to disk, a moment later and together. A disk that fails ends nothing: `onError` tells. */
export class Keeping {
  /** @type {Storage | null} */
  storage = null;
  #dump;
  #mayKeep;
  #onError;
  /** @type {Set<string>} */
  #unkept = new Set();
  /** @type {any} */
  #timer = null;

  /**
   * @param {(id?: string) => unknown} dump a conversation, or the rest
   * @param {() => boolean} mayKeep whether this tab leads
   * @param {(error: import("./errors.js").ParleyError) => void} onError
   */
  constructor(dump, mayKeep, onError) {
    this.#dump = dump;
    this.#mayKeep = mayKeep;
    this.#onError = onError;
  }

  /** @param {Iterable<string>} ids */
  changed(ids) {
    for (const id of ids) this.#unkept.add(id);
  }

  soon() {
    if (this.#mayKeep()) this.#timer ??= setTimeout(() => void this.now(), KEEP_MS);
  }

  async now() {
    this.stop();
    if (!this.#mayKeep()) return;
    /** @type {[string, unknown][]} */
    const conversations = [...this.#unkept].map((id) => [id, this.#dump(id)]);
    this.#unkept.clear();
    await this.write({ conversations: [...conversations, ["", this.#dump()]] }).catch(() => {}); // `write` has told
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  async forget() {
    const { storage } = this;
    this.storage = null; // an upload that ends now would write its message again
    this.#unkept.clear();
    await storage?.clear();
    storage?.close();
  }

  /** @param {Parameters<Storage["write"]>[0]} changes */
  async write(changes) {
    try {
      await this.storage?.write(changes);
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** @param {unknown} error */
  failed(error) {
    const detail = "This browser keeps nothing for later. Messages that are not sent are lost if you close the page.";
    this.#onError(failure("storage", detail, error));
  }
}
