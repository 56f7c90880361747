/** The ids of what a person may try again: the API knows an act again by its id, and does it once. */

/** An act such as a reply: the same one again has the same id, until it is done. */
export class Act {
  /** The act that is under way, or failed. @type {{what: string, id: string} | null} */
  #tried = null;

  /** @param {unknown[]} what tells the act from another one */
  idOf(what) {
    const text = JSON.stringify(what);
    if (this.#tried?.what !== text) this.#tried = { what: text, id: crypto.randomUUID() };
    return this.#tried.id;
  }

  /** Ends the act: the same one again is another one. */
  done() {
    this.#tried = null;
  }
}

/** Files that are uploaded: each keeps its id. */
export class Uploads {
  /** @type {WeakMap<File, string>} */
  #ids = new WeakMap();

  /** @param {File} file */
  idOf(file) {
    const id = this.#ids.get(file) ?? crypto.randomUUID();
    this.#ids.set(file, id);
    return id;
  }
}
