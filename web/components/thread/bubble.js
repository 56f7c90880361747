/** A row of the thread: what stands above a message, and the message. */
import { avatar } from "../base/avatar.js";
import { isEmojiAlone } from "../base/emoji.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { parse, plain } from "../base/markdown.js";
import { cut } from "../base/names.js";
import { ownNode } from "../base/own.js";
import { clock, day, dayKey, exact, relative } from "../base/times.js";
import { call } from "../calls/calls.js";
import { attachments, isPicture, preview, widthOf } from "./attachments.js";
import { nameOf, systemText } from "./system.js";
import { playing } from "./voice.js";

/** @typedef {import("../base/contract.d.ts").ShownMessage} ShownMessage */
/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("./thread.js").ParleyThread} Thread */
/** @typedef {{day: string | null, isLine: boolean, isFirst: boolean, isLast: boolean}} Place */

const TOGETHER_MS = 5 * 60_000; // messages of one person within this time are one group
const LONG = { letters: 900, lines: 16 };
const FOLDED = 1200; // letters of a long text that are drawn while it is folded

/** @type {WeakMap<ShownMessage, string>} */
const days = new WeakMap();

/** @param {ShownMessage} message */
function dayOf(message) {
  let found = days.get(message);
  if (found) return found;
  found = dayKey(message.created_at);
  days.set(message, found);
  return found;
}

/** What stands above a message, and whether it begins or ends a group. @param {Thread} thread @param {readonly ShownMessage[]} messages @param {number} index @returns {Place} */
export function placeOf(thread, messages, index) {
  const message = /** @type {ShownMessage} */ (messages[index]);
  const before = messages[index - 1];
  const after = messages[index + 1];
  const isNewDay = !before || dayOf(before) !== dayOf(message);
  const isLine = thread.line !== null && message.seq === thread.line;
  return {
    day: isNewDay ? day(message.created_at, thread.reader()) : null,
    isLine,
    isFirst: isNewDay || isLine || !isTogether(before, message),
    isLast:
      !after ||
      !isTogether(message, after) ||
      dayOf(after) !== dayOf(message) ||
      (thread.line !== null && after.seq === thread.line),
  };
}

/** @param {ShownMessage | undefined} before @param {ShownMessage} after */
function isTogether(before, after) {
  return (
    before !== undefined &&
    before.sender_id === after.sender_id &&
    before.kind !== "system" &&
    after.kind !== "system" &&
    Date.parse(after.created_at) - Date.parse(before.created_at) < TOGETHER_MS
  );
}

/**
 * What a row shows follows from this and the message alone: while both stay, the row is not drawn again.
 *
 * @param {Thread} thread @param {Store} store @param {ShownMessage} message @param {Place} place @param {string} key
 */
export function memoryOf(thread, store, message, place, key) {
  const isToday = thread.today === dayOf(message);
  const quoted = message.reply_to ? thread.quoted(message.reply_to) : null;
  return [
    place.day,
    place.isLine,
    place.isFirst,
    place.isLast,
    receiptOf(store, message),
    thread.active === key,
    thread.flash === key,
    thread.unfolded.has(key),
    thread.focusKey === key,
    isToday ? thread.minute : "",
    message.attachments?.length || message.preview ? thread.files?.version : "",
    message.attachments?.length ? playing(message.attachments) : "",
    quoted ? `${quoted.change_seq} ${quoted.deleted_at}` : "",
    thread.appearance,
  ].join("\u0001");
}

/** @param {Store} store @param {ShownMessage} message */
function receiptOf(store, message) {
  if (message.pending) return message.pending.state;
  return message.sender_id === store.userId ? store["receipt"](message.conversation_id, message.seq) : "";
}

