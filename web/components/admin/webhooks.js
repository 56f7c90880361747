/** Webhooks: where events are posted, how that goes, and what came of each delivery. */
import { modal } from "../base/dialog.js";
import { h } from "../base/h.js";
import { Area, Paged } from "./kit.js";

const STATES = ["pending", "succeeded", "failed"];

export class Webhooks extends Area {
  #list = new Paged(
    this.host,
    () => this.rest("GET", "/admin/webhooks"),
    (page) => page.webhooks,
  );
  /** @type {string | null} the webhook whose deliveries are shown */
  #chosen = null;
  #status = "";
  /** @type {Paged | null} */
  #deliveries = null;
  /** @type {string | null} a new secret, until it was read */
  #secret = null;
  #isCopied = false;

  /** @override */
  start() {
    void this.#list.load();
  }

  /** @override */
  view() {
    const isOpen = !this.#list.error && this.#list.isRead;
    return [
      isOpen && h("p", { key: "lead", class: "lead" }, this.t("webhooks_hint")),
      isOpen &&
        h(
          "div",
          { class: "tools", key: "tools" },
          this.button(this.t("add_webhook"), () => this.#edit(null), { class: "main" }),
          h(
            "span",
            { class: "end" },
            this.refresh(() => this.#list.load()),
          ),
        ),
      this.#list.view(
        (rows) =>
          h(
            "ul",
            { key: "webhooks", class: "boxes", role: "list" },
            rows.map((webhook) => this.#box(webhook)),
          ),
        () => this.host.state("link", this.t("no_webhooks"), this.t("no_webhooks_hint")),
      ),
      this.#secret && this.#secretDialog(this.#secret),
    ];
  }

  /** @param {any} webhook */
  #box(webhook) {
    const { id, enabled } = webhook;
    const state = !enabled ? "failed" : webhook.paused_until ? "paused" : "on";
    const words = !enabled ? `disabled_${webhook.disabled_reason ?? "by_request"}` : `webhook_${state}`;
    return h(
      "li",
      { key: id, class: "box webhook", "aria-label": webhook.url },
      h(
        "header",
        { class: "case-head" },
        h("h3", { class: "code", dir: "ltr" }, webhook.url),
        h("span", { class: `status ${state}`, part: "status" }, this.t(words)),
      ),
      webhook.description && h("p", { dir: "auto" }, webhook.description),
      h(
        "dl",
        { class: "facts" },
        h("dt", null, this.t("events")),
        h("dd", { class: "code", dir: "ltr" }, webhook.events.join(" ")),
        webhook.failing_since && [
          h("dt", { key: "failing" }, this.t("failing_since")),
          h("dd", { key: "failing at" }, this.moment(webhook.failing_since)),
        ],
        webhook.paused_until && [
          h("dt", { key: "paused" }, this.t("paused_until")),
          h("dd", { key: "paused at" }, this.moment(webhook.paused_until)),
        ],
        webhook.old_secret_until && [
          h("dt", { key: "old" }, this.t("old_secret_until")),
          h("dd", { key: "old at" }, this.moment(webhook.old_secret_until)),
        ],
      ),
      h(
        "div",
        { class: "acts-bar", role: "group", "aria-label": this.t("actions") },
        this.button(this.t("deliveries"), () => this.#show(this.#chosen === id ? null : id), {
          "aria-expanded": this.#chosen === id,
        }),
        this.button(this.t("test_webhook"), () => void this.#test(webhook)),
        this.button(this.t("edit"), () => this.#edit(webhook)),
        this.button(this.t("rotate"), () => this.#rotate(webhook)),
        this.button(this.t(enabled ? "disable" : "enable"), () => this.#enable(webhook)),
        this.button(this.t("delete"), () => this.#delete(webhook), { class: "danger" }),
      ),
      this.#chosen === id && this.#deliveryList(webhook),
    );
  }

  /** @param {any} webhook @param {object} body */
  async #change(webhook, body) {
    await this.rest("PATCH", "/admin/webhooks/{webhook_id}", { path: { webhook_id: webhook.id }, body });
    await this.#list.load();
  }

  /** @param {any} webhook the one that is changed; null for a new one */
  #edit(webhook) {
    const client_id = crypto.randomUUID(); // the same for each try: one webhook
    this.host.ask({
      title: this.t(webhook ? "edit_webhook" : "add_webhook"),
      text: webhook ? null : this.t("add_webhook_ask"),
      act: this.t(webhook ? "save" : "add"),
      fields: [
        { name: "url", label: this.t("address"), kind: "url", isNeeded: true, value: webhook?.url ?? "" },
        {
          name: "events",
          label: this.t("events"),
          isNeeded: true,
          value: webhook?.events.join(" ") ?? "*",
          hint: this.t("events_hint"),
        },
        { name: "description", label: this.t("what_for"), max: 200, value: webhook?.description ?? "" },
      ],
      submit: async ({ url, events, description }) => {
        const body = {
          url: url.trim(),
          events: events.split(/[\s,]+/).filter(Boolean),
          description: description.trim(),
        };
        if (webhook) return this.#change(webhook, body);
        const made = await this.rest("POST", "/admin/webhooks", { body: { ...body, client_id } });
        this.#reveal(made.secret);
        return this.#list.load();
      },
    });
  }

  /** @param {string | null} secret */
  #reveal(secret) {
    this.#secret = secret;
    this.#isCopied = false;
    this.host.update();
  }

  /** @param {string} secret */
  #secretDialog(secret) {
    const copy = async () => {
      this.#isCopied = !!(await this.host.attempt(async () => {
        await navigator.clipboard.writeText(secret);
        return true;
      }));
      this.host.update();
    };
    return modal(
      {
        key: "secret",
        title: this.t("secret"),
        close: this.t("close"),
        onclose: () => this.#reveal(null),
        footer: [
          this.button(this.t(this.#isCopied ? "copied" : "copy_secret"), () => void copy(), {
            key: "copy",
            class: "main",
          }),
          this.button(this.t("close"), () => this.#reveal(null), { key: "close" }),
        ],
      },
      h("p", { class: "lead" }, this.t("secret_hint")),
      h("p", { class: "code secret", dir: "ltr" }, secret),
    );
  }

  /** @param {any} webhook */
  #rotate(webhook) {
    this.host.ask({
      title: this.t("rotate"),
      text: this.t("rotate_ask"),
      act: this.t("rotate"),
      isDanger: true,
      fields: [{ name: "end_old", label: this.t("end_old"), kind: "check" }],
      submit: async ({ end_old }) => {
        const { id, version } = this.#list.rows.find((one) => one.id === webhook.id) ?? webhook;
        let made;
        try {
          made = await this.rest("POST", "/admin/webhooks/{webhook_id}/rotate-secret", {
            path: { webhook_id: id },
            body: { version, ...(end_old ? { end_old } : {}) },
          });
        } catch (error) {
          await this.#list.load(); // somebody else may have changed it: the next try has its version
          throw error;
        }
        this.#reveal(made.secret);
        await this.#list.load();
      },
    });
  }

  /** @param {any} webhook */
  async #test(webhook) {
    const path = { webhook_id: webhook.id };
    const sent = await this.once(() => this.rest("POST", "/admin/webhooks/{webhook_id}/test", { path }));
    if (!sent) return;
    this.host.tell(this.t("test_sent"));
    this.#show(webhook.id);
  }

  /** @param {any} webhook */
  #enable(webhook) {
    if (!webhook.enabled) return void this.once(() => this.#change(webhook, { enabled: true }));
    this.host.ask({
      title: this.t("disable"),
      text: this.t("disable_ask", { url: webhook.url }),
      act: this.t("disable"),
      isDanger: true,
      submit: () => this.#change(webhook, { enabled: false }),
    });
  }

  /** @param {any} webhook */
  #delete(webhook) {
    this.host.ask({
      title: this.t("delete_webhook"),
      text: this.t("delete_webhook_ask", { url: webhook.url }),
      act: this.t("delete"),
      isDanger: true,
      submit: async () => {
        await this.rest("DELETE", "/admin/webhooks/{webhook_id}", { path: { webhook_id: webhook.id } });
        await this.#list.load();
      },
    });
  }

  // --- Deliveries ----------------------------------------------------------------------------------------------------

  /** @param {string | null} webhook_id */
  #show(webhook_id) {
    this.#chosen = webhook_id;
    this.#deliveries = webhook_id
      ? new Paged(
          this.host,
          (query) =>
            this.rest("GET", "/admin/webhooks/{webhook_id}/deliveries", {
              path: { webhook_id },
              query: { ...query, limit: 20, ...(this.#status ? { status: this.#status } : {}) },
            }),
          (page) => page.deliveries,
        )
      : null;
    void this.#deliveries?.load();
    this.host.update();
  }

  /** @param {any} webhook */
  #deliveryList(webhook) {
    return h(
      "section",
      { key: "deliveries", class: "part", "aria-label": this.t("deliveries") },
      h(
        "div",
        { class: "tools" },
        this.select(
          this.t("status"),
          this.#status,
          [
            ["", this.t("all")],
            ...STATES.map((one) => /** @type {[string, string]} */ ([one, this.t(`delivery_${one}`)])),
          ],
          (value) => {
            this.#status = value;
            this.#show(webhook.id);
          },
        ),
        this.button(this.t("replay_time"), () => this.#replayTime(webhook)),
        h(
          "span",
          { class: "end" },
          this.refresh(() => this.#deliveries?.load()),
        ),
      ),
      this.#deliveries?.view(
        (rows) => this.#table(rows),
        () => h("p", { class: "lead" }, this.t("no_deliveries")),
      ),
    );
  }

  /** @param {any[]} rows */
  #table(rows) {
    return this.table(
      this.t("deliveries"),
      [
        { label: this.t("event"), cell: (row) => h("span", { class: "code" }, row.type) },
        { label: this.t("occurred"), cell: (row) => this.moment(row.occurred_at) },
        {
          label: this.t("status"),
          cell: (row) => [
            h("span", { class: `status ${row.status}` }, this.t(`delivery_${row.status}`)),
            row.code && h("span", { class: "code soft" }, ` ${row.code} ${row.response_status ?? ""}`),
          ],
        },
        { label: this.t("attempts"), class: "number", cell: (row) => String(row.attempts) },
        { label: this.t("next_attempt"), cell: (row) => this.moment(row.next_attempt_at) },
        {
          label: this.t("actions"),
          class: "acts",
          cell: (row) => this.button(this.t("replay"), () => void this.#replay(row), { icon: "retry" }),
        },
      ],
      rows,
      (row) => row.id,
    );
  }

  /** @param {any} row */
  async #replay(row) {
    const path = { delivery_id: row.id };
    const again = await this.once(() => this.rest("POST", "/admin/deliveries/{delivery_id}/replay", { path }));
    if (!again) return;
    this.host.tell(this.t("replay_done"));
    await this.#deliveries?.load();
  }

  /** @param {any} webhook */
  #replayTime(webhook) {
    const now = this.store.now();
    this.host.ask({
      title: this.t("replay_time"),
      text: this.t("replay_ask"),
      act: this.t("replay"),
      fields: [
        {
          name: "since",
          label: this.t("from"),
          kind: "datetime-local",
          isNeeded: true,
          value: local(now - 86_400_000),
        },
        { name: "until", label: this.t("to"), kind: "datetime-local", isNeeded: true, value: local(now) },
        {
          name: "status",
          label: this.t("status"),
          kind: "select",
          value: "failed",
          options: [
            ["failed", this.t("delivery_failed")],
            ["succeeded", this.t("delivery_succeeded")],
            ["", this.t("all")],
          ],
        },
      ],
      submit: async ({ since, until, status }) => {
        await this.rest("POST", "/admin/webhooks/{webhook_id}/replay", {
          path: { webhook_id: webhook.id },
          body: {
            since: new Date(since).toISOString(),
            until: new Date(until).toISOString(),
            ...(status ? { status } : {}),
          },
        });
        this.host.tell(this.t("replay_done"));
        await this.#deliveries?.load();
      },
    });
  }
}

/** A time as its field has it: in the reader's zone, without one. @param {number} at */
function local(at) {
  const shifted = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
