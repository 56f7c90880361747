/** What runs out by itself, by the server's clock: who types where, who is online, who has a conversation open. */

/** @typedef {import("../wire.d.ts").components["schemas"]["UserStatus"]} UserStatus */
/** @typedef {{user_id: string, expires_at?: string}} Present */

export class Leases {
  /** By conversation and person, when it runs out. @type {Map<string, Map<string, number>>} */
  #typing = new Map();
  /** @type {Map<string, Pick<UserStatus, "status" | "last_seen" | "expires_at">>} */
  #statuses = new Map();
  /** @type {Map<string, Set<string>>} */
  #viewers = new Map();
  #now;
  #lastLook = 0;

  /** @param {() => number} now */
  constructor(now) {
    this.#now = now;
  }

  /** @param {string} conversationId @param {string} userId @param {string} expiresAt */
  startTyping(conversationId, userId, expiresAt) {
    const people = this.#typing.get(conversationId) ?? new Map();
    this.#typing.set(conversationId, people.set(userId, Date.parse(expiresAt)));
  }

  /** Returns whether that was known. @param {string} conversationId @param {string} userId */
  stopTyping(conversationId, userId) {
    return this.#typing.get(conversationId)?.delete(userId) ?? false;
  }

  /** Takes who types and who looks, as of a join. @param {string} conversationId @param {Present[]} typing @param {Present[]} viewers */
  takeJoined(conversationId, typing = [], viewers = []) {
    this.#typing.set(conversationId, new Map(typing.map((one) => [one.user_id, Date.parse(one.expires_at ?? "")])));
    this.#viewers.set(conversationId, new Set(viewers.map((one) => one.user_id)));
  }

  /** @param {string} conversationId @param {string} userId @param {boolean} isHere */
  takeViewer(conversationId, userId, isHere) {
    const people = this.#viewers.get(conversationId) ?? new Set();
    this.#viewers.set(conversationId, people);
    if (isHere) people.add(userId);
    else people.delete(userId);
  }

  /** @param {string} conversationId */
  typing(conversationId) {
    return [...(this.#typing.get(conversationId) ?? [])].filter(([, at]) => at > this.#now()).map(([userId]) => userId);
  }

  /** @param {string} conversationId */
  viewers(conversationId) {
    return [...(this.#viewers.get(conversationId) ?? [])];
  }

  /** @param {UserStatus} status */
  takeStatus({ user_id, status, last_seen, expires_at }) {
    this.#statuses.set(user_id, { status, last_seen, expires_at });
  }

  /** `online` is null while nothing is known. @param {string} userId @returns {{online: boolean | null, last_seen: string | null}} */
  presence(userId) {
    const known = this.#statuses.get(userId);
    if (!known) return { online: null, last_seen: null };
    if (known.status === "online") return { online: this.#ends(known) > this.#now() || null, last_seen: null };
    return { online: false, last_seen: known.last_seen ?? null };
  }

  /** When the next of them runs out, in ms of the server's clock; null: never. */
  next() {
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const [, , at] of this.#all()) if (at > now && at < next) next = at;
    return Number.isFinite(next) ? next : null;
  }

  /** Tells what has run out since the last call. @param {{typing: Set<string>, presence: Set<string>}} changes */
  tellEnded(changes) {
    const now = this.#now();
    for (const [what, id, at] of this.#all()) if (at <= now && at > this.#lastLook) changes[what].add(id);
    for (const people of this.#typing.values()) for (const [userId, at] of people) if (at <= now) people.delete(userId);
    this.#lastLook = now;
  }

  /** @param {{expires_at?: string | null}} status */
  #ends(status) {
    return Date.parse(status.expires_at ?? "") || 0;
  }

  /** @returns {Generator<["typing" | "presence", string, number]>} */
  *#all() {
    for (const [id, people] of this.#typing) for (const at of people.values()) yield ["typing", id, at];
    for (const [id, status] of this.#statuses)
      if (status.status === "online") yield ["presence", id, this.#ends(status)];
  }
}
