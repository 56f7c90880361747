import { failure, ParleyError } from "./errors.js";

/** Parley knows a `client_id` for a day (docs/guides/clients.md#a-user-who-is-offline-for-long). Some time is left for clocks that differ. */
const KNOWN_MS = 23 * 3_600_000;
const MOST_BACK_OFF_MS = 30_000;

/** @typedef {import("./types.d.ts").OutboxEntry} OutboxEntry */
/** @typedef {import("./types.d.ts").OutboxFile} OutboxFile */

/**
 * The messages that no ack has confirmed. Every tab shows them; the leader sends them, one of a conversation at a time.
 *
 * @typedef {object} OutboxOptions
 * @property {() => number} now
 * @property {(changes: [string, OutboxEntry | null][]) => Promise<void>} keep on disk, before anything is sent
 * @property {(changes: [string, OutboxEntry | null][]) => void} tell the other tabs
 * @property {(entries: OutboxEntry[]) => void} onChange
 * @property {(entry: OutboxEntry, file: OutboxFile, onProgress: (share: number) => void, signal: AbortSignal) => Promise<string>} upload returns the id of a clean attachment
 * @property {(entry: OutboxEntry) => Promise<void>} send returns when the message is stored
 * @property {(entry: OutboxEntry) => Promise<boolean>} isStored looks for a message that is too old to be repeated
 * @property {() => boolean} canSend whether this tab leads and is connected
 */
export class Outbox {
  #options;
  /** @type {Map<string, OutboxEntry>} by `client_id`, in the order of sending */
  #entries = new Map();
  /** @type {Set<string>} */
  #running = new Set();
  #leads = false;
  /** @type {Map<string, AbortController>} */
  #uploads = new Map();
  /** @type {Set<any>} */
  #timers = new Set();

  /** @param {OutboxOptions} options */
  constructor(options) {
    this.#options = options;
  }

