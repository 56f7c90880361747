/** What is written of a request: kept among the drafts of the person, so that a look at something else or a reload loses nothing. */
import { categories } from "./tickets.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {{subject: string, description: string, category: string, clientId: string}} Written */

/** The requests that are being sent: a form that is begun meanwhile is another one. @type {Set<string>} */
const sending = new Set();

export class Kept {
  /** @param {Host} host @param {Store} store @param {{id: string} | null} followUpOf */
  constructor(host, store, followUpOf) {
    this.host = host;
    this.store = store;
    this.id = `request:${host.getAttribute("context") ?? ""}:${followUpOf?.id ?? ""}`;
  }

  /** Returns what was written and not sent, or null. @returns {Written | null} */
  read() {
    const draft = this.store["draft"](this.id);
    if (!draft || sending.has(draft.clientId)) return null;
    const [subject = "", ...lines] = String(draft.text).split("\n");
    const names = categories(this.host).map(([name]) => name);
    const category = names.includes(draft.category) ? draft.category : (names[0] ?? "general");
    return { subject, description: lines.join("\n"), category, clientId: String(draft.clientId) };
  }

  /** Keeps what is written, until nothing is. @param {Written} form */
  keep({ subject, description, category, clientId }) {
    const text = `${subject}\n${description}`;
    this.store["setDraft"](this.id, text.trim() ? { text, category, clientId } : null);
  }

  /** Forgets what was written, unless it is of another form now. @param {{clientId: string}} form */
  end({ clientId }) {
    if (this.store["draft"](this.id)?.clientId === clientId) this.store["setDraft"](this.id, null);
  }

  /** Notes that a request is being sent, or no longer. @param {{clientId: string}} form @param {boolean} is */
  isSending({ clientId }, is) {
    if (is) sending.add(clientId);
    else sending.delete(clientId);
  }
}
