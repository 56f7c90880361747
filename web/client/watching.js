/** How often the status of a person of whom nothing is known is asked for. */
const AGAIN_MS = 60_000;
/** Statuses come together: those of a screen, and those that end within this time. */
const TOGETHER_MS = 300;
const MOST = 100; // ids in a request

/** Keeps the presence of the people on the screen: a status is a lease, and no event tells of its renewal. */
export class Watching {
  #ask;
  #isKnown;
  #now;
  /** @type {Map<string, number>} by person, how many watch */
  #watched = new Map();
  /** @type {Map<string, number>} */
  #asked = new Map();
  /** @type {any} */
  #timer = null;
  #isSoon = false;

  /**
   * @param {(userIds: string[]) => Promise<unknown>} ask
   * @param {(userId: string) => boolean} isKnown whether a status is held that has not ended
   * @param {() => number} now
   */
  constructor(ask, isKnown, now) {
    this.#ask = ask;
    this.#isKnown = isKnown;
    this.#now = now;
  }

  /** @param {string[]} userIds @returns {() => void} ends it */
  watch(userIds) {
    for (const id of userIds) this.#watched.set(id, (this.#watched.get(id) ?? 0) + 1);
    this.lookSoon();
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      for (const id of userIds) {
        const left = (this.#watched.get(id) ?? 1) - 1;
        if (left > 0) this.#watched.set(id, left);
        else this.#watched.delete(id);
      }
    };
  }

  /** After a connection: what was asked before may have been lost. */
  again() {
    this.#asked.clear();
    this.lookSoon();
  }

  /** What hid a person's status may have passed: the first answer in a conversation, say. @param {string[]} userIds */
  askAgain(userIds) {
    for (const id of userIds) this.#asked.delete(id);
    if (userIds.some((id) => this.#watched.has(id) && !this.#isKnown(id))) this.lookSoon();
  }

  lookSoon() {
    if (this.#isSoon) return;
    this.#isSoon = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), TOGETHER_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#isSoon = false;
    this.#watched.clear();
  }

  #look() {
    this.#timer = null;
    this.#isSoon = false;
    const now = this.#now();
    const due = [...this.#watched.keys()]
      .filter((id) => !this.#isKnown(id) && now - (this.#asked.get(id) ?? 0) >= AGAIN_MS)
      .slice(0, MOST);
    if (due.length > 0) {
      for (const id of due) this.#asked.set(id, now);
      this.#ask(due).catch(() => {
        for (const id of due) this.#asked.delete(id); // asked again at the next look
      });
    }
    if (this.#watched.size > 0) this.#timer = setTimeout(() => this.#look(), AGAIN_MS / 4);
  }
}
