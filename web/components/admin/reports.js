/** The queue of reports, and a report in its context with what a moderator can do. */
import { menu } from "../base/dialog.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { size } from "../base/names.js";
import { deciding, removingAll, resolution, suspending, warning } from "./acts.js";
import { Area, Paged } from "./kit.js";
import { said } from "./said.js";

/** @typedef {"open" | "in_review" | "resolved" | "dismissed"} State */

const STATES = ["open", "in_review", "resolved", "dismissed"];

export class Reports extends Area {
  #status = "open";
  #order = "oldest";
  #list = this.#listed();
  /** @type {string | null} */
  #chosen = null;
  /** @type {any} the report, its message and the messages around it */
  #held = null;
  /** @type {unknown} */
  #error = null;
  /** @type {Element | null} */
  #menu = null;

  #listed() {
    return new Paged(
      this.host,
      (query) =>
        this.rest("GET", "/admin/reports", {
          query: { ...query, limit: 30, order: this.#order, status: this.#status },
        }),
      (page) => page.reports,
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

  /** @param {string | null} id */
  async #choose(id) {
    this.#chosen = id;
    this.#held = null;
    this.#error = null;
    this.host.update();
    if (id) await this.#read(id);
  }

  /** @param {string} report_id */
  async #read(report_id) {
    try {
      const found = await this.rest("GET", "/admin/reports/{report_id}", { path: { report_id } });
      if (this.#chosen !== report_id) return;
      this.#held = found;
      this.#take(found.report);
    } catch (error) {
      if (this.#chosen === report_id) this.#error = error;
    }
    this.host.update();
  }

  /** Puts what is known of a report now into the list: one that the filter does not let in any more leaves it. @param {any} report */
  #take(report) {
    const list = this.#list;
    list.rows = list.rows
      .map((row) => (row.id === report.id ? report : row))
      .filter((row) => row.id !== report.id || row.status === this.#status);
  }

  /** After an act: the report as it is now. */
  async #again() {
    if (this.#chosen) await this.#read(this.#chosen);
  }

  /** @override */
  view() {
    return h(
      "div",
      { class: this.#chosen ? "panes chosen-one" : "panes" },
      this.#queue(),
      h(
        "div",
        { class: "case", key: "case" },
        this.#chosen ? this.#case() : this.host.state("flag", this.t("choose_report"), this.t("choose_report_hint")),
      ),
      this.#menu && this.#held && this.#more(this.#menu),
    );
  }

  #queue() {
    return h(
      "div",
      { class: "queue", key: "queue" },
      h(
        "div",
        { class: "tools" },
        this.select(
          this.t("status"),
          this.#status,
          STATES.map((one) => /** @type {[string, string]} */ ([one, this.t(`report_${one}`)])),
          (value) => {
            this.#status = value;
            this.#filter();
          },
        ),
        this.select(
          this.t("order"),
          this.#order,
          [
            ["oldest", this.t("oldest")],
            ["newest", this.t("newest")],
          ],
          (value) => {
            this.#order = value;
            this.#filter();
          },
        ),
        this.refresh(() => this.#list.load()),
      ),
      this.#list.view(
        (rows) =>
          h(
            "ul",
            { key: "reports", role: "list", "aria-label": this.t("area_reports") },
            rows.map((report) => this.#row(report)),
          ),
        () => this.host.state("check", this.t("no_reports"), this.t("no_reports_hint")),
      ),
    );
  }

  /** @param {any} report */
  #row(report) {
    return h(
      "li",
      { key: report.id },
      h(
        "button",
        {
          type: "button",
          class: "row",
          "aria-current": this.#chosen === report.id ? "true" : null,
          onclick: () => void this.#choose(report.id),
        },
        this.who(report.sender_id),
        this.ago(report.created_at),
        h(
          "span",
          { class: "under" },
          this.#badge(report.status),
          this.#reason(report),
          report.handled_by && h("bdi", { class: "cut" }, this.name(report.handled_by)),
        ),
      ),
    );
  }

  /** @param {string} status */
  #badge(status) {
    return h("span", { class: `status ${status}`, part: "status" }, this.t(`report_${status}`));
  }

  /** @param {any} report */
  #reason(report) {
    return this.t(report.rule ? "reason_rule" : `reason_${report.reason}`);
  }

  // --- One report ----------------------------------------------------------------------------------------------------