/** @param {Thread} thread @param {Store} store @param {ShownMessage} message @param {Place} place @param {string} key */
export function row(thread, store, message, place, key) {
  const isOwn = message.sender_id === store.userId;
  const isSystem = message.kind === "system";
  const name = nameOf(thread, store, message.sender_id);
  const side = isSystem ? "system" : isOwn ? "own" : "other";
  const classes = ["row", side, place.isFirst && "first", place.isLast && "last", thread.flash === key && "flash"];
  return h(
    "div",
    {
      key,
      class: classes.filter(Boolean).join(" "),
      part: `row ${side}`,
      role: "article",
      "data-key": key,
      tabindex: thread.focusKey === key ? "0" : "-1",
      "aria-label": isSystem ? thread.t("system_message") : `${name}, ${when(thread, message.created_at)}`,
    },
    place.day && h("div", { class: "day", part: "day" }, h("span", null, place.day)),
    place.isLine && h("div", { class: "line", part: "new-line" }, h("span", null, thread.t("new_messages"))),
    message.hidden
      ? null
      : isSystem
        ? system(thread, store, message)
        : line(thread, store, message, place, key, isOwn, name),
  );
}

/** @param {Thread} thread @param {Store} store @param {ShownMessage} message */
function system(thread, store, message) {
  return h(
    "p",
    { class: "event", part: "system", title: exact(message.created_at, thread.reader()) },
    systemText(thread, store, message),
    message.system?.event === "call_missed" &&
      thread.can("call") &&
      h(
        "button",
        {
          type: "button",
          class: "link",
          onclick: () => call(thread, store, message.conversation_id, message.system?.media ?? "audio"),
        },
        thread.t(message.sender_id === store.userId ? "call" : "call_back"),
      ),
  );
}

/** @param {Thread} thread @param {Store} store @param {ShownMessage} message @param {Place} place @param {string} key @param {boolean} isOwn @param {string} name */
function line(thread, store, message, place, key, isOwn, name) {
  const user = store.user(message.sender_id);
  const isFolded = thread.isBlocked(message) && !thread.unfolded.has(key);
  return h(
    "div",
    { class: "said" },
    !isOwn && (place.isFirst ? avatar(user) : h("span", { class: "gap" })),
    h(
      "div",
      { class: "stack" },
      !isOwn &&
        place.isFirst &&
        thread.hasNames &&
        h(
          "div",
          { class: "name" },
          h("bdi", { class: "cut" }, name),
          user.role && h("span", { class: "role", part: "role" }, user.role),
        ),
      isFolded ? blocked(thread, key) : bubble(thread, store, message, key, isOwn),
      !isFolded && !message.deleted_at && reactions(thread, message),
      message.pending?.state === "failed" && failed(thread, message),
    ),
    thread.active === key && !message.pending && !isFolded && toolbar(thread, message, key),
  );
}

/** @param {Thread} thread @param {string} key */
function blocked(thread, key) {
  return h(
    "div",
    { class: "bubble gone", part: "bubble" },
    icon("block"),
    h("span", null, thread.t("blocked_message")),
    h("button", { type: "button", class: "link", onclick: () => thread.unfold(key) }, thread.t("show")),
  );
}

/** @param {Thread} thread @param {Store} store @param {ShownMessage} message @param {string} key @param {boolean} isOwn */
function bubble(thread, store, message, key, isOwn) {
  if (message.deleted_at) {
    const why = message.removed ? "removed_message" : "deleted";
    return h(
      "div",
      { class: "bubble gone", part: "bubble" },
      icon("trash"),
      h("span", null, thread.t(why)),
      foot(thread, store, message, isOwn),
    );
  }
  const isJumbo = isEmojiAlone(message.text) && !message.attachments?.length && !message.reply_to;
  const isBare = isPicture(message) && !message.reply_to && !message.forwarded_from && !message.pending;
  const isForMe = !isOwn && (message.mentions ?? []).some((id) => id === store.userId || id === "*");
  const width = widthOf(message);
  const classes = [
    "bubble",
    isJumbo && "jumbo",
    isBare && "bare",
    isForMe && "for-me",
    message.pending && "pending",
    width && "pictured",
  ];
  return h(
    "div",
    {
      class: classes.filter(Boolean).join(" "),
      part: `bubble ${isOwn ? "own" : "other"}-bubble`,
      style: width ? { "--w": `${width}px` } : {},
    },
    message.forwarded_from &&
      h(
        "div",
        { class: "origin" },
        icon("forward"),
        h(
          "span",
          null,
          message.forwarded_from.sender_id === store.userId
            ? thread.t("forwarded")
            : thread.t("forwarded_from", { name: nameOf(thread, store, message.forwarded_from.sender_id) }),
        ),
      ),
    message.reply_to && quote(thread, store, message.reply_to),
    attachments(thread, message),
    preview(thread, message),
    h(
      "div",
      { class: "flow", key: "flow" },
      h("slot", { name: `message-${message.id ?? message.client_id}` }, body(thread, store, message, key)),
      foot(thread, store, message, isOwn),
    ),
  );
}

