/** The agents' screen: the queue, and a ticket with its conversation, notes, canned replies, macros and clocks. */
import words from "../../languages/en.desk.js";
import { menu } from "../base/dialog.js";
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { bringWords } from "../base/languages.js";
import { searchField } from "../base/search.js";
import { switches, toggle } from "../base/switches.js";
import { exact, relative } from "../base/times.js";
import { Act, Uploads } from "../base/tries.js";
import { skeleton } from "../inbox/people.js";
import { lists } from "../inbox/styles.js";
import { support, ticket as ticketStyles } from "../support/styles.js";
import { badge, categoryName, PRIORITIES, STATUSES, stars, Tickets } from "../support/tickets.js";
import { nameOf } from "../thread/system.js";
import { clocks } from "./clocks.js";
import { Macros } from "./macros.js";
import { said } from "./said.js";
import { desk } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../support/tickets.js").Ticket} Ticket */
/** @typedef {"queue" | "mine" | "nobody" | "overdue" | "resolved"} Tab */
/** @typedef {"conversation" | "notes" | "history"} Pane */
/** @typedef {{notes: any[], replies: any[], sla: any, messages: any[] | null, history: import("./history.js").Read | null}} Beside what is read beside a ticket; `messages` only of one that the agent is not in */

bringWords(words);

/** @type {[Tab, string][]} */
const TABS = [
  ["queue", "queue"],
  ["mine", "queue_mine"],
  ["nobody", "queue_nobody"],
  ["overdue", "overdue"],
  ["resolved", "status_resolved"],
];
const WAITING = "open,in_progress,waiting_on_customer"; // what the counts have as open
/** @type {Pane[]} */
const PANES = ["conversation", "notes", "history"];
const LOOK_MS = 30_000; // between two looks at what no event tells: all that others do while the agent is off duty, and targets that are missed
const COUNT_MS = 5_000; // the counts are up to five seconds late
const PAUSE_MS = 300;

