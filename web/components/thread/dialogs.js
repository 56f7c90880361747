/** The dialogs about a message, loaded when the first one is opened. */
import { avatar } from "../base/avatar.js";
import { modal } from "../base/dialog.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { exact } from "../base/times.js";
import { nameOf } from "./system.js";

/** @typedef {import("../base/contract.d.ts").ShownMessage} ShownMessage */
/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("./thread.js").ParleyThread} Thread */
/** @typedef {{message: ShownMessage, [detail: string]: any}} Over */

const REASONS = ["spam", "harassment", "hate", "violence", "sexual", "self_harm", "illegal", "other"];

/** @param {Thread} thread @param {string} title @param {import("../base/h.js").Content} footer @param {...import("../base/h.js").Content} body */
function dialog(thread, title, footer, ...body) {
  return modal({ title, close: thread.t("close"), onclose: thread.hide, footer }, body);
}

/** @param {Thread} thread */
function cancel(thread) {
  return h("button", { type: "button", class: "button", onclick: thread.hide }, thread.t("cancel"));
}

/** @param {Thread} thread @param {Over} over @param {() => unknown} act */
async function done(thread, over, act) {
  thread.show({ ...over, kind: "dialog", isBusy: true });
  await thread.attempt(act);
  thread.hide();
}

/** @param {Thread} thread @param {Store} store @param {Over} over */
function remove(thread, store, over) {
  const act = () => done(thread, over, () => store["remove"](over.message.id, "everyone"));
  return dialog(
    thread,
    thread.t("delete_for_all"),
    [
      cancel(thread),
      h(
        "button",
        { type: "button", class: "button danger", autofocus: true, disabled: over["isBusy"], onclick: act },
        icon("trash"),
        thread.t("delete"),
      ),
    ],
    h("p", null, thread.t("delete_ask")),
  );
}

/** @param {Thread} thread @param {Store} store @param {Over} over */
function report(thread, store, over) {
  if (over["isSent"])
    return dialog(
      thread,
      thread.t("report"),
      h("button", { type: "button", class: "button main", autofocus: true, onclick: thread.hide }, thread.t("close")),
      h("p", { role: "status" }, thread.t("report_sent")),
    );
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const note = String(data.get("note") ?? "").trim();
    const sent = await thread.attempt(() =>
      store["report"](over.message.id, { reason: String(data.get("reason")), ...(note && { note }) }),
    );
    if (sent === undefined && thread.problem) thread.hide();
    else thread.show({ ...over, kind: "dialog", isSent: true });
  };
  return dialog(
    thread,
    thread.t("report"),
    [cancel(thread), h("button", { type: "submit", form: "report", class: "button main" }, thread.t("report"))],
    h(
      "form",
      { id: "report", onsubmit: submit },
      h(
        "fieldset",
        { class: "choices" },
        h("legend", null, thread.t("reason")),
        REASONS.map((reason, index) =>
          h(
            "label",
            { key: reason },
            h("input", {
              type: "radio",
              name: "reason",
              value: reason,
              required: true,
              checked: index === 0 ? true : undefined,
            }),
            h("span", null, thread.t(`reason_${reason}`)),
          ),
        ),
      ),
      h(
        "label",
        null,
        h("span", { class: "soft" }, thread.t("report_note")),
        h("textarea", { class: "field", name: "note", rows: "3", maxlength: "1000" }),
      ),
    ),
  );
}

/** @param {Thread} thread @param {Store} store @param {Over} over */
function info(thread, store, over) {
  const { message } = over;
  if (!over["asked"]) {
    over["asked"] = true;
    void thread
      .attempt(() => store["receipts"](message.id))
      .then(
        (answer) =>
          thread.over?.["message"] === message &&
          thread.show({ ...over, kind: "dialog", receipts: answer?.receipts ?? [] }),
      );
  }
  const time = (/** @type {string | null | undefined} */ at) => exact(at, thread.reader());
  const rows = (over["receipts"] ?? []).map((/** @type {any} */ receipt) =>
    h(
      "li",
      { key: receipt.user_id },
      avatar(store.user(receipt.user_id)),
      h(
        "div",
        { class: "titles" },
        h("b", { class: "cut" }, h("bdi", null, nameOf(thread, store, receipt.user_id))),
        receipt.played_at && h("span", { class: "soft" }, thread.t("played_at", { time: time(receipt.played_at) })),
        receipt.read_at && h("span", { class: "soft" }, thread.t("read_at", { time: time(receipt.read_at) })),
        receipt.delivered_at
          ? h("span", { class: "soft" }, thread.t("delivered_at", { time: time(receipt.delivered_at) }))
          : h("span", { class: "soft" }, thread.t("not_delivered")),
      ),
      icon(receipt.delivered_at ? "checks" : "check", receipt.read_at ? "accent" : "soft"),
    ),
  );
  return dialog(
    thread,
    thread.t("message_info"),
    null,
    h("p", { class: "soft" }, thread.t("sent_at", { time: time(message.created_at) })),
    over["receipts"] ? h("ul", { class: "people" }, rows) : thread.loading(3),
  );
}

