/** The customer's side of the support desk: their requests, a form for a new one, the conversation, and a rating. */
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { exact, relative } from "../base/times.js";
import { choose } from "../composer/files.js";
import { short } from "../inbox/entry.js";
import { skeleton } from "../inbox/people.js";
import { lists } from "../inbox/styles.js";
import { support, ticket as ticketStyles } from "./styles.js";
import { badge, categories, categoryName, stars, Tickets } from "./tickets.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("./tickets.js").Ticket} Ticket */
/** @typedef {{subject: string, description: string, category: string, clientId: string, files: File[], notes: string[], isBusy: boolean, isTried: boolean, followUpOf: Ticket | null, articles: import("./articles.js").Articles | null}} Form */

/**
 * `categories` names the desk's (`booking: My booking, general`), `context` (`type:id`) what a new request is about, `ticket` which one is shown.
 *
 * Events: `parley-select` {conversation_id}, `parley-ticket` {ticket}: one was opened.
 */
export class ParleySupport extends ParleyElement {
  /** @override */
  static styles = [lists, ticketStyles, support];
  /** @override */
  static attributes = ["categories", "context", "ticket"];

  /** @type {Tickets | null} */
  #tickets = null;
  /** @type {Store | null} */
  #of = null;
  #end = () => {};
  /** @type {string | null} */
  #chosen = null;
  /** @type {Form | null} */
  #form = null;
  /** @type {WeakMap<File, string>} */
  #ids = new WeakMap();
  /** @type {{rating: number, comment: string, isBusy: boolean}} */
  #rating = { rating: 0, comment: "", isBusy: false };

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    this.gone.signal.addEventListener("abort", () => {
      this.#end();
      this.#of = null;
    });
  }

  /** @param {string} name @param {string | null} old @param {string | null} value @override */
  attributeChangedCallback(name, old, value) {
    if (name === "ticket") this.#chosen = value;
    super.attributeChangedCallback(name, old, value);
  }

  /** @override */
  forget() {
    this.#end();
    this.#of = this.#tickets = this.#chosen = this.#form = null;
  }

  /** Shows the form for a new request. @param {Ticket | null} [followUpOf] a closed one that it continues */
  ask(followUpOf = null) {
    const [first] = categories(this);
    /** @type {Form} */
    const form = {
      subject: followUpOf?.subject ?? "",
      description: "",
      category: followUpOf?.category ?? first?.[0] ?? "general",
      clientId: crypto.randomUUID(),
      files: [],
      notes: [],
      isBusy: false,
      isTried: false,
      followUpOf,
      articles: null,
    };
    this.#form = form;
    this.problem = null;
    this.update();
    void this.#help(form);
  }

  /** Brings what suggests articles. If it does not come, the form stands without it. @param {Form} form */
  async #help(form) {
    const { store } = this;
    const module = await import("./articles.js").catch(() => null);
    if (!store || !module || this.#form !== form) return;
    form.articles = new module.Articles(this, store, form, () => this.#choose(null));
    form.articles.ask();
    this.update();
  }

  /** @override */
  drawn() {
    this.#form?.articles?.drawn();
  }

  /** @param {Store} store @override */
  view(store) {
    this.#follow(store);
    const ticket = this.#chosen ? this.#tickets?.held.get(this.#chosen) : undefined;
    const isTalking = !!this.#form || !!ticket;
    return h(
      "div",
      { class: isTalking ? "panes talking" : "panes" },
      this.#list(store),
      h(
        "div",
        { class: "talk", part: "thread-pane", key: "talk" },
        this.#form
          ? this.#formPane(store, this.#form)
          : ticket
            ? this.#ticket(store, ticket)
            : h(
                "slot",
                { name: "nothing" },
                this.state("chat", this.t("support"), this.t("no_tickets_hint"), this.#askButton()),
              ),
      ),
    );
  }

  /** Follows the tickets of a store. @param {Store} store */
  #follow(store) {
    if (this.#of === store || store.connection.status !== "online") return;
    this.#of = store;
    this.#end();
    const tickets = new Tickets(this, (query) => store.client.rest("GET", "/support/tickets", { query }));
    this.#tickets = tickets;
    this.#end =
      store.client.on?.("event", (/** @type {{event: string, data: any}} */ { event, data }) => {
        if (event === "ticket_updated") tickets.take(data.ticket);
        else if (event === "ticket_created" && !tickets.held.has(data.ticket?.id)) void tickets.load();
      }) ?? (() => {});
    void tickets.load();
  }

  // --- The list ------------------------------------------------------------------------------------------------------

  /** @param {Store} store */
  #list(store) {
    const tickets = this.#tickets;
    const all = [...(tickets?.held.values() ?? [])].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
    return h(
      "section",
      { class: "list", key: "list", "aria-label": this.t("tickets") },
      h(
        "header",
        { class: "head" },
        h("h2", null, this.t("support")),
        h(
          "button",
          { type: "button", class: "button main", part: "new", onclick: () => this.ask() },
          icon("plus"),
          this.t("new_ticket"),
        ),
      ),
      !this.#form && this.problemBar(),
      this.offlineBar(store),
      h(
        "div",
        { class: "scroll" },
        tickets?.error
          ? this.state(
              "alert",
              this.because(tickets.error),
              null,
              this.retry(() => void tickets.load()),
            )
          : all.length
            ? [
                h(
                  "ul",
                  { key: "tickets", class: "tickets", role: "list" },
                  all.map((one) => this.#row(store, one)),
                ),
                tickets?.next && this.showMore(tickets.isLoading, () => void tickets.load(tickets.next)),
              ]
            : tickets?.isRead
              ? this.state("chat", this.t("no_tickets"), this.t("no_tickets_hint"), this.#askButton())
              : skeleton(this.t("loading"), 4),
      ),
      h("slot", { name: "help" }),
    );
  }

  #askButton() {
    return h("button", { type: "button", class: "button main", onclick: () => this.ask() }, this.t("new_ticket"));
  }

  /** @param {Store} store @param {Ticket} ticket */
  #row(store, ticket) {
    const unread = store.conversation(ticket.id)?.unread ?? ticket.unread;
    const at = ticket.last_message?.created_at ?? ticket.updated_at;
    const reader = { language: this.language, now: store.now() };
    return h(
      "li",
      { key: ticket.id },
      h(
        "button",
        {
          type: "button",
          class: unread ? "ticket new" : "ticket",
          "aria-current": this.#chosen === ticket.id && !this.#form ? "true" : null,
          onclick: () => this.#choose(ticket.id),
        },
        h("strong", { class: "cut auto", dir: "auto" }, ticket.subject),
        h("time", { datetime: at, title: exact(at, reader) }, relative(at, reader)),
        h(
          "span",
          { class: "under" },
          badge(this, ticket.status),
          h("span", { class: "cut" }, this.t("ticket_number", { number: ticket.number })),
        ),
        unread > 0 &&
          h(
            "span",
            { class: "badge", part: "badge" },
            h("span", { "aria-hidden": "true" }, short(unread)),
            h("span", { class: "hidden" }, this.t("unread_count", { count: unread })),
          ),
      ),
    );
  }

  /** @param {string | null} id */
  #choose(id) {
    this.#form = null;
    this.#chosen = id;
    this.#rating = { rating: 0, comment: "", isBusy: false };
    this.problem = null;
    if (id) this.emit("select", { conversation_id: id, message_seq: null });
    this.update();
  }

  #back() {
    return h(
      "button",
      { type: "button", class: "icon back", "aria-label": this.t("back"), onclick: () => this.#choose(null) },
      icon("back"),
    );
  }

  // --- A new request -------------------------------------------------------------------------------------------------

  /** @param {Store} _store @param {Form} form */
  #formPane(_store, form) {
    /** @param {Partial<Form>} change */
    const set = (change) => {
      Object.assign(form, change);
      form.articles?.ask();
      this.update();
    };
    const { articles } = form;
    const isWrong = (/** @type {"subject" | "description"} */ name) => form.isTried && !form[name].trim();
    /** @param {"subject" | "description"} name @param {string} tag @param {string} most */
    const field = (name, tag, most) =>
      h(
        "label",
        { key: name },
        this.t(name),
        h(tag, {
          class: "field",
          name,
          required: true,
          dir: "auto",
          maxlength: most,
          autofocus: name === "subject",
          value: form[name],
          "aria-invalid": isWrong(name),
          "aria-describedby": isWrong(name) ? `wrong-${name}` : null,
          ref: (/** @type {HTMLElement | null} */ shown) => name === "subject" && shown?.focus(),
          oninput: (/** @type {InputEvent} */ event) =>
            set({ [name]: /** @type {HTMLInputElement} */ (event.target).value }),
        }),
        isWrong(name) && h("span", { class: "wrong", id: `wrong-${name}` }, this.t("needed")),
      );
    return [
      articles?.isReading
        ? articles.head()
        : h(
            "header",
            { class: "top", key: "top" },
            this.#back(),
            h(
              "div",
              { class: "what" },
              h("h2", null, this.t("new_ticket")),
              form.followUpOf && h("p", { class: "under" }, this.t("follow_up_of", { number: form.followUpOf.number })),
            ),
          ),
      this.problemBar(),
      h(
        "form",
        {
          key: "form",
          class: "new-form",
          novalidate: true,
          hidden: articles?.isReading,
          onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            void this.#open(form);
          },
        },
        h(
          "div",
          { class: "form" },
          field("subject", "input", "200"),
          h(
            "label",
            { key: "category" },
            this.t("category"),
            h(
              "select",
              {
                class: "field",
                name: "category",
                value: form.category,
                onchange: (/** @type {Event} */ event) =>
                  set({ category: /** @type {HTMLSelectElement} */ (event.target).value }),
              },
              categories(this).map(([id]) => h("option", { key: id, value: id }, categoryName(this, id))),
            ),
          ),
          field("description", "textarea", "10000"),
          articles?.note(),
          this.#files(form, set),
          h(
            "div",
            { key: "send" },
            h(
              "button",
              { type: "submit", class: "button main", disabled: form.isBusy },
              icon("send"),
              this.t(form.isBusy && form.files.length ? "uploading" : "send_request"),
            ),
          ),
        ),
        articles?.list(),
      ),
      articles?.view(),
    ];
  }

  /** The files of a request: they are uploaded when it is sent. @param {Form} form @param {(change: Partial<Form>) => void} set */
  #files(form, set) {
    const pick = (/** @type {Event} */ event) => {
      const input = /** @type {HTMLInputElement} */ (event.target);
      set(choose(this, form.files, input.files ?? []));
      input.value = "";
    };
    return h(
      "div",
      { key: "files", class: "files" },
      h("input", {
        type: "file",
        multiple: true,
        hidden: true,
        accept: (this.store?.["limits"]?.attachments.types ?? []).join(","),
        "aria-label": this.t("attach"),
        onchange: pick,
      }),
      h(
        "button",
        {
          type: "button",
          class: "button",
          disabled: form.isBusy,
          onclick: () => /** @type {HTMLElement | null} */ (this.root.querySelector(".files input"))?.click(),
        },
        icon("plus"),
        this.t("attach"),
      ),
      form.files.length > 0 &&
        h(
          "div",
          { class: "chips" },
          form.files.map((file) =>
            h(
              "button",
              {
                key: this.#idOf(file),
                type: "button",
                class: "chip",
                disabled: form.isBusy,
                "aria-label": this.t("remove_name", { name: file.name }),
                onclick: () => set({ files: form.files.filter((one) => one !== file), notes: [] }),
              },
              h("bdi", { class: "cut" }, file.name),
              icon("close"),
            ),
          ),
        ),
      form.notes.length > 0 &&
        h(
          "div",
          { role: "alert" },
          form.notes.map((note) => h("p", { key: note, class: "wrong" }, note)),
        ),
    );
  }

  /** The id of an upload, which stays when it is tried again. @param {File} file */
  #idOf(file) {
    const id = this.#ids.get(file) ?? crypto.randomUUID();
    this.#ids.set(file, id);
    return id;
  }

  /** @param {Store} store @param {Form} form @param {Record<string, unknown>} body */
  async #send(store, form, body) {
    const place = { for: "ticket", ticket_client_id: form.clientId };
    const attachment_ids = [];
    for (const file of form.files)
      attachment_ids.push((await store.client.upload(place, file, { clientId: this.#idOf(file) })).id);
    const files = attachment_ids.length ? { attachment_ids } : {};
    return store.client.rest("POST", "/support/tickets", { body: { ...body, ...files } });
  }

  /** @param {Form} form */
  async #open(form) {
    const { store } = this;
    form.isTried = true;
    this.update();
    if (!store || form.isBusy) return;
    if (!form.subject.trim() || !form.description.trim()) {
      const wrong = form.subject.trim() ? "textarea" : "input";
      /** @type {HTMLElement | null} */ (this.root.querySelector(`.form ${wrong}`))?.focus();
      return;
    }
    form.isBusy = true;
    this.update();
    const [type, ...rest] = (this.getAttribute("context") ?? "").split(":");
    const body = {
      subject: form.subject.trim(),
      description: form.description.trim(),
      category: form.category,
      client_id: form.clientId,
      ...(type ? { context: { type, id: rest.join(":") || null } } : {}),
      ...(form.followUpOf ? { follow_up_of: form.followUpOf.id } : {}),
    };
    const ticket = await this.attempt(() => this.#send(store, form, body));
    form.isBusy = false;
    if (ticket) {
      form.articles?.sent();
      this.#tickets?.held.set(ticket.id, ticket);
      this.emit("ticket", { ticket });
      this.#choose(ticket.id);
    }
    this.update();
  }

  // --- A request -----------------------------------------------------------------------------------------------------

  /** @param {Store} store @param {Ticket} ticket */
  #ticket(store, ticket) {
    const { status } = ticket;
    const isDone = status === "resolved" || status === "closed";
    /** @param {string} wanted */
    const change = (wanted) => () =>
      void this.attempt(async () => {
        const path = { ticket_id: ticket.id };
        const changed = await store.client.rest("PATCH", "/support/tickets/{ticket_id}", {
          path,
          body: { status: wanted },
        });
        this.#tickets?.take(changed);
      });
    return [
      h(
        "header",
        { class: "top", key: "top", part: "head" },
        this.#back(),
        h(
          "div",
          { class: "what" },
          h("h2", { class: "cut auto", dir: "auto" }, ticket.subject),
          h(
            "p",
            { class: "under" },
            badge(this, status),
            h("span", { class: "cut" }, this.t("ticket_number", { number: ticket.number })),
            h("span", { class: "more cut" }, categoryName(this, ticket.category)),
            ticket.assignee_id && h("bdi", { class: "more cut" }, store.user(ticket.assignee_id).name ?? ""),
          ),
        ),
        h(
          "div",
          { class: "acts" },
          !isDone &&
            h(
              "button",
              { type: "button", class: "button", onclick: change("resolved") },
              icon("check"),
              this.t("solved"),
            ),
          status === "resolved" &&
            h("button", { type: "button", class: "button", onclick: change("open") }, this.t("reopen")),
        ),
      ),
      this.problemBar(),
      h("parley-thread", { key: `thread ${ticket.id}`, conversation: ticket.id, "no-head": true }),
      isDone && this.#rate(store, ticket),
      status === "closed"
        ? h(
            "footer",
            { class: "foot", key: "closed" },
            h("p", { class: "soft" }, this.t("closed_hint")),
            h("button", { type: "button", class: "button main", onclick: () => this.ask(ticket) }, this.t("follow_up")),
          )
        : h("parley-composer", { key: `composer ${ticket.id}`, conversation: ticket.id }),
    ];
  }

  /** @param {Store} store @param {Ticket} ticket */
  #rate(store, ticket) {
    if (ticket.rating)
      return h(
        "footer",
        { class: "foot", key: "rated" },
        stars(this, ticket.rating),
        h("p", { class: "soft", role: "status" }, this.t("rated", { count: ticket.rating })),
      );
    const given = this.#rating;
    const send = async () => {
      given.isBusy = true;
      this.update();
      const body = { rating: given.rating, ...(given.comment.trim() ? { comment: given.comment.trim() } : {}) };
      const path = { ticket_id: ticket.id };
      const rated = await this.attempt(() =>
        store.client.rest("POST", "/support/tickets/{ticket_id}/rating", { path, body }),
      );
      given.isBusy = false;
      if (rated) this.#tickets?.take(rated);
      this.update();
    };
    return h(
      "footer",
      { class: "foot", key: "rate" },
      h(
        "form",
        {
          class: "form",
          onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            void send();
          },
        },
        h(
          "fieldset",
          { class: "stars" },
          h("legend", null, this.t("rate")),
          [1, 2, 3, 4, 5].map((one) =>
            h(
              "label",
              { key: one, class: one <= given.rating ? "on" : null },
              h("input", {
                type: "radio",
                name: "rating",
                value: String(one),
                checked: given.rating === one,
                "aria-label": this.t("rate_stars", { count: one }),
                onchange: () => {
                  given.rating = one;
                  this.update();
                },
              }),
              icon("star"),
            ),
          ),
        ),
        given.rating > 0 && [
          h("textarea", {
            key: "comment",
            class: "field",
            maxlength: "1000",
            dir: "auto",
            rows: "2",
            "aria-label": this.t("rate_comment"),
            placeholder: this.t("rate_comment"),
            value: given.comment,
            oninput: (/** @type {InputEvent} */ event) => {
              given.comment = /** @type {HTMLTextAreaElement} */ (event.target).value;
            },
          }),
          h(
            "div",
            { key: "send" },
            h("button", { type: "submit", class: "button main", disabled: given.isBusy }, this.t("rate_send")),
          ),
        ],
      ),
    );
  }
}

define("parley-support", ParleySupport);
