/** The customer's side of the support desk: their requests, a form for a new one, the conversation, and a rating. */
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { exact, relative } from "../base/times.js";
import { short } from "../inbox/entry.js";
import { skeleton } from "../inbox/people.js";
import { lists } from "../inbox/styles.js";
import { support, ticket as ticketStyles } from "./styles.js";
import { badge, categoryName, stars, Tickets } from "./tickets.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("./tickets.js").Ticket} Ticket */
/** @typedef {{form: import("./form.js").RequestForm | null, hasFailed: boolean, again: () => void}} Asked the form that is shown, or on its way */

/**
 * `categories` names the desk's (`booking: My booking, general`), `context` (`type:id`) what a new request is about, `ticket` which one is shown, `articles` that the list has a search of the knowledge base.
 *
 * Events: `parley-select` {conversation_id}, `parley-ticket` {ticket}: one was opened.
 */
export class ParleySupport extends ParleyElement {
  /** @override */
  static styles = [lists, ticketStyles, support];
  /** @override */
  static attributes = ["categories", "context", "ticket", "articles"];

  /** @type {Tickets | null} */
  #tickets = null;
  /** @type {Store | null} */
  #of = null;
  #end = () => {};
  /** @type {string | null} */
  #chosen = null;
  /** @type {Asked | null} */
  #asked = null;
  /** @type {import("./help.js").Help | null} the search of articles, where the page wants it */
  #help = null;
  #isBringing = false;
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
    this.#of = this.#tickets = this.#chosen = this.#asked = this.#help = null;
  }

  /** Shows the form for a new request. @param {Ticket | null} [followUpOf] a closed one that it continues @param {string} [subject] */
  ask(followUpOf = null, subject = "") {
    const { store } = this;
    const asked = { form: null, hasFailed: false, again: () => this.ask(followUpOf, subject) };
    this.#asked = asked;
    this.#help?.reader.close();
    this.problem = null;
    this.update();
    const options = {
      followUpOf,
      subject,
      back: () => this.#back(),
      leave: () => this.#choose(null),
      opened: (/** @type {Ticket} */ ticket) => {
        if (this.store !== store) return; // another person has taken the place
        this.#tickets?.held.set(ticket.id, ticket);
        this.emit("ticket", { ticket });
        if (this.#asked === asked) this.#choose(ticket.id); // else the person is at something else
      },
      again: () => void this.#tickets?.load(),
    };
    void this.#bringForm(asked, options);
  }

  /** @param {Asked} asked @param {import("./form.js").Options} options */
  async #bringForm(asked, options) {
    try {
      const { RequestForm } = await import("./form.js");
      if (this.#asked === asked && this.store) asked.form = new RequestForm(this, this.store, options);
    } catch {
      asked.hasFailed = true; // the pane says so, and its button tries again
    }
    this.update();
  }

  /** @override */
  drawn() {
    this.#asked?.form?.articles.reader.drawn();
    this.#help?.reader.drawn();
  }

  /** @param {Store} store @override */
  view(store) {
    this.#follow(store);
    if (!this.hasAttribute("articles")) this.#help = null;
    else if (!this.#help) void this.#bringHelp();
    const ticket = this.#chosen ? this.#tickets?.held.get(this.#chosen) : undefined;
    const isTalking = !!this.#asked || !!this.#help?.reader.isReading || !!ticket;
    return h(
      "div",
      { class: isTalking ? "panes talking" : "panes" },
      this.#list(store),
      h(
        "div",
        { class: "talk", part: "thread-pane", key: "talk" },
        this.#help?.reader.isReading
          ? [this.#help.reader.head(), this.problemBar(), this.#help.reader.view()]
          : this.#asked
            ? this.#formPane(this.#asked)
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

  /** Brings the search of articles. If it does not come, the next drawing tries again. */
  async #bringHelp() {
    if (this.#isBringing) return;
    this.#isBringing = true;
    const module = await import("./help.js").catch(() => null);
    this.#isBringing = false;
    if (!module || !this.store) return;
    this.#help = new module.Help(this, this.store, (subject) => {
      this.#help?.reader.close();
      if (this.#asked)
        this.update(); // its form has waited
      else this.ask(null, subject);
    });
    this.update();
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
      this.#help?.field(),
      !this.#asked && !this.#help?.reader.isReading && this.problemBar(),
      this.offlineBar(store),
      h(
        "div",
        { class: "scroll" },
        this.#help?.isSearching
          ? this.#help.results()
          : tickets?.error
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
          "aria-current": this.#chosen === ticket.id && !this.#asked ? "true" : null,
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
    this.#asked = null;
    this.#help?.reader.close();
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

  /** @param {Asked} asked */
  #formPane({ form, hasFailed, again }) {
    if (form) return form.view();
    return [
      h("header", { class: "top", key: "top" }, this.#back(), h("h2", null, this.t("new_ticket"))),
      hasFailed ? this.state("alert", this.t("error_network"), null, this.retry(again)) : this.loading(),
    ];
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
