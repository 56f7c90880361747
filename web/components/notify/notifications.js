/** A bell with a badge; its popover lists what the user was told of, and a click opens the conversation. */
import { popover } from "../base/dialog.js";
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { exact, relative } from "../base/times.js";
import { short } from "../inbox/entry.js";
import { bell } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */

/** @type {Record<string, import("../base/icons.js").IconName>} */
const ICONS = {
  message: "chat",
  mention: "at",
  missed_call: "phone",
  invitation: "group",
  reaction: "smile",
  ticket: "info",
};

/** Events: `parley-select` {conversation_id, message_seq}; without a listener that prevents it, the store selects the conversation. */
export class ParleyNotifications extends ParleyElement {
  /** @override */
  static styles = [bell];

  #isOpen = false;
  #isLoading = false;
  /** @type {string | null} of the next page; "" while none was read */
  #next = "";
  /** @type {Store | null} whose inbox was read */
  #read = null;

  /** @override */
  forget() {
    this.#isOpen = this.#isLoading = false;
    this.#next = "";
  }

  /** @override */
  signedOut() {
    return null;
  }

  /** @param {Store} store @override */
  view(store) {
    if (this.#read !== store && store.connection.status === "online") {
      this.#read = store;
      void this.#load(store);
    }
    const { unseen } = store.notifications;
    const count = unseen ?? 0;
    const label = this.t("notifications");
    return [
      h(
        "button",
        {
          key: "bell",
          type: "button",
          class: "icon bell",
          part: "bell",
          "aria-haspopup": "dialog",
          "aria-expanded": this.#isOpen,
          "aria-label": count ? `${label}, ${this.t("unseen_count", { count })}` : label,
          onclick: () => {
            this.#isOpen = !this.#isOpen;
            if (this.#isOpen) void this.#load(store);
            this.update();
          },
        },
        icon("bell"),
        count > 0 && h("span", { class: "badge", part: "badge", "data-count": short(count) }),
      ),
      this.#isOpen && this.#shown(store),
    ];
  }

  /** @param {Store} store @param {string} [cursor] */
  async #load(store, cursor) {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.update();
    const page = await this.attempt(() => store.loadNotifications(cursor));
    if (this.store !== store) return; // another person's
    this.#isLoading = false;
    if (page && (cursor || this.#next === "")) this.#next = page.next;
    this.update();
  }

  /** @param {Store} store */
  #shown(store) {
    const { all, unseen } = store.notifications;
    const next = this.#next;
    return popover(
      {
        anchor: /** @type {Element} */ (this.root.querySelector(".bell")),
        onclose: () => {
          this.#isOpen = false;
          this.update();
        },
        props: { role: "dialog", "aria-label": this.t("notifications"), tabindex: "-1", autofocus: true },
      },
      h(
        "header",
        null,
        h("h2", null, this.t("notifications")),
        (unseen ?? 0) > 0 &&
          h(
            "button",
            { type: "button", class: "link", onclick: () => void this.attempt(() => store.seeNotification()) },
            this.t("mark_all_seen"),
          ),
      ),
      this.problemBar(),
      h(
        "div",
        { class: "notices" },
        all.length
          ? h(
              "ul",
              { role: "list" },
              all.map((/** @type {any} */ notice) => this.#notice(store, notice)),
            )
          : this.#isLoading
            ? this.loading(3)
            : this.state("bell", this.t("no_notifications"), this.t("no_notifications_hint")),
        all.length > 0 &&
          next &&
          h(
            "button",
            {
              type: "button",
              class: "button wide",
              disabled: this.#isLoading,
              onclick: () => void this.#load(store, next),
            },
            this.t("show_more"),
          ),
      ),
    );
  }

  /** @param {Store} store @param {any} notice */
  #notice(store, notice) {
    const reader = { language: this.language, now: store.now() };
    return h(
      "li",
      { key: notice.id },
      h(
        "button",
        { type: "button", class: notice.seen ? "notice" : "notice new", onclick: () => this.#go(store, notice) },
        h("i", null, icon(ICONS[notice.kind] ?? "bell")),
        h("strong", { class: "cut auto", dir: "auto" }, notice.title),
        h(
          "time",
          { datetime: notice.created_at, title: exact(notice.created_at, reader) },
          relative(notice.created_at, reader),
        ),
        h("p", { class: "auto", dir: "auto" }, notice.text),
      ),
    );
  }

  /** @param {Store} store @param {any} notice */
  #go(store, notice) {
    this.#isOpen = false;
    this.update();
    if (!notice.seen) void this.attempt(() => store.seeNotification(notice.id));
    this.goTo(notice.conversation_id, Number(notice.message_id?.split(".").at(-1)) || null);
  }
}

define("parley-notifications", ParleyNotifications);
