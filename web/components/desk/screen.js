/** The agents' screen: the queue, and a ticket with its conversation, notes, canned replies and clocks. */
import { menu } from "../base/dialog.js";
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { parse } from "../base/markdown.js";
import { searchField } from "../base/search.js";
import { exact, relative } from "../base/times.js";
import { skeleton } from "../inbox/people.js";
import { lists } from "../inbox/styles.js";
import { support, ticket as ticketStyles } from "../support/styles.js";
import { badge, categoryName, PRIORITIES, STATUSES, stars, Tickets } from "../support/tickets.js";
import { nameOf, systemText } from "../thread/system.js";
import { desk } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../support/tickets.js").Ticket} Ticket */
/** @typedef {"queue" | "mine" | "nobody" | "overdue"} Tab */
/** @typedef {{notes: any[], replies: any[], sla: any, messages: any[] | null}} Beside what is read beside a ticket; `messages` only of one that the agent is not in */

/** @type {[Tab, string][]} */
const TABS = [
  ["queue", "queue"],
  ["mine", "queue_mine"],
  ["nobody", "queue_nobody"],
  ["overdue", "overdue"],
];
const CLOCKS = ["first_response", "next_response", "resolution"];
const COUNT_MS = 5_000; // the counts are up to five seconds late
const PAUSE_MS = 300;
const MINUTE = 60_000;

class ParleyDeskScreen extends ParleyElement {
  /** @override */
  static styles = [lists, ticketStyles, support, desk];
  /** @override */
  static attributes = ["categories"];

  /** @type {Tab} */
  #tab = "queue";
  #q = "";
  /** @type {Tickets | null} */
  #tickets = null;
  /** @type {any} */
  #counts = null;
  /** @type {boolean | null} */
  #isOnDuty = null;
  /** @type {string | null} */
  #chosen = null;
  /** @type {Beside | null} */
  #beside = null;
  #isNotes = false;
  /** @type {Record<string, string>} what was begun, by ticket and field */
  #written = {};
  /** @type {{kind: "canned" | "agents", anchor: Element, agents?: any[]} | null} */
  #menu = null;
  #isBusy = false;
  /** @type {Store | null} */
  #of = null;
  #end = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #counting;

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    const minute = setInterval(() => this.update(), 30_000); // clocks run
    this.gone.signal.addEventListener("abort", () => {
      clearInterval(minute);
      clearTimeout(this.#timer);
      clearTimeout(this.#counting);
      this.#end();
      this.#of = null;
    });
  }

  /** @param {Store} store @override */
  view(store) {
    this.#follow(store);
    const ticket = this.#chosen ? this.#tickets?.held.get(this.#chosen) : undefined;
    return h(
      "div",
      { class: ticket ? "panes talking" : "panes" },
      this.#list(store),
      h(
        "div",
        { class: "talk", part: "thread-pane", key: "talk" },
        ticket ? this.#ticket(store, ticket) : this.state("chat", this.t("choose_ticket")),
      ),
      this.#menu && this.#menuOf(store),
    );
  }

  /** @param {Store} store @param {string} method @param {string} path @param {object} [asked] @returns {Promise<any>} */
  #rest(store, method, path, asked = {}) {
    return store.client.rest(method, path, asked);
  }

  // --- The queue -----------------------------------------------------------------------------------------------------

  /** @param {Store} store */
  #follow(store) {
    if (this.#of === store || store.connection.status !== "online") return;
    this.#of = store;
    this.#end();
    this.#end = store.client.on?.("event", (/** @type {any} */ event) => this.#take(store, event)) ?? (() => {});
    this.#search(store);
    void this.#readDuty(store);
  }

  /** @param {Store} store */
  async #readDuty(store) {
    const roster = await this.attempt(() => this.#rest(store, "GET", "/support/agents"));
    if (roster)
      this.#isOnDuty = roster.agents.find((/** @type {any} */ one) => one.user_id === store.userId)?.available ?? false;
    await this.#count(store);
  }