/** The host's own body, or the text. @param {Thread} thread @param {Store} store @param {ShownMessage} message @param {string} key */
function body(thread, store, message, key) {
  const about = `${key} ${message.change_seq} ${thread.language}`;
  return ownNode("body", message, about, { class: "text", part: "text" }) ?? text(thread, store, message, key);
}

/** @param {Thread} thread @param {Store} store @param {ShownMessage} message @param {string} key */
function text(thread, store, message, key) {
  const { text: whole } = message;
  if (!whole) return null;
  const isLong = whole.length > LONG.letters || whole.split("\n", LONG.lines + 1).length > LONG.lines;
  const isFolded = isLong && !thread.unfolded.has(key);
  const names = (message.mentions ?? []).flatMap((id) =>
    id === "*" ? [thread.t("everyone"), "everyone", "all"] : [store.user(id).name ?? id],
  );
  const shown = isFolded && whole.length > FOLDED ? cut(whole, FOLDED) : whole;
  return [
    h("div", { class: isFolded ? "text folded" : "text", part: "text", key: "text" }, parse(shown, { names })),
    isLong &&
      h(
        "button",
        {
          type: "button",
          class: "link fold",
          key: "fold",
          "aria-expanded": !isFolded,
          onclick: () => thread.unfold(key),
        },
        thread.t(isFolded ? "show_all" : "show_less"),
      ),
  ];
}

/** @param {Thread} thread @param {Store} store @param {string} messageId */
function quote(thread, store, messageId) {
  const quoted = thread.quoted(messageId);
  const isGone = !quoted || quoted.deleted_at || quoted.hidden;
  return h(
    "button",
    { type: "button", class: "quote", part: "quote", key: "quote", onclick: () => thread.jumpToId(messageId) },
    h(
      "b",
      { class: "cut" },
      h("bdi", null, quoted ? nameOf(thread, store, quoted.sender_id) : thread.t("earlier_message")),
    ),
    h(
      "span",
      { class: "cut" },
      h("bdi", null, isGone ? thread.t(quoted ? "deleted" : "jump_to_it") : summary(thread, quoted)),
    ),
  );
}

/** A message in one line. @param {Thread} thread @param {ShownMessage} message */
export function summary(thread, message) {
  if (message.text) return cut(plain(message.text.slice(0, 600)), 140);
  const [first, ...others] = message.attachments ?? [];
  if (message.kind === "voice") return thread.t("kind_voice");
  if (others.length) return thread.t("kind_files", { count: others.length + 1 });
  return first ? (first.kind === "file" ? first.name : thread.t(`kind_${first.kind}`)) : "";
}

/** @param {Thread} thread @param {Store} store @param {ShownMessage} message @param {boolean} isOwn */
function foot(thread, store, message, isOwn) {
  const state = receiptOf(store, message);
  const words = state && thread.t(`receipt_${state}`);
  const marks = {
    waiting: "clock",
    uploading: "clock",
    sending: "clock",
    failed: "alert",
    sent: "check",
    delivered: "checks",
    read: "checks",
  };
  const mark = /** @type {import("../base/icons.js").IconName | undefined} */ (marks[/** @type {"sent"} */ (state)]);
  return h(
    "div",
    { class: "foot", part: "foot" },
    message.pinned &&
      h(
        "span",
        { class: "mark", title: thread.t("pinned") },
        icon("pin"),
        h("span", { class: "hidden" }, thread.t("pinned")),
      ),
    message.edited_at && h("span", { title: exact(message.edited_at, thread.reader()) }, thread.t("edited")),
    h(
      "time",
      { datetime: message.created_at, title: exact(message.created_at, thread.reader()) },
      when(thread, message.created_at),
    ),
    isOwn &&
      mark &&
      h(
        "span",
        { class: `mark ${state}`, part: `receipt ${state}`, title: words },
        icon(mark),
        h("span", { class: "hidden" }, words),
      ),
  );
}

