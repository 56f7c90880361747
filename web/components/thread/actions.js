/** What a person may do with a message. */

/** @typedef {import("../base/contract.d.ts").ShownMessage} ShownMessage */
/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("./thread.js").ParleyThread} Thread */

/** @param {Thread} thread @param {Store} store @param {ShownMessage} message @returns {import("../base/dialog.js").Item[]} */
export function itemsFor(thread, store, message) {
  const { t, can } = { t: thread.t.bind(thread), can: thread.can.bind(thread) };
  const isOwn = message.sender_id === store.userId;
  const isThere = !message.deleted_at && message.kind !== "system";
  const dialog = (/** @type {string} */ name) => () => thread.openDialog(name, message);
  const canDelete = isThere && ((isOwn && can("delete_own")) || can("delete_any"));
  return [
    isThere && can("send_message") && { label: t("reply"), icon: "reply", act: () => thread.reply(message) },
    isThere && { label: t("forward"), icon: "forward", act: dialog("forward") },
    isThere &&
      !!message.text && {
        label: t("copy"),
        icon: "copy",
        act: () => thread.attempt(() => navigator.clipboard.writeText(message.text)),
      },
    isThere &&
      isOwn &&
      can("edit_own") &&
      !message.forwarded_from && { label: t("edit"), icon: "edit", act: () => thread.edit(message) },
    isThere &&
      can("pin_message") && {
        label: t(message.pinned ? "unpin" : "pin"),
        icon: "pin",
        act: () => thread.attempt(() => store["pin"](message.id, !message.pinned)),
      },
    isThere && !!message.reactions?.length && { label: t("reactions"), icon: "smile", act: dialog("reactions") },
    isThere && isOwn && { label: t("message_info"), icon: "info", act: dialog("info") },
    isThere && !isOwn && { label: t("report"), icon: "flag", act: dialog("report") },
    message.kind !== "system" &&
      !message.hidden && {
        label: t("delete_for_me"),
        icon: "trash",
        act: () => thread.attempt(() => store["remove"](message.id, "me")),
      },
    canDelete && { label: t("delete_for_all"), icon: "trash", isDanger: true, act: dialog("remove") },
  ];
}
