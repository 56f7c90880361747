/** What a system message tells, as a sentence. */

/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/contract.d.ts").ShownMessage} ShownMessage */

/** @param {Host} host @param {Store} store @param {ShownMessage} message */
export function systemText(host, store, message) {
  const { system } = message;
  if (!system) return message.text;
  const { event, user_ids = [], title, count, role } = system;
  // "You" takes another form of the verb in most languages: there the reader's name stands.
  const name = (/** @type {string} */ id) =>
    (!/^en\b/i.test(host.language) && store.user(id).name) || nameOf(host, store, id);
  const names = user_ids.slice(0, 3).map(name);
  const more = user_ids.length - names.length;
  const list = new Intl.ListFormat(host.language, { type: "conjunction" }).format(names);
  const whom = more > 0 ? host.t("and_more", { names: list, count: more }) : list;
  const who = name(message.sender_id);
  const { assignee_id, status, rating } = system.changes ?? {};
  if (assignee_id?.to) return host.t("note_ticket_assigned", { whom: name(assignee_id.to) });
  if (status?.to) return host.t("note_ticket_status", { who, title: host.t(`status_${status.to}`) });
  if (rating?.to) return host.t("note_ticket_rated", { who, title: rating.to });
  const isUnanswered = event === "call_missed" && message.sender_id === store.userId;
  return host.t(isUnanswered ? "note_call_unanswered" : `note_${event}`, {
    who,
    whom,
    title: title ?? "",
    count: count ?? user_ids.length,
    role: role ? host.t(`role_${role}`) : "",
  });
}

/** Returns a person's name, "You" for the reader. @param {Host} host @param {Store} store @param {string} userId */
export function nameOf(host, store, userId) {
  if (userId === store.userId) return host.t("you");
  if (/^(~parley\.)?erased-/.test(userId)) return host.t("erased");
  return store.user(userId).name || userId;
}
