/** A message as moderators read it: words, who wrote them and when. */
import { h } from "../base/h.js";
import { parse } from "../base/markdown.js";
import { highlighted } from "../base/names.js";
import { systemText } from "../thread/system.js";

/** @typedef {import("./kit.js").Area} Area */
/** @typedef {import("../base/h.js").Content} Content */

/**
 * @param {Area} area
 * @param {any} message
 * @param {{isMarked?: boolean, mark?: string, attachments?: Content, highlights?: [number, number][]}} [more] `mark` says why it stands out
 */
export function said(area, message, { isMarked = false, mark, attachments, highlights } = {}) {
  return h(
    "li",
    { key: message.id, class: isMarked ? "reported" : null },
    h(
      "header",
      null,
      h("bdi", { class: "cut" }, area.name(message.sender_id)),
      isMarked && mark && h("span", { class: "soft" }, mark),
      message.created_at && area.moment(message.created_at),
    ),
    h("div", { dir: "auto" }, content(area, message, highlights)),
    attachments ??
      message.attachments?.map((/** @type {any} */ file) => h("bdi", { key: file.id, class: "soft" }, file.name)),
  );
}

/** @param {Area} area @param {any} message @param {[number, number][] | undefined} highlights @returns {Content} */
function content(area, message, highlights) {
  if (message.system) return systemText(area.host, area.store, message);
  if (message.removed) return h("span", { class: "gone" }, area.t("removed_message"));
  if (message.deleted_at) return h("span", { class: "gone" }, area.t("deleted"));
  if (!message.text) return null;
  return highlights?.length ? highlighted(message.text, highlights, 120) : parse(message.text);
}