  get entries() {
    return [...this.#entries.values()];
  }

  /** @param {string} clientId */
  get(clientId) {
    return this.#entries.get(clientId) ?? null;
  }

  /** Takes what was kept. @param {OutboxEntry[]} entries */
  restore(entries) {
    for (const entry of entries.sort((a, b) => a.created_at - b.created_at)) {
      if (!this.#entries.has(entry.client_id))
        this.#entries.set(entry.client_id, entry.state === "failed" ? entry : { ...entry, state: "waiting" });
    }
    this.#options.onChange(this.entries);
  }

  /** This tab sends from now on, also what the one before had begun. @param {OutboxEntry[]} kept where files are, which another tab takes with it */
  lead(kept) {
    this.#leads = true;
    for (const entry of this.entries.sort((a, b) => a.created_at - b.created_at)) {
      const { files } = kept.find((one) => one.client_id === entry.client_id) ?? entry;
      this.#entries.delete(entry.client_id);
      this.#set(entry.client_id, { ...entry, files });
    }
    this.#options.onChange(this.entries);
  }

  /** Takes what another tab has changed. @param {[string, OutboxEntry | null][]} changes */
  take(changes) {
    for (const [clientId, entry] of changes) this.#set(clientId, entry);
    this.#options.onChange(this.entries);
    this.run();
  }

  /** Keeps a message and begins to send it. Throws if it cannot be kept; it is sent nevertheless, as long as this page is there. @param {OutboxEntry} entry */
  async add(entry) {
    this.#set(entry.client_id, entry);
    this.#options.onChange(this.entries);
    try {
      await this.#options.keep([[entry.client_id, entry]]);
    } finally {
      this.#show(entry.client_id, {}); // it may be on its way, or have arrived
      this.run();
    }
  }

  /** Tries a failed message again. @param {string} clientId */
  async retry(clientId) {
    const entry = this.#entries.get(clientId);
    if (entry?.state === "failed") await this.#change(entry, { state: "waiting", error: null });
    this.run();
  }

  /** Gives a message up; one that is on its way may arrive nevertheless. @param {string} clientId */
  async discard(clientId) {
    this.#uploads.get(clientId)?.abort();
    await this.#remove(clientId);
  }

  /** The message has arrived, by an ack or by another way. @param {string} clientId */
  async arrived(clientId) {
    if (this.#entries.has(clientId)) await this.#remove(clientId);
  }

  /** Sends what waits, if this tab may. */
  run() {
    if (!this.#options.canSend()) return;
    for (const entry of this.#entries.values()) {
      const target = targetOf(entry);
      if (entry.state === "waiting" && !this.#running.has(target)) void this.#work(target);
    }
  }

  stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const upload of this.#uploads.values()) upload.abort();
    this.#timers.clear();
  }

  /** Sends the messages of one conversation, one after the other. @param {string} target */
  async #work(target) {
    this.#running.add(target);
    let failures = 0;
    try {
      for (;;) {
        const entry = this.entries.find((one) => targetOf(one) === target && one.state === "waiting");
        if (!entry || !this.#options.canSend()) return;
        const error = await this.#deliver(entry);
        if (error === null) {
          failures = 0;
        } else if (error.mayPass || error.isSignedOut) {
          await this.#change(entry, { state: "waiting", progress: 0 });
          if (error.isSignedOut || !this.#options.canSend()) return; // `run` comes with the next connection
          await this.#pause(error.retryAfterMs ?? Math.min(MOST_BACK_OFF_MS, 1000 * 2 ** failures++));
        } else if (this.#entries.has(entry.client_id)) {
          const { code, detail, status } = error;
          await this.#change(entry, { state: "failed", progress: 0, error: { code, detail, status } });
        }
      }
    } finally {
      this.#running.delete(target);
    }
  }

  /** @param {OutboxEntry} entry @returns {Promise<ParleyError | null>} */
  async #deliver(entry) {
    const { upload, send, isStored, now } = this.#options;
    const cancel = new AbortController();
    this.#uploads.set(entry.client_id, cancel);
    try {
      let current = entry;
      for (const [index, file] of entry.files.entries()) {
        if (file.attachment_id !== null) continue;
        if (file.blob === null)
          throw failure("file_lost", "The browser has not kept the file. Please choose it again.");
        const share = (/** @type {number} */ done) =>
          this.#show(entry.client_id, { state: "uploading", progress: (index + done) / entry.files.length });
        share(0);
        const attachment_id = await upload(current, file, share, cancel.signal);
        current = await this.#change(this.#entries.get(entry.client_id) ?? current, {
          files: current.files.map((one) => (one.client_id === file.client_id ? { ...one, attachment_id } : one)),
        });
      }
      if (!this.#entries.has(entry.client_id)) return null; // discarded meanwhile
      this.#show(entry.client_id, { state: "sending", progress: 1 });
      if (now() - entry.created_at < KNOWN_MS || !(await isStored(current))) await send(current);
      await this.#remove(entry.client_id);
      return null;
    } catch (error) {
      if (!this.#entries.has(entry.client_id)) return null; // discarded meanwhile
      if (cancel.signal.aborted) return failure("closed", "The client was closed."); // the next one sends it
      return error instanceof ParleyError
        ? error
        : new ParleyError({ status: 400, code: "failed", detail: String(error) }, { cause: error });
    } finally {
      this.#uploads.delete(entry.client_id);
    }
  }

  /** @param {number} ms @returns {Promise<void>} */
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      this.#timers.add(timer);
    });
  }

  /**
   * @param {OutboxEntry} entry
   * @param {Partial<OutboxEntry>} change
   */
  async #change(entry, change) {
    if (!this.#entries.has(entry.client_id)) return entry;
    const changed = this.#show(entry.client_id, change) ?? entry;
    await this.#options.keep([[entry.client_id, changed]]).catch(() => {}); // `keep` has told; it is still sent
    return changed;
  }

  /**
   * Changes what is seen, and does not keep it.
   *
   * @param {string} clientId
   * @param {Partial<OutboxEntry>} change
   */
  #show(clientId, change) {
    const entry = this.#entries.get(clientId);
    if (!entry) return null;
    const changed = { ...entry, ...change };
    this.#entries.set(clientId, changed);
    this.#options.tell([[clientId, changed]]);
    this.#options.onChange(this.entries);
    return changed;
  }

  /** @param {string} clientId */
  async #remove(clientId) {
    if (!this.#entries.delete(clientId)) return;
    this.#options.onChange(this.entries);
    this.#options.tell([[clientId, null]]);
    await this.#options.keep([[clientId, null]]).catch(() => {}); // kept twice, it is sent twice, with one `client_id`
  }

  /**
   * @param {string} clientId
   * @param {OutboxEntry | null} entry
   */
  #set(clientId, entry) {
    if (entry === null) {
      this.#uploads.get(clientId)?.abort();
      this.#entries.delete(clientId);
    } else if (!this.#leads || entry.state === "failed") {
      this.#entries.set(clientId, entry);
    } else if (!this.#uploads.has(clientId)) {
      this.#entries.set(clientId, { ...entry, state: "waiting" }); // a leader that has ended may have begun it
    }
  }
}

/** Returns the key under which messages are sent one after the other. @param {OutboxEntry} entry */
export function targetOf(entry) {
  return entry.conversation_id ?? recipientKey(/** @type {import("./types.d.ts").Recipient} */ (entry.to));
}

/** @param {import("./types.d.ts").Recipient} to */
export function recipientKey(to) {
  return `to:${JSON.stringify([to.user_id, to.context?.type ?? null, to.context?.id ?? null])}`;
}
