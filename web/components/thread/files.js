/** Addresses of files. They end soon, so they are asked for when a file comes to the screen, for all files of a moment at once. */

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {{url: string, thumbnail_url?: string | null, expires_at: string}} Urls */

const MOST = 50; // ids of one request
const EARLY_MS = 5_000; // an address that ends so soon is asked for again

export class Files {
  /** Grows when an address has come. */
  version = 0;
  /** @type {Map<string, Urls | null>} null: there is none */
  #known = new Map();
  /** @type {Set<string>} */
  #wanted = new Set();
  /** @type {Set<string>} */
  #underWay = new Set();
  #store;
  #onChange;

  /** @param {Store} store @param {() => void} onChange */
  constructor(store, onChange) {
    this.#store = store;
    this.#onChange = onChange;
  }

  /** Returns the addresses of a file, null if nobody gets it, undefined while they are asked for. @param {string} id */
  urls(id) {
    const known = this.#known.get(id);
    if (known === null) return null;
    // An old one still shows what the browser has; whoever opens the file gets a new one by `fresh`.
    if (known === undefined) this.#want(id);
    return known;
  }

  /** Returns an address that is good for some seconds. @param {string} id */
  async fresh(id) {
    const known = this.#known.get(id);
    if (known && Date.parse(known.expires_at) - this.#store.now() > EARLY_MS) return known;
    const { attachments } = await this.#store.attachmentUrls([id]);
    this.#take(attachments);
    return /** @type {Urls | null} */ (attachments[id] ?? null);
  }

  /** An address did not work: asks for another one, once. @param {string} id */
  again(id) {
    const known = this.#known.get(id);
    if (known && Date.parse(known.expires_at) - this.#store.now() < EARLY_MS) {
      this.#known.delete(id);
      this.#want(id);
    }
  }

  /** @param {string} messageId @param {string} id of the picture */
  preview(messageId, id) {
    const key = `preview ${id}`;
    const known = this.#known.get(key);
    if (known === undefined && !this.#underWay.has(key)) {
      this.#underWay.add(key);
      const asked = { path: { message_id: messageId } };
      this.#store.client
        .rest("GET", "/messages/{message_id}/preview/image", asked)
        .then((/** @type {Urls} */ urls) => this.#take({ [key]: urls }))
        .catch(() => this.#take({ [key]: null })) // a preview without its picture is still one
        .finally(() => this.#underWay.delete(key));
    }
    return known;
  }

  /** @param {string} id */
  #want(id) {
    if (this.#wanted.has(id) || this.#underWay.has(id)) return;
    this.#wanted.add(id);
    if (this.#wanted.size === 1) setTimeout(() => void this.#ask(), 20);
  }

  async #ask() {
    const ids = [...this.#wanted].slice(0, MOST);
    for (const id of ids) {
      this.#wanted.delete(id);
      this.#underWay.add(id);
    }
    if (this.#wanted.size > 0) setTimeout(() => void this.#ask(), 20);
    try {
      this.#take((await this.#store.attachmentUrls(ids)).attachments);
    } catch {
      // Without a connection there is no picture now; the next drawing after some seconds asks again.
      setTimeout(this.#onChange, EARLY_MS);
    }
    for (const id of ids) this.#underWay.delete(id);
  }

  /** @param {Record<string, Urls | null>} urls */
  #take(urls) {
    for (const [id, one] of Object.entries(urls)) this.#known.set(id, one);
    this.version += 1;
    this.#onChange();
  }
}