  #case() {
    const back = h(
      "button",
      { type: "button", class: "icon back", "aria-label": this.t("back"), onclick: () => void this.#choose(null) },
      icon("back"),
    );
    if (this.#error)
      return [
        back,
        this.host.state(
          "alert",
          this.host.because(this.#error),
          null,
          this.host.retry(() => this.#choose(this.#chosen)),
        ),
      ];
    if (!this.#held) return [back, this.host.loading()];
    const { report, message } = this.#held;
    return [
      h(
        "header",
        { class: "case-head", key: "head" },
        back,
        h("h3", null, this.t("report_about", { name: this.name(report.sender_id) })),
        this.#badge(report.status),
      ),
      this.#acts(report, message),
      this.#facts(report),
      h("h3", { key: "then" }, this.t("as_reported")),
      h(
        "ul",
        { key: "as-reported", class: "said", role: "list" },
        said(this, { ...report, id: report.id, created_at: null, system: null }, { attachments: this.#files(report) }),
      ),
      h("h3", { key: "now" }, this.t("in_context")),
      this.#context(report, message),
    ];
  }

  /** @param {any} report */
  #facts(report) {
    /** @type {[string, import("./kit.js").Content][]} */
    const facts = [
      ["reported_by", report.rule ? this.t("reason_rule") : this.who(report.reporter_id)],
      ["reason", this.#reason(report)],
      ["note", report.note && h("span", { dir: "auto" }, report.note)],
      ["at", this.moment(report.created_at)],
      ["handled_by", report.handled_by && this.who(report.handled_by)],
      ["resolution", report.resolution && h("span", { dir: "auto" }, report.resolution)],
      ["staff_note", report.staff_note && h("span", { dir: "auto" }, report.staff_note)],
    ];
    return h(
      "dl",
      { class: "facts", key: "facts" },
      facts
        .filter(([, content]) => content)
        .map(([key, content]) => [
          h("dt", { key: `${key} name` }, this.t(key === "at" ? "reported_at" : key)),
          h("dd", { key }, content),
        ]),
    );
  }

  /** The files of the reported message, with an address that lives for a minute. @param {any} report */
  #files(report) {
    return report.attachments.map((/** @type {any} */ file) => {
      const url = this.#held.attachments[file.id]?.url;
      const label = `${file.name} (${size(file.size, this.host.language)})`;
      return h(
        "p",
        { key: file.id },
        url
          ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, label)
          : h("bdi", null, label),
      );
    });
  }

  /** @param {any} report @param {any} message */
  #context(report, message) {
    const all = [...this.#held.context, ...(message ? [message] : [])];
    const unique = new Map(all.map((one) => [one.id, one]));
    const sorted = [...unique.values()].sort((a, b) => a.seq - b.seq);
    if (!sorted.length) return h("p", { key: "context", class: "lead" }, this.t("no_context"));
    return h(
      "ul",
      { key: "context", class: "said", role: "list", "aria-label": this.t("in_context") },
      sorted.map((one) => said(this, one, { isMarked: one.id === report.message_id, mark: this.t("reported") })),
    );
  }

  /** @param {any} report @param {any} message */
  #acts(report, message) {
    const isOpen = report.status === "open" || report.status === "in_review";
    const about = { user_id: report.sender_id, ...(isOpen ? { report_id: report.id } : {}) };
    const again = () => this.#again();
    return h(
      "div",
      { class: "acts-bar", key: "acts", role: "group", "aria-label": this.t("actions") },
      report.status === "open" &&
        this.button(this.t("claim"), () => void this.once(() => this.#set(report, "in_review"))),
      isOpen && this.button(this.t("resolve"), () => this.#decide(report, "resolved"), { class: "main" }),
      isOpen && this.button(this.t("dismiss_report"), () => this.#decide(report, "dismissed")),
      !isOpen && this.button(this.t("reopen_report"), () => void this.once(() => this.#set(report, "open"))),
      message?.removed && this.button(this.t("restore"), () => this.#restore(message)),
      message &&
        !message.deleted_at &&
        this.button(this.t("remove_message"), () => this.#remove(about, message), { class: "danger" }),
      this.button(this.t("warn"), () => this.host.ask(warning(this, about, again))),
      this.button(this.t("suspend"), () => this.host.ask(suspending(this, about, again)), { class: "danger" }),
      h(
        "button",
        {
          key: "more",
          type: "button",
          class: "icon",
          "aria-label": this.t("more"),
          title: this.t("more"),
          "aria-haspopup": "menu",
          onclick: (/** @type {MouseEvent} */ event) => {
            this.#menu = /** @type {Element} */ (event.currentTarget);
            this.host.update();
          },
        },
        icon("more"),
      ),
    );
  }

  /** @param {any} report @param {State} status @param {any} [values] */
  async #set(report, status, values = {}) {
    // As it was read last: another moderator may have been faster, and this one has seen that by now.
    const { version } = this.#held?.report.id === report.id ? this.#held.report : report;
    const words = Object.entries(values).filter(([, text]) => text.trim());
    const body = { version, status, ...Object.fromEntries(words.map(([name, text]) => [name, text.trim()])) };
    try {
      await this.rest("PATCH", "/admin/reports/{report_id}", { path: { report_id: report.id }, body });
    } finally {
      await this.#again();
    }
  }

  /** @param {any} report @param {State} status */
  #decide(report, status) {
    this.host.ask({
      title: this.t(status === "resolved" ? "resolve" : "dismiss_report"),
      text: this.t(status === "resolved" ? "resolve_ask" : "dismiss_ask"),
      act: this.t(status === "resolved" ? "resolve" : "dismiss_report"),
      fields: [
        { name: "resolution", label: this.t("resolution"), hint: this.t("resolution_hint") },
        { name: "note", label: this.t("staff_note"), kind: "area" },
      ],
      submit: async (values) => {
        await this.#set(report, status, values);
        this.host.tell(this.t(`report_${status}`));
      },
    });
  }

  /** @param {import("./acts.js").About} about @param {any} message */
  #remove(about, message) {
    this.host.ask({
      title: this.t("remove_message"),
      text: this.t("remove_message_ask"),
      act: this.t("remove_message"),
      isDanger: true,
      fields: resolution(this, about),
      submit: async (values) => {
        const path = { message_id: message.id };
        await this.rest("DELETE", "/admin/messages/{message_id}", { path, query: deciding(about, values) });
        this.host.tell(this.t("remove_message_done"));
        await this.#again();
      },
    });
  }

  /** @param {any} message */
  #restore(message) {
    this.host.ask({
      title: this.t("restore"),
      text: this.t("restore_ask"),
      act: this.t("restore"),
      submit: async () => {
        await this.rest("POST", "/admin/messages/{message_id}/restore", { path: { message_id: message.id } });
        this.host.tell(this.t("restore_done"));
        await this.#again();
      },
    });
  }

  /** Acts that are rarer: in the conversation, and on all that a person wrote. @param {Element} anchor */
  #more(anchor) {
    const { report } = this.#held;
    const isOpen = report.status === "open" || report.status === "in_review";
    const about = { user_id: report.sender_id, ...(isOpen ? { report_id: report.id } : {}) };
    const path = { conversation_id: report.conversation_id, user_id: report.sender_id };
    const isGroup = report.conversation_id.startsWith("g_");
    const name = this.name(report.sender_id);
    /** @param {string} key @param {string} method @param {string} route @param {object} [fixed] */
    const inConversation = (key, method, route, fixed) => ({
      key,
      label: this.t(key),
      isDanger: ["close_conversation", "take_out"].includes(key),
      act: () => this.#actThere(key, method, route, { about, path, name, fixed }),
    });
    const mutes = "/admin/conversations/{conversation_id}/mutes/{user_id}";
    const state = "/admin/conversations/{conversation_id}/state";
    return menu({
      anchor,
      label: this.t("more"),
      onclose: () => {
        this.#menu = null;
        this.host.update();
      },
      items: [
        isGroup && inConversation("mute_member", "PUT", mutes),
        isGroup && inConversation("unmute_member", "DELETE", mutes),
        isGroup && inConversation("take_out", "DELETE", "/admin/conversations/{conversation_id}/members/{user_id}"),
        inConversation("close_conversation", "PUT", state, { state: "closed" }),
        inConversation("open_conversation", "PUT", state, { state: "open" }),
        {
          label: this.t("remove_all"),
          isDanger: true,
          act: () => this.host.ask(removingAll(this, about, () => this.#again())),
        },
      ],
    });
  }

  /**
   * @param {string} key of the words @param {string} method @param {string} route
   * @param {{about: import("./acts.js").About, path: {conversation_id: string, user_id: string}, name: string, fixed?: object | undefined}} what
   */
  #actThere(key, method, route, { about, path, name, fixed }) {
    const undoes = key === "unmute_member";
    this.host.ask({
      title: this.t(key),
      text: this.t(`${key}_ask`, { name }),
      act: this.t(key),
      isDanger: !undoes && key !== "open_conversation",
      fields: undoes ? [] : resolution(this, about),
      submit: async (values) => {
        const decided = undoes ? {} : deciding(about, values);
        const { conversation_id, user_id } = path;
        await this.rest(method, route, {
          path: route.includes("{user_id}") ? { conversation_id, user_id } : { conversation_id },
          ...(method === "DELETE" ? { query: decided } : { body: { ...fixed, ...decided } }),
        });
        this.host.tell(this.t("done"));
        await this.#again();
      },
    });
  }
}
