/** The macros of the desk: a menu of them, what one will do to a ticket, and applying it. */
import { menu, modal } from "../base/dialog.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { parse } from "../base/markdown.js";
import { Act } from "../base/tries.js";
import { changed, without } from "./fields.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {import("../support/tickets.js").Ticket} Ticket */
/** @typedef {import("../../client/wire.d.ts").components["schemas"]["Macro"]} Macro */

const MOST = 200; // macros of a desk
const PAGE = 100;
const MOST_PAGES = 20; // a page of long macros is cut
const FIELDS = /** @type {const} */ (["status", "priority", "category", "assignee_id", "team"]);

/** The macros beside one screen: what is open of them, and the act that is under way. */
export class Macros {
  /** @type {{anchor: Element, macros: Macro[]} | null} */
  #menu = null;
  /** @type {Macro | null} the macro that is looked at before it is applied */
  #chosen = null;
  #applying = new Act();
  #isBusy = false;

  /** @param {Host} host @param {(store: Store, ticket: Ticket) => void} done takes the ticket as it is after a macro, or as it was read again */
  constructor(host, done) {
    this.host = host;
    this.done = done;
  }

  /** Whether a macro is looked at: it says then why it failed. */
  get isOpen() {
    return this.#chosen !== null;
  }

  /** Closes what is open. What failed in the dialog ends with it. */
  close() {
    if (this.#chosen) this.host.problem = null;
    this.#menu = this.#chosen = null;
    this.host.update();
  }

  /** @param {Store} store */
  button(store) {
    const { host } = this;
    return h(
      "button",
      {
        key: "macros",
        type: "button",
        class: "icon",
        "aria-label": host.t("macros"),
        title: host.t("macros"),
        "aria-haspopup": "menu",
        onclick: (/** @type {MouseEvent} */ event) =>
          void this.#show(store, /** @type {Element} */ (event.currentTarget)),
      },
      icon("bolt"),
    );
  }

  /** @param {Store} store @param {Element} anchor */
  async #show(store, anchor) {
    const macros = await this.host.attempt(() => read(store));
    if (!macros || !anchor.isConnected) return;
    const { compare } = new Intl.Collator(this.host.language);
    this.#menu = { anchor, macros: macros.sort((a, b) => compare(a.title, b.title)) };
    this.host.update();
  }

  /** What lies over the screen: the menu, or the macro that is looked at. @param {Store} store @param {Ticket} ticket */
  over(store, ticket) {
    if (this.#menu) return this.#menuOf(this.#menu);
    return this.#chosen ? this.#look(store, ticket, this.#chosen) : null;
  }

  /** @param {{anchor: Element, macros: Macro[]}} shown */
  #menuOf({ anchor, macros }) {
    const { host } = this;
    return menu({
      anchor,
      label: host.t("macros"),
      onclose: () => {
        this.#menu = null;
        host.update();
      },
      items: macros.length
        ? macros.map((macro) => ({
            key: macro.id,
            label: macro.title,
            act: () => {
              this.#chosen = macro;
              host.problem = null;
              host.update();
            },
          }))
        : [{ label: host.t("no_macros"), isDisabled: true, act: () => {} }],
    });
  }

  /** @param {Store} store @param {Ticket} ticket @param {Macro} macro */
  #look(store, ticket, macro) {
    const { host } = this;
    const { reply, status } = macro.effects;
    const isClosed = ticket.status === "closed";
    const isFinal = isClosed || status === "closed"; // nothing opens a closed ticket again
    const changes = changesOf(macro.effects, ticket, store.userId);
    const close = () => this.close();
    return modal(
      {
        key: "macro",
        title: macro.title,
        close: host.t("close"),
        onclose: close,
        class: "macro",
        footer: [
          h("button", { type: "button", class: "button", autofocus: isFinal, onclick: close }, host.t("cancel")),
          h(
            "button",
            {
              type: "button",
              class: "button main",
              autofocus: !isFinal,
              disabled: this.#isBusy || isClosed,
              onclick: () => void this.#apply(store, ticket, macro),
            },
            host.t("macro_apply"),
          ),
        ],
      },
      host.problemBar(),
      changes.map(([field, change]) => changed(host, store, field, change)),
      reply && [
        h("h3", { key: "says", id: "macro-reply" }, host.t("macro_reply")),
        h(
          "blockquote",
          { key: "reply", class: "note plain", dir: "auto", "aria-labelledby": "macro-reply" },
          parse(reply),
        ),
      ],
    );
  }

  /** @param {Store} store @param {Ticket} ticket @param {Macro} macro */
  async #apply(store, ticket, macro) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.host.problem = null;
    this.host.update();
    const client_id = this.#applying.idOf([ticket.id, macro.id]);
    const applied = await this.host.attempt(() => apply(store, ticket, macro, client_id, this.done));
    this.#isBusy = false;
    if (applied) {
      this.#applying.done();
      if (this.#chosen === macro) this.#chosen = null;
      this.done(store, applied.ticket);
    }
    this.host.update();
  }
}

/** Reads the macros of the desk: all its pages, as far as a desk may have macros. @param {Store} store @returns {Promise<Macro[]>} */
async function read(store) {
  /** @type {Macro[]} */
  const macros = [];
  /** @type {string | null} */
  let cursor = null;
  for (let page = 0; page < MOST_PAGES && macros.length < MOST; page++) {
    /** @type {Record<string, string | number>} */
    const query = { limit: PAGE, ...(cursor ? { cursor } : {}) };
    /** @type {import("../../client/wire.d.ts").components["schemas"]["MacroList"]} */
    const read = await store.client.rest("GET", "/support/macros", { query });
    macros.push(...read.macros);
    cursor = read.next;
    if (!cursor) break;
  }
  return macros.slice(0, MOST);
}

/**
 * Applies a macro to a ticket as the agent has seen it. Of one that has changed since, the ticket is read again: the next try is of what the agent sees then.
 *
 * @param {Store} store
 * @param {Ticket} ticket
 * @param {Macro} macro
 * @param {string} client_id
 * @param {(store: Store, ticket: Ticket) => void} done
 */
async function apply(store, ticket, macro, client_id, done) {
  const path = { ticket_id: ticket.id };
  try {
    return await store.client.rest("POST", "/support/tickets/{ticket_id}/macros/{macro_id}", {
      path: { ...path, macro_id: macro.id },
      body: { client_id, version: ticket.version },
    });
  } catch (error) {
    if (/** @type {any} */ (error).code === "ticket_changed")
      done(store, await store.client.rest("GET", "/support/tickets/{ticket_id}", { path }));
    throw error;
  }
}

/**
 * Returns what a macro changes of a ticket, by field, without what is so already. What follows from that by the desk's file is not among it.
 *
 * @param {Macro["effects"]} effects
 * @param {Ticket} ticket
 * @param {string} userId
 * @returns {[string, {from: any, to: any}][]}
 */
export function changesOf(effects, ticket, userId) {
  const { add_tags = [], remove_tags = [], take } = effects;
  /** @type {Record<string, any>} */
  const after = { ...effects, ...(take ? { assignee_id: userId } : {}) };
  if (add_tags.length || remove_tags.length) {
    const tags = [...new Set([...without(ticket.tags, remove_tags), ...add_tags])];
    if (without(tags, ticket.tags).length || without(ticket.tags, tags).length) after["tags"] = tags;
  }
  return [...FIELDS, /** @type {const} */ ("tags")]
    .filter((field) => after[field] !== undefined && after[field] !== ticket[field])
    .map((field) => [field, { from: ticket[field], to: after[field] }]);
}
