import { failure } from "./errors.js";

/** A token is renewed this long before it ends, so that a request does not arrive with one that has just ended. */
const EARLY_MS = 30_000;

/** The user's tokens: asked from the host when there is none, when one ends, and once after a refusal. */
export class Tokens {
  /** @type {string | (() => string | Promise<string>)} */
  #source;
  #now;
  /** @type {string | null} */
  #current = null;
  /** @type {Promise<string> | null} */
  #asked = null;
  #cameAt = 0;
  #onOther;
  /** Whose tokens these are, as the first one says; undefined if it does not. @type {unknown} */
  #person;
  /** @type {import("./errors.js").ParleyError | null} */
  #other = null;
  /** The server's clock minus the reader's, once it is known. @type {number | null} */
  skewMs = null;

  /**
   * @param {string | (() => string | Promise<string>)} source
   * @param {() => number} now
   * @param {(error: import("./errors.js").ParleyError) => void} [onOther] the host has given another person's token
   */
  constructor(source, now, onOther) {
    this.#source = source;
    this.#now = now;
    this.#onOther = onOther;
  }

  /** Gives no token any more: the page has become another person's, and what is here is not theirs. */
  refuse() {
    this.#other = failure("other_person", "You are signed in as another person. Reload the page.");
    this.#onOther?.(this.#other);
    return this.#other;
  }

  /**
   * Returns a token that is good for some time yet; throws ParleyError `no_token` if the host has none.
   *
   * @param {number} [goodForMs] the host is asked for a newer one if this one ends before; if it has none, this one is taken, because the server
   *   alone knows what time it is
   */
  async get(goodForMs = EARLY_MS) {
    if (this.#other) throw this.#other;
    const current = this.#current;
    if (current !== null && this.#left(current) > goodForMs) return current;
    try {
      return await this.#once(current);
    } catch (error) {
      if (current !== null && !this.#other) return current;
      throw error;
    }
  }

  /**
   * Returns a token other than the refused one; throws ParleyError `no_token` if the host has no other.
   *
   * @param {string} refused
   */
  async renew(refused) {
    if (this.#other) throw this.#other;
    return this.#current === refused || this.#current === null ? this.#once(refused) : this.#current;
  }

  /** Calls at the same time share one question to the host. @param {string | null} refused */
  #once(refused) {
    this.#asked ??= this.#ask(refused).finally(() => {
      this.#asked = null;
    });
    return this.#asked;
  }

  /** @param {string | null} refused */
  async #ask(refused) {
    let token;
    try {
      token = typeof this.#source === "function" ? await this.#source() : this.#source;
    } catch (error) {
      throw failure("no_token", "The application gave no token.", error);
    }
    if (typeof token !== "string" || token === "" || token === refused) {
      throw failure("no_token", "The sign-in has ended. Please sign in again.");
    }
    const person = personOf(token);
    if (this.#current === null) this.#person = person;
    else if (this.#person && person !== this.#person) throw this.refuse();
    this.#current = token;
    this.#cameAt = this.#now();
    return token;
  }

  /**
   * Milliseconds until a token ends; endless if it does not say. The reader's clock may be hours off: until the server's is known, a token counts as
   * made when it came.
   *
   * @param {string} token
   */
  #left(token) {
    const { exp, iat } = payloadOf(token);
    if (typeof exp !== "number") return Number.POSITIVE_INFINITY;
    if (this.skewMs === null && typeof iat === "number") return this.#cameAt + (exp - iat) * 1000 - this.#now();
    return exp * 1000 - this.#now() - (this.skewMs ?? 0);
  }
}

/**
 * Returns what a JWT claims, unverified; an empty object if it is none. The client takes it only to tell people apart.
 *
 * @param {string} token
 * @returns {Record<string, unknown>}
 */
export function payloadOf(token) {
  try {
    const part = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
    return Object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return {}; // an opaque token
  }
}

/** Returns the person whose token it is, as their provider names them, or undefined if the token does not say. @param {string} token */
export const personOf = (token) => payloadOf(token)["sub"];
