/** The people whom the user has blocked: the rules of the guide's chapter "Blocking". */
export class Blocked {
  /** By person: the time of what was last heard, and whether they are blocked. @type {Map<string, [string, boolean]>} */
  #known = new Map();

  /** @param {string} userId */
  has(userId) {
    return this.#known.get(userId)?.[1] ?? false;
  }

  get ids() {
    return [...this.#known.keys()].filter((userId) => this.has(userId));
  }

  /** "Of two about the same person the later `at` counts". @param {string} userId @param {string} at @param {boolean} isBlocked */
  takeChange(userId, at, isBlocked) {
    if (at >= (this.#known.get(userId)?.[0] ?? "")) this.#known.set(userId, [at, isBlocked]);
  }

  /** "Replace your list by it, but keep what a `block_changed` said whose `at` is not before `as_of`". @param {string[]} userIds @param {string} asOf */
  takeAll(userIds, asOf) {
    const later = [...this.#known].filter(([, [at]]) => at >= asOf);
    this.#known = new Map([
      ...userIds.map((userId) => /** @type {[string, [string, boolean]]} */ ([userId, [asOf, true]])),
      ...later,
    ]);
  }

  record() {
    return [...this.#known];
  }

  /** @param {[string, [string, boolean]][]} record */
  restore(record) {
    this.#known = new Map(record);
  }
}
