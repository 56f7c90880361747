/** Notes, and the messages of a ticket that the agent is not in. */
import { h } from "../base/h.js";
import { parse } from "../base/markdown.js";
import { exact, relative } from "../base/times.js";
import { nameOf, systemText } from "../thread/system.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */

/** @param {Host} host @param {Store} store @param {any[] | null} messages null until they are read @param {string} name of the class */
export function said(host, store, messages, name) {
  const reader = { language: host.language, now: store.now() };
  if (!messages) return h("div", { key: "said", class: "notes" }, host.loading());
  return h(
    "ul",
    { key: "said", class: "notes", role: "list" },
    messages
      .filter((message) => !message.hidden)
      .map((message) =>
        h(
          "li",
          { key: message.id, class: name },
          h(
            "header",
            null,
            h("bdi", { class: "cut" }, nameOf(host, store, message.sender_id)),
            h(
              "time",
              { datetime: message.created_at, title: exact(message.created_at, reader) },
              relative(message.created_at, reader),
            ),
          ),
          h("div", { dir: "auto" }, words(host, store, message)),
          message.attachments?.map((/** @type {any} */ file) => h("bdi", { key: file.id, class: "soft" }, file.name)),
        ),
      ),
  );
}

/** @param {Host} host @param {Store} store @param {any} message @returns {import("../base/h.js").Content} */
function words(host, store, message) {
  if (message.system) return systemText(host, store, message);
  return message.deleted_at ? host.t("deleted") : parse(message.text);
}
