/** What the last message of a conversation says, in one line. */
import { plain } from "../base/markdown.js";
import { cut } from "../base/names.js";
import { nameOf, systemText } from "../thread/system.js";

/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/contract.d.ts").ShownConversation} ShownConversation */
/** @typedef {{icon: import("../base/icons.js").IconName | null, text: string, from: string | null}} Preview `from`: who wrote it, if that is to be shown */

const LONGEST = 120;
/** @type {Record<string, import("../base/icons.js").IconName>} */
const ICONS = { image: "image", video: "video", audio: "mic", voice: "mic", file: "file" };

/**
 * @param {Host} host
 * @param {Store} store
 * @param {ShownConversation} conversation
 * @returns {Preview}
 */
export function previewOf(host, store, conversation) {
  const message = /** @type {any} */ (conversation.last_message);
  /** @type {Preview} */
  const preview = { icon: null, text: "", from: null };
  if (!message || message.hidden) return preview;
  if (message.system) return { ...preview, text: cut(systemText(host, store, message), LONGEST) };
  const isOwn = message.sender_id === store.userId;
  if (isOwn) preview.from = host.t("you");
  else if (conversation.type !== "direct") preview.from = nameOf(host, store, message.sender_id);
  if (message.deleted_at) return { ...preview, icon: "trash", text: host.t("deleted") };
  if (message.blocked) return { ...preview, icon: "block", text: host.t("blocked_message") };
  const text = cut(plain(message.text ?? ""), LONGEST);
  const files = message.attachments;
  if (!files) return { ...preview, text };
  const kind = message.kind === "voice" ? "voice" : files.kind;
  const words =
    files.count > 1
      ? host.t("kind_files", { count: files.count })
      : kind === "file" && files.name
        ? cut(files.name, 60)
        : host.t(`kind_${kind}`);
  return { ...preview, icon: ICONS[kind] ?? "file", text: text || words };
}
