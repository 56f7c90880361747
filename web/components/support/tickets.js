/** Tickets as a customer and an agent see them: reading, following and naming them. */
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {import("../../client/wire.d.ts").components["schemas"]["SupportTicket"]} Ticket */

export const STATUSES = ["open", "in_progress", "waiting_on_customer", "resolved", "closed"];
export const PRIORITIES = ["low", "medium", "high", "urgent"];

/** A list of tickets that was read, and what has come since: of two versions the greater one counts. */
export class Tickets {
  /** @type {Map<string, Ticket>} */
  held = new Map();
  /** @type {string | null} */
  next = null;
  isLoading = false;
  isRead = false;
  /** @type {unknown} */
  error = null;
  #turn = 0;

  /**
   * @param {Host} host
   * @param {(query: Record<string, any>) => Promise<{tickets: Ticket[], next: string | null}>} ask
   */
  constructor(host, ask) {
    this.host = host;
    this.ask = ask;
  }

  /** Reads the first page, or the next one. @param {string | null} [cursor] */
  async load(cursor) {
    const turn = ++this.#turn;
    this.isLoading = true;
    this.error = null;
    this.host.update();
    try {
      const page = await this.ask({ limit: 30, ...(cursor ? { cursor } : {}) });
      if (turn !== this.#turn) return;
      if (!cursor) this.held.clear();
      for (const ticket of page.tickets) this.held.set(ticket.id, ticket);
      this.next = page.next;
      this.isRead = true;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.error = error;
    }
    this.isLoading = false;
    this.host.update();
  }

  /**
   * Reads the first page again, unseen: of two versions the greater one counts. What is not on it goes, unless more pages were read, and but for `kept`,
   * which is on the screen. A failure leaves what is there.
   *
   * @param {string | null} kept
   */
  async refresh(kept) {
    if (!this.isRead || this.isLoading) return;
    const turn = this.#turn;
    const page = await this.ask({ limit: 30 }).catch(() => null);
    if (!page || turn !== this.#turn) return;
    const before = this.held;
    this.held = new Map(page.tickets.map((ticket) => [ticket.id, ticket]));
    const isLong = before.size > page.tickets.length && this.next !== page.next;
    for (const [id, ticket] of before) {
      const now = this.held.get(id);
      if (now ? ticket.version > now.version : isLong || id === kept) this.held.set(id, ticket);
    }
    if (!isLong) this.next = page.next;
    this.error = null;
    this.host.update();
  }

  /** @param {any} ticket @returns {boolean} whether it is one of the list */
  take(ticket) {
    const known = this.held.get(ticket.id);
    if (!known) return false;
    if (ticket.version >= known.version) this.held.set(ticket.id, { ...known, ...ticket });
    this.host.update();
    return true;
  }
}

/** @param {Host} host @param {string} status @param {boolean} [isDesk] */
export function badge(host, status, isDesk) {
  const words = isDesk && status === "waiting_on_customer" ? "waiting_on_customer" : `status_${status}`;
  return h("span", { class: `status ${status}`, part: "status" }, host.t(words));
}

/** A rating that was given. @param {Host} host @param {number} rating */
export function stars(host, rating) {
  return h(
    "span",
    { class: "still", role: "img", "aria-label": host.t("rate_stars", { count: rating }) },
    [1, 2, 3, 4, 5].map((one) => icon("star", one <= rating ? "on" : "")),
  );
}

/** What a category is called: the element's own words, those of the language, or its id. @param {Host} host @param {string} category */
export function categoryName(host, category) {
  const own = categories(host).find(([id]) => id === category)?.[1];
  const key = `category_${category}`;
  const words = host.t(key);
  return own ?? (words === key ? category : words);
}

/** The categories of the attribute: `booking: My booking, general`. @param {Host} host @returns {[string, string | undefined][]} */
export function categories(host) {
  const written = host.getAttribute("categories") ?? "general, booking, destination, complaint";
  return written
    .split(",")
    .map((one) => one.split(":").map((part) => part.trim()))
    .filter(([id]) => id)
    .map(([id, name]) => [/** @type {string} */ (id), name || undefined]);
}