/** Recent times are told from now, older ones by the clock: their day stands above them. @param {Thread} thread @param {string} at */
function when(thread, at) {
  return dayKey(at) === thread.today ? relative(at, thread.reader()) : clock(at, thread.reader());
}

/** @param {Thread} thread @param {ShownMessage} message */
function reactions(thread, message) {
  if (!message.reactions?.length) return null;
  return h(
    "div",
    { class: "reactions", part: "reactions", key: "reactions" },
    message.reactions.map(({ emoji, count, mine }) =>
      h(
        "button",
        {
          type: "button",
          key: emoji,
          class: mine ? "mine" : null,
          part: mine ? "reaction own-reaction" : "reaction",
          "aria-pressed": mine,
          "aria-label": mine ? who(thread, emoji, count, mine) : `${emoji} ${count}`,
          title: who(thread, emoji, count, mine),
          disabled: !thread.can("react"),
          onclick: () => thread.react(message, emoji),
          oncontextmenu: (/** @type {Event} */ event) => {
            event.preventDefault();
            thread.openDialog("reactions", message);
          },
        },
        h("span", { "aria-hidden": "true" }, emoji),
        h("span", { "aria-hidden": "true" }, String(count)),
      ),
    ),
  );
}

/** @param {Thread} thread @param {string} emoji @param {number} count @param {boolean} isMine */
function who(thread, emoji, count, isMine) {
  if (!isMine) return `${emoji} ${thread.t("reacted", { count })}`;
  return `${emoji} ${count}: ${count > 1 ? thread.t("reacted_you_and", { count: count - 1 }) : thread.t("reacted_you")}`;
}

/** @param {Thread} thread @param {ShownMessage} message @param {string} key */
function toolbar(thread, message, key) {
  const isThere = !message.deleted_at;
  const button = (
    /** @type {import("../base/icons.js").IconName} */ name,
    /** @type {string} */ label,
    /** @type {(event: MouseEvent) => void} */ onclick,
  ) => h("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick }, icon(name));
  return h(
    "div",
    { class: "toolbar", part: "toolbar", role: "toolbar", "aria-label": thread.t("actions"), key: "toolbar" },
    isThere && thread.can("react") && quick(thread, message),
    isThere && thread.can("send_message") && button("reply", thread.t("reply"), () => thread.reply(message)),
    button("more", thread.t("more"), (event) => thread.openMenu(key, /** @type {Element} */ (event.currentTarget))),
  );
}

/** The reactions that are one click away. @param {Thread} thread @param {ShownMessage} message @param {() => void} [after] */
export function quick(thread, message, after) {
  return thread.quickReactions.map((emoji) => {
    const isMine = !!message.reactions?.some((one) => one.emoji === emoji && one.mine);
    return h(
      "button",
      {
        type: "button",
        class: "quick",
        key: emoji,
        "aria-pressed": isMine,
        "aria-label": thread.t("react_with", { emoji }),
        onclick: () => {
          after?.();
          void thread.react(message, emoji);
        },
      },
      emoji,
    );
  });
}

/** @param {Thread} thread @param {ShownMessage} message */
function failed(thread, message) {
  const id = message.client_id;
  return h(
    "div",
    { class: "failed", role: "alert", key: "failed" },
    h("span", null, thread.because(message.pending?.error)),
    h(
      "button",
      { type: "button", class: "link", onclick: () => thread.attempt(() => thread.store?.["retry"](id)) },
      thread.t("retry"),
    ),
    h(
      "button",
      { type: "button", class: "link", onclick: () => thread.attempt(() => thread.store?.["discard"](id)) },
      thread.t("discard"),
    ),
  );
}