class ParleyDeskScreen extends ParleyElement {
  /** @override */
  static styles = [lists, ticketStyles, support, switches, desk];
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
  /** @type {Pane} */
  #pane = "conversation";
  /** @type {typeof import("./history.js") | null} */
  #historian = null;
  /** @type {string | null} the ticket of another agent that the device has joined to hear of it */
  #joined = null;
  /** @type {Record<string, string>} notes that were begun, by ticket */
  #written = {};
  /** @type {{kind: "canned" | "agents", anchor: Element, agents?: any[]} | null} */
  #menu = null;
  #replying = new Act();
  #noting = new Act();
  #uploads = new Uploads();
  #macros = new Macros(this, (store, ticket) => {
    this.#tickets?.take(ticket);
    this.#readAfter(store, ticket.id);
    if (!store.conversation(ticket.id)) void this.#readMessages(store, ticket.id);
  });
  #isBusy = false;
  #isOnline = false;
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
    const minute = setInterval(() => {
      this.update(); // clocks run
      if (this.#isOnDuty === false || this.#tab === "overdue") this.#refresh();
    }, LOOK_MS);
    document.addEventListener("visibilitychange", () => this.#refresh(), { signal: this.gone.signal });
    this.gone.signal.addEventListener("abort", () => {
      clearInterval(minute);
      clearTimeout(this.#timer);
      clearTimeout(this.#counting);
      this.#leave();
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
      ticket && this.#macros.over(store, ticket),
    );
  }

  /** @param {Store} store @param {string} method @param {string} path @param {object} [asked] @returns {Promise<any>} */
  #rest(store, method, path, asked = {}) {
    return store.client.rest(method, path, asked);
  }

  // --- The queue -----------------------------------------------------------------------------------------------------

  /** @param {Store} store */
  #follow(store) {
    const wasOnline = this.#isOnline;
    this.#isOnline = store.connection.status === "online";
    if (this.#of === store && this.#isOnline && !wasOnline) this.#refresh(); // what happened meanwhile is told to nobody
    if (this.#of === store || !this.#isOnline) return;
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

  /** Reads the queue and its counts again, if anybody sees them. */
  #refresh() {
    const store = this.#of;
    if (!store || !this.#isOnline || document.visibilityState !== "visible") return;
    void this.#tickets?.refresh(this.#chosen);
    void this.#count(store);
  }

  /** Counts are up to five seconds late. @param {Store} store */
  #countSoon(store) {
    clearTimeout(this.#counting);
    this.#counting = setTimeout(() => void this.#count(store), COUNT_MS);
  }

  /** Whether a ticket belongs to the list of the tab, by what the API has filtered for it. @param {Store} store @param {Ticket} ticket */
  #fits(store, { status, assignee_id }) {
    const tab = this.#tab;
    if (tab === "resolved") return status === "resolved";
    if (tab === "queue" && this.#q.trim()) return true;
    if (/^(resolved|closed)$/.test(status)) return false;
    return tab === "mine" ? assignee_id === store.userId : tab !== "nobody" || !assignee_id;
  }

  /** How many a tab has: by the list, if it is there as a whole, else as the API has counted. @param {Tab} tab @param {Ticket[]} shown */
  #countOf(tab, shown) {
    const isWhole = this.#tickets?.isRead && !this.#tickets.next && !this.#q.trim();
    if (isWhole && tab === this.#tab) return shown.length;
    if (isWhole && this.#tab === "queue" && tab === "nobody") return shown.filter((one) => !one.assignee_id).length;
    return tab === "queue" ? this.#counts?.open : tab === "nobody" ? this.#counts?.unassigned : 0;
  }

  /** Reads the queue anew by the tab and the search. @param {Store} store */
  #search(store) {
    const q = this.#q.trim();
    const filters = {
      queue: q ? {} : { status: WAITING },
      mine: { status: WAITING, assignee: store.userId },
      nobody: { status: WAITING, assignee: "none" },
      overdue: { overdue: true },
      resolved: { status: "resolved" },
    }[this.#tab];
    this.#tickets = new Tickets(this, (query) =>
      this.#rest(store, "GET", "/support/tickets/admin/all", { query: { ...query, ...filters, ...(q ? { q } : {}) } }),
    );
    void this.#tickets.load();
  }

  /** @param {Store} store @param {{event: string, data: any}} event */
  #take(store, { event, data }) {
    const { ticket } = data;
    if (/^ticket_(created|updated|sla)$/.test(event) && ticket) {
      const isNew = !this.#tickets?.take(ticket) && this.#tab !== "overdue" && !this.#q.trim();
      if (isNew && this.#fits(store, ticket)) this.#tickets?.held.set(ticket.id, ticket);
      this.#countSoon(store);
      if (ticket.id === this.#chosen) void this.#readClocks(store, ticket.id);
      this.update();
    } else if (/^user_(joined|left)_conversation$/.test(event) && data.conversation_id === this.#chosen) {
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
    const all = [...(tickets?.held.values() ?? [])].filter((one) => this.#fits(store, one));
    const counts = { queue: this.#countOf("queue", all), nobody: this.#countOf("nobody", all) };
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
            toggle(this.#isOnDuty, (isOnDuty) => void this.#setDuty(store, isOnDuty)),
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
        tickets?.next && !tickets.error && this.showMore(tickets.isLoading, () => void tickets.load(tickets.next)),
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
    this.#refresh(); // what came off duty
    this.update();
  }

  // --- A ticket ------------------------------------------------------------------------------------------------------

  /** @param {Store} store @param {string | null} id */
  #choose(store, id) {
    this.#chosen = id;
    this.#beside = id ? { notes: [], replies: [], sla: null, messages: null, history: null } : null;
    this.#pane = "conversation";
    this.#macros.close();
    this.#leave();
    this.problem = null;
    this.update();
    if (!id) return;
    this.emit("select", { conversation_id: id, message_seq: null });
    void this.#readNotes(store, id);
    void this.#readClocks(store, id);
    if (!store.conversation(id)) {
      // As long as it is on the screen, the device hears of it. A failure is that of the reading, too.
      this.#joined = id;
      void store.client.request?.("join_conversation", { conversation_id: id }).catch(() => {});
      void this.#readMessages(store, id);
    }
    void this.attempt(async () => {
      const found = await this.#rest(store, "GET", "/support/canned-replies", { query: { ticket_id: id } });
      this.#put(id, { replies: found.canned_replies });
    });
  }

  /** Takes the ticket off the screens of other agents, who see who looks at it. */
  #leave() {
    const conversation_id = this.#joined;
    this.#joined = null;
    // Without a connection there is nothing to leave.
    if (conversation_id) this.#of?.client.request?.("leave_conversation", { conversation_id }).catch(() => {});
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
    if (changed) this.#readAfter(store, ticket.id);
    this.update();
    return changed;
  }

  /** Reads what a change moves. @param {Store} store @param {string} id of the ticket */
  #readAfter(store, id) {
    void this.#readClocks(store, id);
    this.#countSoon(store);
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
    /** @param {Pane} pane */
    const tab = (pane) =>
      h(
        "button",
        {
          key: pane,
          type: "button",
          role: "tab",
          id: `tab-${pane}`,
          "aria-selected": this.#pane === pane,
          "aria-controls": "pane",
          tabindex: this.#pane === pane ? "0" : "-1",
          onclick: () => this.#show(pane),
        },
        this.t(pane),
        pane === "notes" && count > 0 && ` (${count})`,
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
      !this.#macros.isOpen && this.problemBar(),
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
      this.#viewers(store, ticket),
      clocks(this, store, this.#beside?.sla),
      h(
        "div",
        {
          class: "tabs",
          role: "tablist",
          "aria-label": this.t("details"),
          key: "tabs",
          onkeydown: (/** @type {KeyboardEvent} */ event) => {
            if (!/^Arrow(Left|Right)$/.test(event.key)) return;
            const isOn = (event.key === "ArrowRight") === (getComputedStyle(this).direction === "ltr");
            const at = PANES.indexOf(this.#pane) + (isOn ? 1 : PANES.length - 1);
            this.#show(/** @type {Pane} */ (PANES[at % PANES.length]));
            queueMicrotask(() =>
              queueMicrotask(() =>
                /** @type {HTMLElement | null} */ (this.root.querySelector("[aria-selected=true]"))?.focus(),
              ),
            );
          },
        },
        PANES.map(tab),
      ),
      h(
        "div",
        {
          class: "pane",
          id: "pane",
          role: "tabpanel",
          "aria-labelledby": `tab-${this.#pane}`,
          key: `pane ${ticket.id} ${this.#pane}`,
        },
        this.#pane === "history"
          ? this.#history(store, ticket.id)
          : this.#pane === "notes"
            ? this.#notes(store)
            : store.conversation(ticket.id)
              ? h("parley-thread", { key: "thread", conversation: ticket.id, "no-head": true })
              : said(this, store, this.#beside?.messages ?? null, "note plain"),
        this.#pane === "notes" && this.#field(store, ticket),
        this.#pane === "conversation" && !isClosed && this.#reply(store, ticket),
      ),
    ];
  }

  /** @param {Pane} pane */
  #show(pane) {
    this.#pane = pane;
    const id = this.#chosen;
    if (pane === "history" && id && this.#of) void this.#readHistory(this.#of, id, null);
    this.update();
  }

  /** @param {Store} store @param {string} id @param {import("./history.js").Read | null} before */
  async #readHistory(store, id, before) {
    if (before) before.isLoading = true;
    const read = await this.attempt(async () => {
      this.#historian ??= await import("./history.js");
      return this.#historian.readHistory(store, id, before);
    });
    if (read) this.#put(id, { history: read });
    else if (before) before.isLoading = false;
  }

  /** @param {Store} store @param {string} id */
  #history(store, id) {
    const read = this.#beside?.history;
    if (!this.#historian || !read) return h("div", { key: "history", class: "notes" }, this.loading());
    return this.#historian.history(this, store, read, () => void this.#readHistory(store, id, read));
  }

  /** The other agents who have the ticket on their screens; events tell of its requester, too. @param {Store} store @param {Ticket} ticket */
  #viewers(store, ticket) {
    const all = /** @type {string[]} */ (store.client.replica?.viewers(ticket.id) ?? []);
    const ids = all.filter((id) => id !== ticket.requester_id);
    const names = new Intl.ListFormat(this.language).format(ids.map((one) => nameOf(this, store, one)));
    return h(
      "p",
      { key: "viewers", class: "viewers", role: "status" },
      ids.length > 0 && [icon("user"), h("bdi", null, this.t("looking", { names }))],
    );
  }

  /** @param {Store} store */
  #notes(store) {
    const notes = this.#beside?.notes ?? [];
    if (!notes.length) return h("div", { class: "notes" }, this.state("edit", this.t("notes"), this.t("notes_hint")));
    return said(this, store, notes, "note");
  }

  /** Where a reply is written, with all that a composer has, the canned ones and the macros beside it. @param {Store} store @param {Ticket} ticket */
  #reply(store, ticket) {
    const isIn = !!store.conversation(ticket.id);
    return h(
      "div",
      { class: "reply said", oninput: () => this.#expand() },
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
      this.#macros.button(store),
      h("parley-composer", {
        key: "composer",
        conversation: ticket.id,
        // The store sends for those who are in the ticket. For another agent it holds no such conversation, and the API takes no voice message.
        deliver: isIn ? null : (/** @type {any} */ draft) => this.#respond(store, ticket, draft),
        "no-voice": !isIn,
      }),
    );
  }

  get #composer() {
    return /** @type {import("../composer/composer.js").ParleyComposer | null} */ (
      this.root.querySelector("parley-composer")
    );
  }

  /** Writes a canned reply, under the words that are there already. @param {{text: string, filled: string | null}} reply */
  #write(reply, before = "") {
    const composer = this.#composer;
    if (!composer) return;
    const kept = before.trimEnd();
    composer.text = (kept && `${kept}\n`) + (reply.filled ?? reply.text);
    composer.update();
    composer.focus();
  }

  /** A shortcut and a space become the canned reply. */
  #expand() {
    const text = this.#composer?.text;
    const reply = this.#beside?.replies.find(({ shortcut }) => shortcut && text === `${shortcut} `);
    if (reply) this.#write(reply);
  }

  /** @param {Store} store @param {Ticket} ticket @param {{text: string, files: File[]}} draft */
  async #respond(store, ticket, { text, files }) {
    const attachment_ids = [];
    for (const file of files) {
      const to = { conversation_id: ticket.id };
      attachment_ids.push((await store.client.upload(to, file, { clientId: this.#uploads.idOf(file) })).id);
    }
    const said = { ...(text ? { text } : {}), ...(files.length ? { attachment_ids } : {}) };
    const body = { ...said, client_id: this.#replying.idOf([ticket.id, said]) };
    const path = { ticket_id: ticket.id };
    const sent = await this.#rest(store, "POST", "/support/tickets/{ticket_id}/respond", { path, body });
    this.#replying.done();
    void this.#readClocks(store, ticket.id);
    if (!store.conversation(ticket.id)) void this.#readMessages(store, ticket.id);
    return sent;
  }

  /** The field for a note. @param {Store} store @param {Ticket} ticket */
  #field(store, ticket) {
    const key = ticket.id;
    const text = this.#written[key] ?? "";
    const label = this.t("note_write");
    const send = async () => {
      if (!text.trim() || this.#isBusy) return;
      this.#isBusy = true;
      const sent = await this.#change(store, ticket, "POST", "/support/tickets/{ticket_id}/notes", {
        text: text.trim(),
        client_id: this.#noting.idOf([key, text.trim()]),
      });
      this.#isBusy = false;
      if (sent) {
        this.#noting.done();
        const now = this.#written[key] ?? "";
        // Words that came while it was sent are not in it.
        this.#written[key] = now.startsWith(text) ? now.slice(text.length).trimStart() : "";
      }
      if (sent) void this.#readNotes(store, ticket.id);
      this.update();
    };
    return h(
      "div",
      { class: "reply private" },
      h("textarea", {
        class: "field",
        rows: "1",
        dir: "auto",
        maxlength: "10000",
        "aria-label": label,
        placeholder: label,
        value: text,
        oninput: (/** @type {InputEvent} */ event) => {
          this.#written[key] = /** @type {HTMLTextAreaElement} */ (event.target).value;
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
            act: () => this.#write(reply, this.#composer?.text),
          }))
        : [{ label: this.t("no_canned"), isDisabled: true, act: () => {} }],
    });
  }
}

define("parley-desk-screen", ParleyDeskScreen);