/** The people who reacted, page after page until there are some. @param {Thread} thread @param {Store} store @param {Over} over */
function reactions(thread, store, over) {
  const { message } = over;
  const more = async () => {
    /** @type {any[]} */
    const found = [...(over["found"] ?? [])];
    const before = found.length;
    /** @type {string | null} */
    let next = over["next"] ?? null;
    do {
      const cursor = next;
      const page = await thread.attempt(() => store["reactions"](message.id, cursor));
      if (!page || thread.over?.["message"] !== message) return;
      found.push(...page.reactions);
      next = page.next;
    } while (next && found.length === before); // a page of a large group can be empty
    thread.show({ ...over, kind: "dialog", found, next });
  };
  if (!over["asked"]) {
    over["asked"] = true;
    void more();
  }
  const rows = (over["found"] ?? []).map((/** @type {any} */ one) =>
    h(
      "li",
      { key: `${one.user_id} ${one.emoji}` },
      avatar(store.user(one.user_id)),
      h(
        "div",
        { class: "titles" },
        h("b", { class: "cut" }, h("bdi", null, nameOf(thread, store, one.user_id))),
        h("span", { class: "soft" }, exact(one.reacted_at, thread.reader())),
      ),
      h("span", { class: "emoji" }, one.emoji),
    ),
  );
  return dialog(
    thread,
    thread.t("reactions"),
    over["next"] && h("button", { type: "button", class: "button", onclick: more }, thread.t("more")),
    over["found"] ? h("ul", { class: "people" }, rows) : thread.loading(3),
  );
}

/** @param {Thread} thread @param {Store} store @param {Over} over */
function forward(thread, store, over) {
  /** @type {Set<string>} */
  const chosen = over["chosen"] ?? new Set();
  const most = store["sizes"]?.max_forward_conversations ?? 20;
  const change = (/** @type {object} */ detail) => thread.show({ ...over, kind: "dialog", ...detail });
  const toggle = (/** @type {string} */ id) => {
    const next = new Set(chosen);
    if (!next.delete(id) && next.size < most) next.add(id);
    change({ chosen: next });
  };
  const send = async () => {
    change({ isBusy: true });
    const answer = await thread.attempt(() => store["forward"](over.message.id, [...chosen]));
    if (answer?.failed?.length) {
      thread.problem = answer.failed[0];
      thread.update();
    }
    thread.hide();
  };
  const all = store
    .conversations({ q: over["q"] ?? "" })
    .filter((one) => one.capabilities.includes("send_message"))
    .slice(0, 60);
  return dialog(
    thread,
    thread.t("forward_to"),
    [
      cancel(thread),
      h(
        "button",
        { type: "button", class: "button main", disabled: chosen.size === 0 || !!over["isBusy"], onclick: send },
        icon("forward"),
        thread.t("forward"),
        chosen.size > 0 && ` (${chosen.size})`,
      ),
    ],
    h("input", {
      class: "field",
      type: "search",
      autofocus: true,
      "aria-label": thread.t("search"),
      placeholder: thread.t("search"),
      value: over["q"] ?? "",
      oninput: (/** @type {InputEvent} */ event) => change({ q: /** @type {HTMLInputElement} */ (event.target).value }),
    }),
    h(
      "ul",
      { class: "people pick" },
      all.map((one) =>
        h(
          "li",
          { key: one.id },
          h(
            "label",
            null,
            h("input", { type: "checkbox", checked: chosen.has(one.id), onchange: () => toggle(one.id) }),
            avatar(one.other ?? { id: one.id, name: one.title_shown, avatar_url: /** @type {any} */ (one).picture }),
            h("span", { class: "cut" }, h("bdi", null, one.title_shown)),
          ),
        ),
      ),
    ),
    all.length === 0 && h("p", { class: "soft" }, thread.t("no_results")),
  );
}

/** @param {Thread} thread @param {Store} _store @param {Over} over */
function picture(thread, _store, over) {
  const pictures = over.message.attachments.filter(({ kind, expired }) => kind === "image" && !expired);
  const attachment = /** @type {import("../base/contract.d.ts").Attachment} */ (over["attachment"]);
  const index = pictures.findIndex(({ id }) => id === attachment.id);
  const urls = thread.files?.urls(attachment.id);
  if (over["fresh"] !== attachment.id) {
    over["fresh"] = attachment.id;
    void thread.attempt(() => thread.files?.fresh(attachment.id)).then(() => thread.update());
  }
  const go = (/** @type {number} */ step) => {
    const next = pictures[(index + step + pictures.length) % pictures.length];
    if (next) thread.show({ ...over, kind: "dialog", attachment: next });
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const forward = thread.matches(":dir(rtl)") ? "ArrowLeft" : "ArrowRight";
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") go(event.key === forward ? 1 : -1);
  };
  return modal(
    { title: attachment.name, close: thread.t("close"), onclose: thread.hide, class: "viewer", key: "viewer" },
    h(
      "div",
      { class: "stage", onkeydown: keys },
      urls ? h("img", { key: attachment.id, src: urls.url, alt: attachment.name }) : h("span", { class: "spinner" }),
      h(
        "div",
        { class: "tools" },
        pictures.length > 1 &&
          h(
            "button",
            { type: "button", class: "icon mirrored", "aria-label": thread.t("previous"), onclick: () => go(-1) },
            icon("back"),
          ),
        h(
          "button",
          {
            type: "button",
            class: "icon",
            autofocus: true,
            "aria-label": thread.t("download"),
            onclick: () => thread.download(attachment),
          },
          icon("download"),
        ),
        pictures.length > 1 &&
          h(
            "button",
            { type: "button", class: "icon mirrored turned", "aria-label": thread.t("next"), onclick: () => go(1) },
            icon("back"),
          ),
      ),
    ),
  );
}

export const dialogs = { remove, report, info, reactions, forward, picture };
