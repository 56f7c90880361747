/** A person's messages and conversations, as far as they are open to moderators. */
import { h, safeUrl } from "../base/h.js";
import { icon } from "../base/icons.js";
import { Area, Paged } from "./kit.js";
import { said } from "./said.js";

const LOOK_MS = 1500;

export class Search extends Area {
  /** @type {string | null} */
  #person = null;
  #q = "";
  #from = "";
  #to = "";
  /** @type {Paged | null} */
  #found = null;
  #isMessages = false;
  /** @type {{id: string, seq: number | null, messages: any[] | null} | null} a conversation that is read */
  #open = null;
  /** @type {any} */
  #export = null;
  #isGone = false;

  /** @override */
  stop() {
    this.#isGone = true;
  }

  #query() {
    return {
      user_id: this.#person,
      ...(this.#q.trim() ? { q: this.#q.trim() } : {}),
      ...(this.#from ? { from: this.#from } : {}),
      ...(this.#to ? { to: this.#to } : {}),
    };
  }

  #search() {
    this.#open = null;
    this.#export = null;
    this.#isMessages = !!this.#q.trim();
    const [path, query] = this.#isMessages
      ? ["/admin/search", this.#query()]
      : ["/admin/conversations", { user_id: this.#person }];
    this.#found = this.#person
      ? new Paged(
          this.host,
          (cursor) => this.rest("GET", path, { query: { ...query, ...cursor, limit: 30 } }),
          (page) => page.results ?? page.conversations,
        )
      : null;
    void this.#found?.load();
    this.host.update();
  }

  /** @override */
  view() {
    return [
      h("p", { key: "lead", class: "lead" }, this.t("search_lead")),
      h(
        "form",
        {
          class: "tools",
          key: "tools",
          role: "search",
          onsubmit: (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            if (this.#person) this.#search();
          },
        },
        this.someone(
          this.t("person"),
          this.#person,
          (id) => {
            this.#person = id;
            this.#search();
          },
          this.t("choose_person"),
        ),
        this.input(
          this.t("search_words"),
          this.#q,
          (value) => {
            this.#q = value;
          },
          { type: "search", maxlength: "200", dir: "auto" },
        ),
        this.input(
          this.t("from"),
          this.#from,
          (value) => {
            this.#from = value;
          },
          { type: "date" },
        ),
        this.input(
          this.t("to"),
          this.#to,
          (value) => {
            this.#to = value;
          },
          { type: "date" },
        ),
        h("button", { type: "submit", class: "button main", disabled: !this.#person }, this.t("search")),
      ),
      this.#open && this.#conversation(this.#open),
      this.#isMessages && this.#found?.isRead && this.#found.rows.length > 0 && this.#exportBar(),
      this.#found
        ? this.#found.view(
            (rows) => (this.#isMessages ? this.#messages(rows) : this.#conversations(rows)),
            () => this.host.state("search", this.t("no_results"), this.t("no_results_admin")),
          )
        : this.host.state("user", this.t("choose_person"), this.t("choose_person_hint")),
    ];
  }

  /** @param {any[]} rows */
  #messages(rows) {
    return h(
      "ul",
      { key: "messages", class: "said hits", role: "list", "aria-label": this.t("messages") },
      rows.map(({ message, highlights }) =>
        said(this, message, {
          highlights,
          attachments: this.button(
            this.t("in_conversation"),
            () => void this.#read(message.conversation_id, message.seq),
          ),
        }),
      ),
    );
  }

  /** @param {any[]} rows */
  #conversations(rows) {
    return this.table(
      this.t("conversations"),
      [
        {
          label: this.t("conversation"),
          cell: (row) =>
            row.title
              ? h("bdi", null, row.title)
              : row.user_ids.map((/** @type {string} */ id) => this.name(id)).join(", "),
        },
        { label: this.t("context"), cell: (row) => (row.context ? h("bdi", null, row.context.type) : "–") },
        { label: this.t("messages"), class: "number", cell: (row) => String(row.last_seq) },
        { label: this.t("last_active"), cell: (row) => this.ago(row.last_activity_at) },
        {
          label: this.t("actions"),
          class: "acts",
          cell: (row) => this.button(this.t("read"), () => void this.#read(row.id, null)),
        },
      ],
      rows,
      (row) => row.id,
    );
  }

  /** @param {string} conversation_id @param {number | null} seq to read around; null for the newest */
  async #read(conversation_id, seq) {
    /** @type {{id: string, seq: number | null, messages: any[] | null}} */
    const asked = { id: conversation_id, seq, messages: null };
    this.#open = asked;
    this.host.update();
    const page = await this.host.attempt(() =>
      this.rest("GET", "/admin/conversations/{conversation_id}/messages", {
        path: { conversation_id },
        query: { limit: 30, ...(seq ? { around: seq } : {}) },
      }),
    );
    if (this.#open !== asked) return;
    this.#open = page ? { id: conversation_id, seq, messages: [...page.messages].sort((a, b) => a.seq - b.seq) } : null;
    this.host.update();
  }

  /** @param {{id: string, seq: number | null, messages: any[] | null}} open */
  #conversation({ seq, messages }) {
    return h(
      "section",
      { key: "open", class: "box", "aria-label": this.t("conversation") },
      h(
        "header",
        { class: "case-head" },
        h("h3", null, this.t("conversation")),
        this.button(this.t("close"), () => {
          this.#open = null;
          this.host.update();
        }),
      ),
      messages
        ? h(
            "ul",
            { class: "said", role: "list" },
            messages.map((one) => said(this, one, { isMarked: one.seq === seq, mark: this.t("found_here") })),
          )
        : this.host.loading(),
    );
  }

  #exportBar() {
    const url = this.#export?.state === "done" ? safeUrl(this.#export.url ?? "") : null;
    const isRunning = this.#export && !/done|failed/.test(this.#export.state);
    return h(
      "div",
      { class: "acts-bar", key: "export", role: "status" },
      !this.#export && this.button(this.t("export_found"), () => this.#askExport(), { icon: "download" }),
      isRunning && h("span", { class: "soft" }, this.t("export_running")),
      this.#export?.state === "failed" && h("span", { class: "wrong" }, this.t("export_failed")),
      url && h("a", { class: "button main", href: url, download: true }, icon("download"), this.t("download")),
    );
  }

  #askExport() {
    const body = { ...this.#query(), client_id: crypto.randomUUID() };
    this.host.ask({
      title: this.t("export_found"),
      text: this.t("export_ask"),
      act: this.t("export"),
      submit: async () => {
        this.#export = await this.rest("POST", "/admin/search/export", { body });
        void this.#follow(this.#export.id);
      },
    });
  }

  /** @param {string} export_id */
  async #follow(export_id) {
    while (!this.#isGone && this.#export?.id === export_id && !/done|failed/.test(this.#export.state)) {
      await new Promise((done) => setTimeout(done, LOOK_MS));
      const found = await this.host.attempt(() => this.rest("GET", "/exports/{export_id}", { path: { export_id } }));
      if (this.#export?.id !== export_id) return; // another search
      this.#export = found ?? null;
      this.host.update();
    }
    this.host.update();
  }
}
