import { ParleyError } from "./errors.js";

const MEMBERS_PAGE = 100;
const TOGETHER_MS = 500; // changes of members come together
const MOST_ROUNDS = 50; // of one want; each takes a step

/** @typedef {import("./replica/replica.js").Want} Want */

/** Reads what the replica cannot know without: one read of a thing at a time. */
export class Reading {
  #client;
  #screens;
  #onGone;
  #onError;
  /** What is being read, and whether it was wanted again since. @type {Map<string, boolean>} */
  #reads = new Map();
  #isStopped = false;

  /**
   * @param {import("./client.js").Client} client
   * @param {import("./screens.js").Screens} screens
   * @param {(conversationId: string) => void} onGone the user cannot read a conversation any more
   * @param {(error: unknown, what: string) => void} onError
   */
  constructor(client, screens, onGone, onError) {
    this.#client = client;
    this.#screens = screens;
    this.#onGone = onGone;
    this.#onError = onError;
  }

  stop() {
    this.#isStopped = true;
  }

  /** Reads it; once more if it is wanted again meanwhile. @param {Want} want */
  async want(want) {
    const key = `${want.want} ${"id" in want ? want.id : ""}`;
    if (this.#reads.has(key)) {
      this.#reads.set(key, true);
      return;
    }
    try {
      for (let round = 0; round < MOST_ROUNDS && !this.#isStopped; round++) {
        this.#reads.set(key, false);
        await this.#once(want);
        if (!this.#reads.get(key)) return;
      }
    } catch (error) {
      this.#onError(error, want.want);
    } finally {
      this.#reads.delete(key);
    }
  }

  /** @param {Want} want */
  async #once(want) {
    const client = this.#client;
    if (want.want === "sync") await client.request("sync", { cursors: client.replica?.cursors() ?? {} });
    else if (want.want === "conversation") await this.conversation(want.id);
    else if (want.want !== "list") await this.#all("/me/blocks", {});
    else for (const state of ["active", "archived"]) await this.#all("/conversations", { state });
  }

  /** @param {"/me/blocks" | "/conversations"} path @param {any} query */
  async #all(path, query) {
    /** @type {string | null | undefined} */
    let cursor;
    do {
      const page = await this.#client.rest("GET", path, {
        query: { ...query, limit: 100, ...(cursor ? { cursor } : {}) },
      });
      cursor = page.next;
    } while (cursor);
  }

  /** @param {string} conversationId */
  async conversation(conversationId) {
    const path = { conversation_id: conversationId };
    try {
      await this.#client.rest("GET", "/conversations/{conversation_id}", { path });
    } catch (error) {
      if (!(error instanceof ParleyError) || error.status !== 404) throw error;
      this.#onGone(conversationId);
    }
  }

  /** @param {string} conversation_id */
  members(conversation_id) {
    const asked = { path: { conversation_id }, query: { limit: MEMBERS_PAGE } };
    return this.#client.rest("GET", "/conversations/{conversation_id}/members", asked);
  }

  /** Reads the members of a group that is on the screen when they have changed; a group of more pages is read by those who list it. @param {Set<string>} changed */
  membersAgain(changed) {
    for (const id of changed) {
      const held = this.#client.replica?.conversations.get(id);
      if (!held?.areMembersStale || held.members === null || !this.#screens.has(id) || this.#reads.has(`members ${id}`))
        continue;
      if (held.object.member_count <= MEMBERS_PAGE) void this.#membersSoon(id);
    }
  }

  /** @param {string} id */
  async #membersSoon(id) {
    const key = `members ${id}`;
    this.#reads.set(key, false);
    try {
      await new Promise((resolve) => setTimeout(resolve, TOGETHER_MS));
      if (this.#screens.has(id)) await this.members(id);
    } catch (error) {
      this.#onError(error, "members");
    } finally {
      this.#reads.delete(key);
    }
  }
}
