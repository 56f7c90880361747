/** Which messages a person wants to be disturbed by, and what a banner says of one. */
import { languageOf, loadWords, say } from "../base/languages.js";
import { previewOf } from "../inbox/preview.js";
import { nameOf } from "../thread/system.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */

const BEGIN_MS = 1000; // the page shows itself first
/** @type {WeakSet<Store>} */
const begun = new WeakSet();

/** Loads the sounds and notifications of a store, once. @param {Store} store */
export function begin(store) {
  if (begun.has(store)) return;
  begun.add(store);
  // Without them the page is as good, only silent. It gets what the page has loaded already: a module that both import is a file more.
  setTimeout(
    () => import("./alerts.js").then(({ watch }) => watch(store, { mayTell, isMentioned, bannerOf })).catch(() => {}),
    BEGIN_MS,
  );
}

/** @param {Store} store @param {any} message */
export function mayTell(store, message) {
  const conversation = store.conversation(message.conversation_id);
  const { muted_until, notifications } = conversation?.settings ?? {};
  if (conversation?.archived || message.blocked) return false;
  if (muted_until && Date.parse(muted_until) > store["now"]()) return false;
  return notifications !== "none" && (notifications !== "mentions" || isMentioned(store, message));
}

/** @param {Store} store @param {any} message @returns {boolean} */
export function isMentioned(store, message) {
  return !!message.mentions?.some((/** @type {string} */ one) => one === "*" || one === store["userId"]);
}

/** @param {Store} store @param {any} message of the wire, with its files as a list */
export async function bannerOf(store, message) {
  const lang = languageOf(document.documentElement);
  await loadWords(lang);
  /** @type {any} */
  const host = { language: lang, t: (/** @type {string} */ key, /** @type {any} */ values) => say(lang, key, values) };
  const conversation = store.conversation(message.conversation_id);
  const { from, text } = previewOf(host, store, withLast(/** @type {any} */ (conversation ?? {}), message));
  return {
    lang,
    title: conversation?.title_shown ?? nameOf(host, store, message.sender_id),
    text: from ? `${from}: ${text}` : text,
    hidden: host.t("new_messages"),
  };
}

/** A conversation as the list has it, with this as its last message. @param {import("../base/contract.d.ts").ShownConversation} conversation @param {any} message */
export function withLast(conversation, message) {
  const files = message.attachments;
  const attachments = Array.isArray(files)
    ? files.length
      ? { count: files.length, kind: files[0].kind, name: files[0].name }
      : null
    : files;
  return { ...conversation, last_message: { ...message, attachments } };
}
