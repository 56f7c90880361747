/** An entry of the list: who it is with, what was said last, and what is new. */
import { avatar } from "../base/avatar.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { exact, relative } from "../base/times.js";
import { nameOf } from "../thread/system.js";
import { previewOf } from "./preview.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/contract.d.ts").ShownConversation} ShownConversation */

const MOST_SHOWN = 99;

/** The avatar of a conversation: its picture, the other person's, or its initials. @param {ShownConversation} conversation @param {import("../base/h.js").Props} [props] */
export function face(conversation, props) {
  const { id, other, title_shown: name } = conversation;
  const { picture } = /** @type {any} */ (conversation);
  return avatar(other && !picture ? other : { id: other?.id ?? id, name, avatar_url: picture }, props);
}

/** @param {ShownConversation} conversation @param {number} now */
export function isMuted(conversation, now) {
  const until = conversation.settings.muted_until;
  return !!until && Date.parse(until) > now;
}

/** Marks of a person who is there. @param {boolean} isOnline @param {string} label */
export function dot(isOnline, label) {
  return isOnline && h("span", { class: "dot", part: "online", role: "img", "aria-label": label });
}

/** The number on a badge, as short as it can be. @param {number} count */
export function short(count) {
  return count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count);
}

/**
 * @param {import("./inbox.js").ParleyInbox} host
 * @param {Store} store
 * @param {ShownConversation} conversation
 * @param {{isCurrent: boolean, isReached: boolean, index: number, count: number}} place `isReached`: Tab comes to this entry; others than those near the
 *   screen are not in the document, so each says which of how many it is
 */
export function entry(host, store, conversation, { isCurrent, isReached, index, count }) {
  const { id, title_shown: title, other, unread } = conversation;
  const now = store.now();
  const muted = isMuted(conversation, now);
  const at = conversation.last_message?.created_at ?? conversation.created_at;
  const reader = { language: host.language, now };
  const isOnline = !!other && store.presence(other.id).online === true;
  const classes = ["entry", isCurrent && "current", unread > 0 && "unread", muted && "muted"];
  return h(
    "li",
    {
      key: id,
      class: classes.filter(Boolean).join(" "),
      part: isCurrent ? "entry current" : "entry",
      "data-id": id,
      "aria-posinset": index + 1,
      "aria-setsize": count,
    },
    h(
      "button",
      {
        type: "button",
        class: "open",
        tabindex: isReached ? "0" : "-1",
        "aria-current": isCurrent ? "true" : null,
        onclick: () => host.choose(id),
        onfocus: () => host.reach(id),
        oncontextmenu: (/** @type {MouseEvent} */ event) => host.openMenu(event, id),
        ...host.longPress(id),
      },
      h("span", { class: "face" }, face(conversation), dot(isOnline, host.t("online"))),
      h(
        "span",
        { class: "lines" },
        h(
          "span",
          { class: "top" },
          h("span", { class: "title cut auto", dir: "auto" }, title),
          conversation.title && other?.name && h("bdi", { class: "soft cut with" }, other.name),
          muted && icon("mute", "mark"),
          muted && h("span", { class: "hidden" }, host.t("muted")),
          conversation.settings.pinned && icon("pin", "mark"),
          conversation.settings.pinned && h("span", { class: "hidden" }, host.t("pinned")),
          h("time", { datetime: at, title: exact(at, reader) }, relative(at, reader)),
        ),
        h(
          "span",
          { class: "bottom" },
          lastLine(host, store, conversation),
          conversation.unread_mentions > 0 &&
            h("span", { class: "badge at", part: "mention", role: "img", "aria-label": host.t("mentioned") }, "@"),
          unread > 0 &&
            h(
              "span",
              { class: "badge", part: "badge" },
              h("span", { "aria-hidden": "true" }, short(unread)),
              h("span", { class: "hidden" }, host.t("unread_count", { count: unread })),
            ),
        ),
      ),
    ),
    !id.startsWith("to:") &&
      h(
        "button",
        {
          type: "button",
          class: "icon menu-button",
          tabindex: isReached ? "0" : "-1",
          "aria-label": host.t("actions_of", { name: title }),
          "aria-haspopup": "menu",
          onclick: (/** @type {MouseEvent} */ event) => host.openMenu(event, id),
        },
        icon("more"),
      ),
  );
}

/** Who types, a draft, or the last message. @param {import("./inbox.js").ParleyInbox} host @param {Store} store @param {ShownConversation} conversation */
function lastLine(host, store, conversation) {
  const { id, draft } = conversation;
  const typing = store.typing(id);
  if (typing.length) {
    const name = conversation.type === "direct" ? "" : nameOf(host, store, /** @type {string} */ (typing[0]));
    return h("span", { class: "said cut typing" }, name && h("bdi", null, name), name && " ", host.t("typing"));
  }
  if (draft && store.current !== id)
    return h(
      "span",
      { class: "said" },
      h("span", { class: "from draft" }, host.t("draft")),
      h("span", { class: "cut auto", dir: "auto" }, draft.slice(0, 200)),
    );
  const preview = previewOf(host, store, conversation);
  return h(
    "span",
    { class: "said" },
    receipt(store, conversation),
    preview.icon && icon(preview.icon, "mark"),
    preview.from && h("span", { class: "from cut" }, h("bdi", null, preview.from), ":"),
    h("span", { class: "cut auto", dir: "auto" }, preview.text),
  );
}

/** The ticks of the user's own last message in a direct conversation. @param {Store} store @param {ShownConversation} conversation */
function receipt(store, conversation) {
  const last = conversation.last_message;
  if (!last || conversation.type !== "direct" || last.sender_id !== store.userId || last.system || last.deleted_at)
    return null;
  if ("pending" in last) return icon("clock", "mark");
  const state = store.receipt(conversation.id, last.seq);
  return icon(state === "sent" ? "check" : "checks", state === "read" ? "mark read" : "mark");
}
