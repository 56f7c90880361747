/** The user's inbox of notifications, as far as it was read, and what has come since. */

/** @typedef {import("../wire.d.ts").components["schemas"]["Notification"]} Notice */
/** @typedef {import("../wire.d.ts").components["schemas"]["NotificationList"]} NoticeList */

export class Notices {
  /** @type {Map<string, Notice>} */
  #known = new Map();
  /** How many the user has not seen; null while the inbox was not read. @type {number | null} */
  unseen = null;

  /** The newest first. */
  get all() {
    return [...this.#known.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  /** "Of two with the same `id` the later one counts". @param {Notice} notice */
  take(notice) {
    const isNew = !notice.seen && this.#known.get(notice.id)?.seen !== false;
    this.#known.set(notice.id, notice);
    if (isNew && this.unseen !== null) this.unseen++;
  }

  /** @param {NoticeList} page @param {boolean} isFirst */
  takePage(page, isFirst) {
    const since = page.notifications[0]?.created_at ?? "";
    if (isFirst) this.#known = new Map([...this.#known].filter(([, one]) => one.created_at > since));
    for (const one of page.notifications) this.#known.set(one.id, one);
    if (page.unseen != null) this.unseen = page.unseen;
  }

  /** @param {(notice: Notice) => boolean} isSeen */
  see(isSeen) {
    let count = 0;
    for (const one of this.#known.values()) {
      if (one.seen || !isSeen(one)) continue;
      this.#known.set(one.id, { ...one, seen: true });
      count++;
    }
    if (count && this.unseen !== null) this.unseen = Math.max(0, this.unseen - count);
    return count > 0;
  }

  /** The user has read a conversation up to there; "a reaction is not read that way". @param {string} conversationId @param {number} seq */
  read(conversationId, seq) {
    return this.see(
      (one) =>
        one.conversation_id === conversationId &&
        one.kind !== "reaction" &&
        Number(one.message_id?.split(".").at(-1) ?? 0) <= seq,
    );
  }
}
