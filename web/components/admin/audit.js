/** The audit log: what moderators have done and read, the newest first. */
import { h } from "../base/h.js";
import { Area, Paged } from "./kit.js";

export const ACTIONS = [
  "suspend_user",
  "lift_suspension",
  "warn_user",
  "resolve_report",
  "remove_message",
  "remove_messages",
  "restore_message",
  "expel_member",
  "mute_member",
  "unmute_member",
  "set_conversation_state",
  "put_banned_words",
  "try_banned_words",
  "read_report",
  "read_conversation",
  "read_messages",
  "read_edits",
  "read_notification_trace",
  "list_conversations",
  "list_tickets",
  "search_messages",
  "export_search",
  "export_conversation",
  "erase_user",
  "create_webhook",
  "update_webhook",
  "delete_webhook",
  "rotate_webhook_secret",
  "test_webhook",
  "replay_delivery",
  "replay_deliveries",
];

export class Audit extends Area {
  #action = "";
  #from = "";
  /** @type {string | null} */
  #actor = null;
  #list = this.#listed();

  #listed() {
    return new Paged(
      this.host,
      (query) =>
        this.rest("GET", "/admin/audit", {
          query: {
            ...query,
            limit: 50,
            ...(this.#action ? { action: this.#action } : {}),
            ...(this.#from ? { from: this.#from } : {}),
            ...(this.#actor ? { actor: this.#actor } : {}),
          },
        }),
      (page) => page.entries,
    );
  }

  /** @override */
  start() {
    void this.#list.load();
  }

  #filter() {
    this.#list = this.#listed();
    void this.#list.load();
  }

  /** @override */
  view() {
    const actions = ACTIONS.map((one) => /** @type {[string, string]} */ ([one, this.t(`audit_${one}`)]));
    return [
      h(
        "div",
        { class: "tools", key: "tools" },
        this.someone(this.t("actor"), this.#actor, (id) => {
          this.#actor = id;
          this.#filter();
        }),
        this.select(this.t("audit_action"), this.#action, [["", this.t("all")], ...actions], (value) => {
          this.#action = value;
          this.#filter();
        }),
        this.input(
          this.t("from"),
          this.#from,
          (value) => {
            this.#from = value;
            this.#filter();
          },
          { type: "date" },
        ),
        h(
          "span",
          { class: "end" },
          this.refresh(() => this.#list.load()),
        ),
      ),
      this.#list.view(
        (rows) => this.#table(rows),
        () => this.host.state("clock", this.t("no_audit"), this.t("no_audit_hint")),
      ),
    ];
  }

  /** @param {any[]} rows */
  #table(rows) {
    return this.table(
      this.t("area_audit"),
      [
        { label: this.t("at"), cell: (entry) => this.moment(entry.at) },
        { label: this.t("actor"), cell: (entry) => this.who(entry.actor_id) },
        { label: this.t("audit_action"), cell: (entry) => this.t(`audit_${entry.action}`) },
        { label: this.t("target"), cell: (entry) => this.#target(entry.target) },
        { label: this.t("details"), cell: (entry) => this.#details(entry.details) },
      ],
      rows,
      (entry) => entry.id,
    );
  }

  /** @param {string} target */
  #target(target) {
    return this.host.known.has(target) ? this.who(target) : h("span", { class: "code" }, target);
  }

  /** @param {Record<string, unknown>} details */
  #details(details) {
    const all = Object.entries(details).filter(([, value]) => value !== null && value !== "");
    if (!all.length) return "–";
    return h(
      "dl",
      { class: "pairs" },
      all.map(([name, value]) =>
        h(
          "div",
          { key: name },
          h("dt", { class: "code" }, name),
          h("dd", { dir: "auto" }, typeof value === "object" ? JSON.stringify(value) : String(value)),
        ),
      ),
    );
  }
}
