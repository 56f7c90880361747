/** A message as a device holds it: the rules of the guide's chapter "Changes". */

/** @typedef {import("../wire.d.ts").components["schemas"]["Message"]} Message */
/** @typedef {import("../wire.d.ts").components["schemas"]["ListedMessage"]} ListedMessage */
/** @typedef {{message: Message, isCut: boolean, knowsMine: boolean, readAt: number, mine: string[], own: [string, [number, boolean]][], named?: string[] | null}} MessageRecord */

const LISTED = /** @type {const} */ ([
  "id",
  "seq",
  "sender_id",
  "kind",
  "custom_type",
  "created_at",
  "change_seq",
  "deleted_at",
]);
/** Characters of a notification's text, and of a text in a list. */
const CUT_AT = 100;

/** Cuts between characters, as the server counts them: code points. @param {string} text @param {number} count */
export const cut = (text, count) =>
  text.length > count ? [...text.slice(0, 2 * count)].slice(0, count).join("") : text;

/** Says whether a notification's text may be a part of the message's. @param {string} text */
export const mayBeCut = (text) => text.length >= CUT_AT && [...text].length >= CUT_AT;

/** Says whether this is a message at all. @param {any} one @returns {one is Message} */
export const isMessage = (one) =>
  Number.isInteger(one?.seq) && Number.isInteger(one.change_seq) && typeof one.sender_id === "string";

/**
 * The newest version of a message, and which reactions are the user's own.
 *
 * `isCut`: the text is a notification's. `knowsMine`: it was read whole, or has been followed from its beginning.
 */
export class HeldMessage {
  /** The `change_seq` of the version of which `mine` is known. */
  #readAt;
  /** @type {Set<string>} */
  #mine = new Set();
  /** By emoji, of events: the `change_seq`, and whether the reaction was added. @type {Map<string, [number, boolean]>} */
  #own = new Map();
  /** @type {Message | null} */
  #shown = null;
  /** Whom the newest version mentions; null if that is not known, because it was read while it was hidden. @type {string[] | null} */
  named;

  /** @param {Message} message @param {boolean} isCut @param {boolean} knowsMine */
  constructor(message, isCut, knowsMine) {
    this.message = message;
    this.isCut = isCut;
    this.knowsMine = knowsMine || !message.reactions?.length;
    this.#readAt = message.change_seq;
    if (knowsMine) this.#mine = mineOf(message);
    this.named = namedIn(message);
  }

  /** @param {MessageRecord} record */
  static from(record) {
    const held = new HeldMessage(record.message, record.isCut, record.knowsMine);
    held.#readAt = record.readAt;
    held.#mine = new Set(record.mine);
    held.#own = new Map(record.own);
    held.named ??= record.named ?? null;
    return held;
  }

  /** @returns {MessageRecord} */
  record() {
    const { message, isCut, knowsMine, named } = this;
    return { message, isCut, knowsMine, named, readAt: this.#readAt, mine: [...this.#mine], own: [...this.#own] };
  }

  /** Whether nothing of it has to be read again to show it. */
  get isWhole() {
    return !this.isCut && this.knowsMine;
  }

  /** Takes the message as the user sees it: from history, `sync` or the answer to a request. @param {Message} message */
  takeRead(message) {
    if (message.change_seq >= this.message.change_seq) {
      this.#readAt = message.change_seq;
      this.#mine = mineOf(message);
      this.knowsMine = true;
    }
    this.#take(message, false, true, true);
  }

  /**
   * Takes the message of an event: without `mine`.
   *
   * @param {Message} message
   * @param {boolean} isCut
   * @param {boolean} restores whether the event may bring back what a moderator has removed
   */
  takeEvent(message, isCut, restores) {
    this.#take(message, isCut, false, restores);
  }

  /** @param {string} emoji @param {number} changeSeq @param {boolean} isOn */
  takeOwnReaction(emoji, changeSeq, isOn) {
    if (changeSeq > (this.#own.get(emoji)?.[0] ?? 0)) this.#own.set(emoji, [changeSeq, isOn]);
    this.#shown = null;
  }

  /** @param {Message} next @param {boolean} isCut @param {boolean} isRead @param {boolean} restores */
  #take(next, isCut, isRead, restores) {
    const old = this.message;
    const isLater = next.change_seq > old.change_seq;
    const isNews = isLater || (next.change_seq === old.change_seq && (isRead || (this.isCut && !isCut)));
    const hidden = old.hidden || next.hidden;
    let newest = isNews ? next : old;
    if (isNews) this.isCut = isCut;
    // Events about a hidden message still say whom it mentions; what is read of it does not.
    if (isLater || (next.change_seq === old.change_seq && !next.hidden)) this.named = namedIn(next);
    // "A version with `deleted_at` wins over one without, whatever the `change_seq`"; only a moderator's removal can be taken back.
    const tombstone = old.deleted_at ? old : next.deleted_at ? next : null;
    const isRestored = restores && isLater && old.removed && !hidden;
    if (tombstone && !newest.deleted_at && !isRestored) {
      this.isCut = false;
      newest = { ...tombstone, change_seq: newest.change_seq };
    }
    this.message = newest.hidden === hidden ? newest : { ...newest, hidden };
    this.#shown = null;
  }

  /** The message as the user sees it; the same object until it changes. @param {boolean} isBlocked */
  shown(isBlocked) {
    const { message } = this;
    const blocked = isBlocked && message.kind !== "system";
    if (this.#shown?.blocked === blocked) return this.#shown;
    const reactions = message.reactions?.map((one) => ({ ...one, mine: this.#isMine(one.emoji) })) ?? [];
    this.#shown = { ...message, reactions, blocked };
    return this.#shown;
  }

  /** What a list of conversations shows of it. @param {boolean} isBlocked @returns {ListedMessage} */
  listed(isBlocked) {
    const { message } = this;
    const listed = /** @type {any} */ ({});
    for (const name of LISTED) listed[name] = message[name];
    return {
      ...listed,
      text: cut(message.text ?? "", CUT_AT),
      attachments: attachmentsListed(message.attachments ?? []),
      system: noteListed(message.system),
      blocked: isBlocked && message.kind !== "system",
    };
  }

  /** @param {string} emoji */
  #isMine(emoji) {
    const [changeSeq, isOn] = this.#own.get(emoji) ?? [0, false];
    return changeSeq > this.#readAt ? isOn : this.#mine.has(emoji);
  }
}

/** @param {Message} message */
const mineOf = (message) => new Set(message.reactions?.filter((one) => one.mine).map((one) => one.emoji));

/** @param {Message["attachments"]} attachments @returns {ListedMessage["attachments"]} */
function attachmentsListed([first, ...rest]) {
  if (!first) return null;
  const kind = rest.every((one) => one.kind === first.kind) ? first.kind : "file";
  return { count: rest.length + 1, kind, name: cut(first.name, 60) };
}

/** @param {Message["system"]} note @returns {ListedMessage["system"]} */
function noteListed(note) {
  if (!note) return null;
  const people = note.user_ids ?? [];
  return {
    ...note,
    ...(people.length ? { user_ids: people.slice(0, 3) } : {}),
    ...(people.length > 3 ? { user_count: people.length } : {}),
    ...(note.title ? { title: cut(note.title, CUT_AT) } : {}),
  };
}

/** @param {Message} message */
function namedIn({ hidden, mentions }) {
  return hidden ? null : (mentions ?? []);
}
