/** The history of a ticket: loaded with the first look at one. */
import { h } from "../base/h.js";
import { exact, relative } from "../base/times.js";
import { nameOf } from "../thread/system.js";
import { changed } from "./fields.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {{entries: any[], next: string | null, isLoading: boolean}} Read */

/** Reads the next page of a ticket's history. @param {Store} store @param {string} ticket_id @param {Read | null} before @returns {Promise<Read>} */
export async function readHistory(store, ticket_id, before) {
  const query = { limit: 50, ...(before?.next ? { cursor: before.next } : {}) };
  const page = await store.client.rest("GET", "/support/tickets/{ticket_id}/history", { path: { ticket_id }, query });
  return { entries: [...(before?.entries ?? []), ...page.entries], next: page.next, isLoading: false };
}

/** @param {Host} host @param {Store} store @param {Read} read @param {() => void} more reads the next page */
export function history(host, store, read, more) {
  const reader = { language: host.language, now: store.now() };
  return h(
    "div",
    { key: "history", class: "notes" },
    h(
      "ol",
      { class: "history", role: "list", "aria-label": host.t("history") },
      read.entries.map((entry) =>
        h(
          "li",
          { key: entry.number },
          h(
            "header",
            null,
            h("span", null, sentence(host, store, entry)),
            h("time", { datetime: entry.at, title: exact(entry.at, reader) }, relative(entry.at, reader)),
          ),
          Object.entries(entry.changes ?? {}).map(([field, change]) => changed(host, store, field, change)),
          (entry.note || entry.comment) && h("blockquote", { dir: "auto" }, entry.note ?? entry.comment),
        ),
      ),
    ),
    read.next && host.showMore(read.isLoading, more),
  );
}

/** @param {Host} host @param {Store} store @param {any} entry */
function sentence(host, store, entry) {
  const key = `history_${entry.event}`;
  const words = host.t(key, {
    name: nameOf(host, store, entry.user_id),
    clock: entry.clock ? host.t(`clock_${entry.clock}`) : "",
    rule: entry.rule_id ?? "",
  });
  return words === key ? entry.event : words; // a server of a later version
}
