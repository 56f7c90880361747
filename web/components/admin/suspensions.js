/** The suspensions that hold; suspending, warning and what ends it. */
import { h } from "../base/h.js";
import { removingAll, suspending, warning } from "./acts.js";
import { Area, Paged } from "./kit.js";

export class Suspensions extends Area {
  #list = new Paged(
    this.host,
    (query) => this.rest("GET", "/admin/suspensions", { query: { ...query, limit: 50 } }),
    (page) => page.suspensions,
  );
  /** @type {any[] | null} the warnings of a person who was asked for */
  #warnings = null;
  /** @type {string | null} */
  #warned = null;

  /** @override */
  start() {
    void this.#list.load();
  }

  /** @override */
  view() {
    const again = () => this.#list.load();
    return [
      h(
        "div",
        { class: "tools", key: "tools" },
        this.button(this.t("suspend_title"), () => this.host.ask(suspending(this, {}, again)), { class: "main" }),
        this.button(this.t("warn_title"), () =>
          this.host.ask(warning(this, {}, () => this.#warned && this.#readWarnings(this.#warned))),
        ),
        this.button(this.t("see_warnings"), () => this.#askWarnings()),
        this.button(this.t("remove_all"), () => this.host.ask(removingAll(this, {}, () => {})), { class: "danger" }),
        h("span", { class: "end" }, this.refresh(again)),
      ),
      this.#warned && this.#warningList(this.#warned),
      this.#list.view(
        (rows) => this.#table(rows),
        () => this.host.state("check", this.t("no_suspensions"), this.t("no_suspensions_hint")),
      ),
    ];
  }

  /** @param {any[]} rows */
  #table(rows) {
    return this.table(
      this.t("area_suspensions"),
      [
        { label: this.t("person"), cell: (row) => this.who(row.user_id) },
        { label: this.t("suspend_from"), cell: (row) => this.t(`scope_${row.scope}`) },
        { label: this.t("until"), cell: (row) => this.moment(row.until) },
        { label: this.t("reason"), cell: (row) => h("span", { dir: "auto" }, row.reason) },
        { label: this.t("by"), cell: (row) => this.who(row.suspended_by) },
        {
          label: this.t("actions"),
          class: "acts",
          cell: (row) => this.button(this.t("lift"), () => this.#lift(row)),
        },
      ],
      rows,
      (row) => row.user_id,
    );
  }

  /** @param {any} row */
  #lift(row) {
    this.host.ask({
      title: this.t("lift"),
      text: this.t("lift_ask", { name: this.name(row.user_id) }),
      act: this.t("lift"),
      submit: async () => {
        await this.rest("DELETE", "/admin/suspensions/{user_id}", { path: { user_id: row.user_id } });
        this.host.tell(this.t("lift_done", { name: this.name(row.user_id) }));
        await this.#list.load();
      },
    });
  }

  #askWarnings() {
    this.host.ask({
      title: this.t("see_warnings"),
      act: this.t("show"),
      fields: [{ name: "user_id", label: this.t("person"), kind: "person", isNeeded: true }],
      submit: async ({ user_id }) => this.#readWarnings(user_id),
    });
  }

  /** @param {string} user_id */
  async #readWarnings(user_id) {
    const found = await this.rest("GET", "/admin/warnings", { query: { user_id } });
    this.#warned = user_id;
    this.#warnings = found.warnings;
    this.host.update();
  }

  /** @param {string} user_id */
  #warningList(user_id) {
    const close = () => {
      this.#warned = null;
      this.host.update();
    };
    return h(
      "section",
      { class: "box", key: "warnings", "aria-label": this.t("warnings_of", { name: this.name(user_id) }) },
      h(
        "header",
        { class: "case-head" },
        h("h3", null, this.t("warnings_of", { name: this.name(user_id) })),
        this.button(this.t("close"), close),
      ),
      this.#warnings?.length
        ? h(
            "ul",
            { class: "said", role: "list" },
            this.#warnings.map((one) =>
              h(
                "li",
                { key: one.id },
                h("header", null, this.moment(one.warned_at)),
                h("div", { dir: "auto" }, one.reason),
              ),
            ),
          )
        : h("p", { class: "lead" }, this.t("no_warnings")),
    );
  }
}
