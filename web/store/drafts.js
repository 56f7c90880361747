/** @typedef {{text: string, reply_to?: string | null, edits?: string | null, mentions?: string[]}} Draft */

/** What a user has begun to write, by conversation: kept for the tab, so that a reload loses nothing. */
export class Drafts {
  /** Grows with each change. */
  version = 0;
  /** @type {Map<string, Draft | null>} */
  #known = new Map();

  /** @param {{userId: string | null}} client @param {string} conversationId @returns {Draft | null} */
  get({ userId }, conversationId) {
    const key = `parley:draft:${userId}:${conversationId}`;
    if (!this.#known.has(key)) this.#known.set(key, read(key));
    return this.#known.get(key) ?? null;
  }

  /** @param {{userId: string | null}} client @param {string} conversationId @param {Draft | null} draft */
  set({ userId }, conversationId, draft) {
    const key = `parley:draft:${userId}:${conversationId}`;
    const kept = draft?.text || draft?.reply_to || draft?.edits ? draft : null;
    this.#known.set(key, kept);
    this.version++;
    try {
      if (kept === null) globalThis.sessionStorage?.removeItem(key);
      else globalThis.sessionStorage?.setItem(key, JSON.stringify(kept));
    } catch {
      // Storage is full or forbidden: the draft lives as long as the page.
    }
  }
}

/** @param {string} key @returns {Draft | null} */
function read(key) {
  try {
    return JSON.parse(globalThis.sessionStorage?.getItem(key) ?? "null");
  } catch {
    return null; // forbidden, or of another version
  }
}