  /** @param {Store} store */
  async #count(store) {
    try {
      this.#counts = await this.#rest(store, "GET", "/support/queue-counts");
    } catch {
      // The tabs stand without numbers.
    }
    this.update();
  }

  /** Reads the queue anew by the tab and the search. @param {Store} store */
  #search(store) {
    const filters = {
      queue: {},
      mine: { assignee: store.userId },
      nobody: { assignee: "none" },
      overdue: { overdue: true },
    }[this.#tab];
    const q = this.#q.trim();
    this.#tickets = new Tickets(this, (query) =>
      this.#rest(store, "GET", "/support/tickets/admin/all", { query: { ...query, ...filters, ...(q ? { q } : {}) } }),
    );
    void this.#tickets.load();
  }

  /** @param {Store} store @param {{event: string, data: any}} event */
  #take(store, { event, data }) {
    const { ticket } = data;
    if (/^ticket_(created|updated|sla)$/.test(event) && ticket) {
      const isNew = !this.#tickets?.take(ticket) && event === "ticket_created";
      const fits = {
        queue: true,
        mine: ticket.assignee_id === store.userId,
        nobody: !ticket.assignee_id,
        overdue: false,
      };
      if (isNew && fits[this.#tab] && !this.#q.trim()) this.#tickets?.held.set(ticket.id, ticket);
      clearTimeout(this.#counting);
      this.#counting = setTimeout(() => void this.#count(store), COUNT_MS);
      if (ticket.id === this.#chosen) void this.#readClocks(store, ticket.id);
      this.update();
    } else if (
      this.#chosen &&
      data.conversation_id?.startsWith("n_") &&
      data.conversation_id.slice(2) === this.#chosen.slice(2)
    ) {
      void this.#readNotes(store, this.#chosen);
    } else if (this.#chosen && data.conversation_id === this.#chosen && !store.conversation(this.#chosen)) {
      if (/^message|^new_message/.test(event)) void this.#readMessages(store, this.#chosen);
    }
  }

  /** @param {Store} store */
  #list(store) {
    const tickets = this.#tickets;
    const all = [...(tickets?.held.values() ?? [])];
    const counts = { queue: this.#counts?.open, nobody: this.#counts?.unassigned };
    const label = this.t("queue_hint");
    return h(
      "section",
      { class: "list", key: "list", "aria-label": this.t("queue") },
      h(
        "header",
        { class: "head" },
        h("h2", null, this.t("desk")),
        this.#isOnDuty !== null &&
          h(
            "label",
            { class: "switch" },
            h("input", {
              type: "checkbox",
              role: "switch",
              checked: this.#isOnDuty,
              onchange: () => void this.#setDuty(store, !this.#isOnDuty),
            }),
            this.t("on_duty"),
          ),
      ),
      h(
        "div",
        { class: "find", role: "search", "aria-label": label },
        searchField(
          label,
          (q) => {
            this.#q = q;
            clearTimeout(this.#timer);
            this.#timer = setTimeout(() => this.#search(store), PAUSE_MS);
          },
          { maxlength: "200", value: this.#q },
        ),
      ),
      h(
        "div",
        { class: "filters", role: "group", "aria-label": this.t("filter") },
        TABS.map(([tab, words]) =>
          h(
            "button",
            {
              key: tab,
              type: "button",
              class: "chip",
              "aria-pressed": this.#tab === tab,
              onclick: () => {
                this.#tab = tab;
                this.#search(store);
              },
            },
            this.t(words),
            (tab === "queue" || tab === "nobody") && counts[tab] > 0 && h("span", { class: "soft" }, counts[tab]),
          ),
        ),
      ),
      !this.#chosen && this.problemBar(),
      this.offlineBar(store),
      h(
        "div",
        { class: "scroll" },
        tickets?.error
          ? this.state(
              "alert",
              this.because(tickets.error),
              null,
              this.retry(() => this.#search(store)),
            )
          : all.length
            ? h(
                "ul",
                { key: "tickets", class: "tickets", role: "list" },
                all.map((one) => this.#row(store, one)),
              )
            : tickets?.isRead
              ? this.state("check", this.t("queue_empty"))
              : skeleton(this.t("loading"), 5),
        tickets?.next &&
          !tickets.error &&
          h(
            "button",
            {
              key: "more",
              type: "button",
              class: "button wide",
              disabled: tickets.isLoading,
              onclick: () => void tickets.load(tickets.next),
            },
            this.t("show_more"),
          ),
      ),
    );
  }

  /** @param {Store} store @param {Ticket} ticket */
  #row(store, ticket) {
    const reader = { language: this.language, now: store.now() };
    const at = ticket.last_message?.created_at ?? ticket.created_at;
    return h(
      "li",
      { key: ticket.id },
      h(
        "button",
        {
          type: "button",
          class: ticket.assignee_id ? "ticket" : "ticket new",
          "aria-current": this.#chosen === ticket.id ? "true" : null,
          onclick: () => this.#choose(store, ticket.id),
        },
        h("strong", { class: "cut auto", dir: "auto" }, ticket.subject),
        h("time", { datetime: at, title: exact(at, reader) }, relative(at, reader)),
        h(
          "span",
          { class: "under" },
          badge(this, ticket.status, true),
          /high|urgent/.test(ticket.priority) &&
            h("span", { class: `priority ${ticket.priority}` }, this.t(`priority_${ticket.priority}`)),
          h("bdi", { class: "cut" }, nameOf(this, store, ticket.requester_id)),
        ),
      ),
    );
  }

  /** @param {Store} store @param {boolean} available */
  async #setDuty(store, available) {
    const path = { user_id: store.userId };
    const agent = await this.attempt(() =>
      this.#rest(store, "PUT", "/support/agents/{user_id}", { path, body: { available } }),
    );
    if (agent) this.#isOnDuty = agent.available;
    this.update();
  }

  // --- A ticket ------------------------------------------------------------------------------------------------------

  /** @param {Store} store @param {string | null} id */
  #choose(store, id) {
    this.#chosen = id;
    this.#beside = id ? { notes: [], replies: [], sla: null, messages: null } : null;
    this.#isNotes = false;
    this.problem = null;
    this.update();
    if (!id) return;
    this.emit("select", { conversation_id: id, message_seq: null });
    void this.#readNotes(store, id);
    void this.#readClocks(store, id);
    if (!store.conversation(id)) {
      // As long as it is on the screen, the device hears of it. A failure is that of the reading, too.
      void store.client.request?.("join_conversation", { conversation_id: id }).catch(() => {});
      void this.#readMessages(store, id);
    }
    void this.attempt(async () => {
      const found = await this.#rest(store, "GET", "/support/canned-replies", { query: { ticket_id: id } });
      this.#put(id, { replies: found.canned_replies });
    });
  }

  /** @param {string} id @param {Partial<Beside>} found */
  #put(id, found) {
    if (this.#chosen !== id || !this.#beside) return;
    Object.assign(this.#beside, found);
    this.update();
  }

  /** @param {Store} store @param {string} ticket_id */
  async #readNotes(store, ticket_id) {
    try {
      const page = await this.#rest(store, "GET", "/support/tickets/{ticket_id}/notes", { path: { ticket_id } });
      this.#put(ticket_id, {
        notes: page.messages.filter((/** @type {any} */ note) => !note.deleted_at && !note.system),
      });
    } catch {
      this.#put(ticket_id, { notes: [] }); // of one's own ticket nobody reads the notes
    }
  }

  /** The newest messages of a ticket that the agent is not in: the device holds no such conversation. @param {Store} store @param {string} conversation_id */
  async #readMessages(store, conversation_id) {
    const path = { conversation_id };
    const page = await this.attempt(() =>
      this.#rest(store, "GET", "/conversations/{conversation_id}/messages", { path, query: { limit: 50 } }),
    );
    const at = (/** @type {any} */ one) => one.seq;
    if (page) this.#put(conversation_id, { messages: [...page.messages].sort((a, b) => at(a) - at(b)) });
  }

  /** @param {Store} store @param {string} ticket_id */
  async #readClocks(store, ticket_id) {
    try {
      this.#put(ticket_id, {
        sla: await this.#rest(store, "GET", "/support/tickets/{ticket_id}/sla", { path: { ticket_id } }),
      });
    } catch {
      this.#put(ticket_id, { sla: null });
    }
  }

  /** @param {Store} store @param {Ticket} ticket @param {string} method @param {string} path @param {object} [body] */
  async #change(store, ticket, method, path, body) {
    const changed = await this.attempt(() =>
      this.#rest(store, method, path, { path: { ticket_id: ticket.id }, ...(body ? { body } : {}) }),
    );
    if (changed?.version) this.#tickets?.take(changed);
    if (changed) void this.#readClocks(store, ticket.id);
    this.update();
    return changed;
  }

  /** @param {Store} store @param {Ticket} ticket */
  #ticket(store, ticket) {
    const isClosed = ticket.status === "closed";
    const isOwn = ticket.assignee_id === store.userId;
    const agent = ticket.assignee_id ? nameOf(this, store, ticket.assignee_id) : this.t("nobody");
    /** @param {"status" | "priority"} field @param {string[]} options */
    const select = (field, options) =>
      h(
        "label",
        { key: field },
        this.t(field),
        h(
          "select",
          {
            class: "field",
            value: ticket[field],
            disabled: isClosed,
            onchange: (/** @type {Event} */ event) =>
              void this.#change(store, ticket, "PATCH", "/support/tickets/{ticket_id}", {
                [field]: /** @type {HTMLSelectElement} */ (event.target).value,
              }),
          },
          options.map((one) =>
            h("option", { key: one, value: one }, this.t(one === "waiting_on_customer" ? one : `${field}_${one}`)),
          ),
        ),
      );
    const count = this.#beside?.notes.length ?? 0;
    /** @param {boolean} isNotes @param {string} words */
    const tab = (isNotes, words) =>
      h(
        "button",
        {
          key: words,
          type: "button",
          role: "tab",
          id: `tab-${isNotes}`,
          "aria-selected": this.#isNotes === isNotes,
          "aria-controls": "pane",
          tabindex: this.#isNotes === isNotes ? "0" : "-1",
          onclick: () => this.#show(isNotes),
        },
        this.t(words),
        isNotes && count > 0 && ` (${count})`,
      );
    return [
      h(
        "header",
        { class: "top", key: "top", part: "head" },
        h(
          "button",
          {
            type: "button",
            class: "icon back",
            "aria-label": this.t("back"),
            onclick: () => this.#choose(store, null),
          },
          icon("back"),
        ),
        h(
          "div",
          { class: "what" },
          h("h2", { class: "cut auto", dir: "auto" }, ticket.subject),
          h(
            "p",
            { class: "under" },
            badge(this, ticket.status, true),
            h("bdi", { class: "cut" }, nameOf(this, store, ticket.requester_id)),
            h("span", { class: "cut" }, this.t("ticket_number", { number: ticket.number })),
            h("span", { class: "more cut" }, categoryName(this, ticket.category)),
            ticket.rating && stars(this, ticket.rating),
          ),
        ),
      ),
      this.problemBar(),
      h(
        "div",
        { class: "set", key: "set" },
        select("status", STATUSES),
        select("priority", PRIORITIES),
        h(
          "div",
          { key: "assignee", class: "labelled" },
          h("span", { "aria-hidden": "true" }, this.t("assignee")),
          h(
            "button",
            {
              type: "button",
              class: "button",
              disabled: isClosed,
              "aria-haspopup": "menu",
              "aria-label": `${this.t("assignee")}: ${agent}`,
              onclick: (/** @type {MouseEvent} */ event) =>
                void this.#chooseAgent(store, /** @type {Element} */ (event.currentTarget)),
            },
            h("bdi", null, agent),
            icon("down"),
          ),
        ),
        !isOwn &&
          !isClosed &&
          h(
            "button",
            {
              key: "take",
              type: "button",
              class: "button main",
              onclick: () => void this.#change(store, ticket, "POST", "/support/tickets/{ticket_id}/take"),
            },
            this.t("take"),
          ),
      ),
      this.#clocks(store),
      h(
        "div",
        {
          class: "tabs",
          role: "tablist",
          "aria-label": this.t("details"),
          key: "tabs",
          onkeydown: (/** @type {KeyboardEvent} */ event) => {
            if (!/^Arrow(Left|Right)$/.test(event.key)) return;
            this.#show(!this.#isNotes);
            queueMicrotask(() =>
              queueMicrotask(() =>
                /** @type {HTMLElement | null} */ (this.root.querySelector("[aria-selected=true]"))?.focus(),
              ),
            );
          },
        },
        tab(false, "conversation"),
        tab(true, "notes"),
      ),
      h(
        "div",
        {
          class: "pane",
          id: "pane",
          role: "tabpanel",
          "aria-labelledby": `tab-${this.#isNotes}`,
          key: `pane ${ticket.id} ${this.#isNotes}`,
        },
        this.#isNotes
          ? this.#notes(store)
          : store.conversation(ticket.id)
            ? h("parley-thread", { key: "thread", conversation: ticket.id, "no-head": true })
            : this.#said(store, this.#beside?.messages ?? null, "note plain"),
        (this.#isNotes || !isClosed) && this.#field(store, ticket),
      ),
    ];
  }

  /** @param {boolean} isNotes */
  #show(isNotes) {
    this.#isNotes = isNotes;
    this.update();
  }

  /** The clocks that run or were missed. @param {Store} store */
  #clocks(store) {
    const sla = this.#beside?.sla;
    const shown = CLOCKS.filter((name) => sla?.[name]?.due_at && !sla[name].ended_at);
    if (!shown.length) return null;
    return h(
      "div",
      { class: "clocks", key: "clocks" },
      shown.map((name) => {
        const left = Date.parse(sla[name].due_at) - store.now();
        const reader = { language: this.language };
        return h(
          "span",
          { key: name, class: left < 0 ? "over" : null, title: exact(sla[name].due_at, reader) },
          icon("clock"),
          this.t(`clock_${name}`),
          h("b", null, this.t(left < 0 ? "clock_over" : "clock_left", { time: span(Math.abs(left), this.language) })),
        );
      }),
    );
  }

  /** @param {Store} store */
  #notes(store) {
    const notes = this.#beside?.notes ?? [];
    if (!notes.length) return h("div", { class: "notes" }, this.state("edit", this.t("notes"), this.t("notes_hint")));
    return this.#said(store, notes, "note");
  }

  /** @param {Store} store @param {any[] | null} messages @param {string} name of the class */
  #said(store, messages, name) {
    const reader = { language: this.language, now: store.now() };
    if (!messages) return h("div", { key: "said", class: "notes" }, this.loading());
    return h(
      "ul",
      { key: "said", class: "notes", role: "list" },
      messages
        .filter((message) => !message.hidden)
        .map((message) =>
          h(
            "li",
            { key: message.id, class: name },
            h(
              "header",
              null,
              h("bdi", { class: "cut" }, nameOf(this, store, message.sender_id)),
              h(
                "time",
                { datetime: message.created_at, title: exact(message.created_at, reader) },
                relative(message.created_at, reader),
              ),
            ),
            h("div", { dir: "auto" }, this.#words(store, message)),
            message.attachments?.map((/** @type {any} */ file) => h("bdi", { key: file.id, class: "soft" }, file.name)),
          ),
        ),
    );
  }

  /** @param {Store} store @param {any} message @returns {import("../base/h.js").Content} */
  #words(store, message) {
    if (message.system) return systemText(this, store, message);
    return message.deleted_at ? this.t("deleted") : parse(message.text);
  }

  /** The field for a reply, or for a note. @param {Store} store @param {Ticket} ticket */
  #field(store, ticket) {
    const isNotes = this.#isNotes;
    const key = `${ticket.id} ${isNotes}`;
    const text = this.#written[key] ?? "";
    const label = this.t(isNotes ? "note_write" : "write_message");
    const send = async () => {
      if (!text.trim() || this.#isBusy) return;
      this.#isBusy = true;
      const path = `/support/tickets/{ticket_id}/${isNotes ? "notes" : "respond"}`;
      const sent = await this.#change(store, ticket, "POST", path, {
        text: text.trim(),
        client_id: crypto.randomUUID(),
      });
      this.#isBusy = false;
      if (sent) delete this.#written[key];
      if (sent && isNotes) void this.#readNotes(store, ticket.id);
      this.update();
    };
    return h(
      "div",
      { class: isNotes ? "reply private" : "reply" },
      !isNotes &&
        h(
          "button",
          {
            type: "button",
            class: "icon",
            "aria-label": this.t("canned"),
            title: this.t("canned"),
            "aria-haspopup": "menu",
            onclick: (/** @type {MouseEvent} */ event) => {
              this.#menu = { kind: "canned", anchor: /** @type {Element} */ (event.currentTarget) };
              this.update();
            },
          },
          icon("copy"),
        ),
      h("textarea", {
        class: "field",
        rows: "1",
        dir: "auto",
        maxlength: "10000",
        "aria-label": label,
        placeholder: label,
        value: text,
        oninput: (/** @type {InputEvent} */ event) => {
          const { value } = /** @type {HTMLTextAreaElement} */ (event.target);
          // A shortcut and a space become the canned reply.
          const reply = isNotes
            ? null
            : this.#beside?.replies.find(({ shortcut }) => shortcut && value === `${shortcut} `);
          this.#written[key] = reply ? (reply.filled ?? reply.text) : value;
          this.update();
        },
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          void send();
        },
      }),
      h(
        "button",
        {
          type: "button",
          class: "icon send",
          "aria-label": this.t("send"),
          disabled: !text.trim(),
          onclick: () => void send(),
        },
        icon("send"),
      ),
    );
  }

  /** @param {Store} store @param {Element} anchor */
  async #chooseAgent(store, anchor) {
    const roster = await this.attempt(() => this.#rest(store, "GET", "/support/agents"));
    if (!roster) return;
    this.#menu = { kind: "agents", anchor, agents: roster.agents };
    this.update();
  }

  /** @param {Store} store */
  #menuOf(store) {
    const shown = this.#menu;
    const ticket = this.#chosen ? this.#tickets?.held.get(this.#chosen) : undefined;
    if (!shown || !ticket) return null;
    const onclose = () => {
      this.#menu = null;
      this.update();
    };
    /** @param {string | null} assignee_id */
    const assign = (assignee_id) => () =>
      void this.#change(store, ticket, "POST", "/support/tickets/{ticket_id}/assign", { assignee_id });
    if (shown.kind === "agents")
      return menu({
        anchor: shown.anchor,
        label: this.t("assignee"),
        onclose,
        items: [
          { key: "nobody", label: this.t("nobody"), isChecked: !ticket.assignee_id, act: assign(null) },
          ...(shown.agents ?? []).map(({ user_id: id }) => ({
            key: id,
            label: nameOf(this, store, id),
            isChecked: ticket.assignee_id === id,
            act: assign(id),
          })),
        ],
      });
    const replies = this.#beside?.replies ?? [];
    return menu({
      anchor: shown.anchor,
      label: this.t("canned"),
      onclose,
      items: replies.length
        ? replies.map((reply) => ({
            key: reply.id,
            label: reply.shortcut ? `${reply.title} (${reply.shortcut})` : reply.title,
            act: () => {
              this.#written[`${ticket.id} false`] = reply.filled ?? reply.text;
              this.update();
            },
          }))
        : [{ label: this.t("no_canned"), isDisabled: true, act: () => {} }],
    });
  }
}

/** A span in its greatest unit: `3 hr`, `25 min`. @param {number} ms @param {string} language */
function span(ms, language) {
  const minutes = Math.floor(ms / MINUTE);
  const [unit, value] =
    minutes >= 2880 ? ["day", minutes / 1440] : minutes >= 120 ? ["hour", minutes / 60] : ["minute", minutes];
  return new Intl.NumberFormat(language, { style: "unit", unit: String(unit), maximumFractionDigits: 0 }).format(
    Math.floor(Number(value)),
  );
}

define("parley-desk-screen", ParleyDeskScreen);
