import { failure, ParleyError } from "./errors.js";

/** API Gateway answers within 29 seconds or not at all. */
const TIMEOUT_MS = 35_000;

/** @typedef {import("./types.d.ts").Path} Path */

/** Requests to the REST API: one retry with a new token after a 401, and an error of one class for all that fails. */
export class Rest {
  #url;
  #tokens;
  #fetch;

  /**
   * @param {string} url the API's base with its stage
   * @param {import("./tokens.js").Tokens} tokens
   * @param {typeof globalThis.fetch} fetch
   */
  constructor(url, tokens, fetch) {
    this.#url = url.replace(/\/+$/, "");
    this.#tokens = tokens;
    this.#fetch = fetch;
  }

  /**
   * Returns the answer's JSON, or null if it has none. Throws ParleyError.
   *
   * @param {string} method
   * @param {string} path with names in braces, as openapi.json has them
   * @param {{path?: any, query?: any, body?: unknown, signal?: AbortSignal | undefined}} [asked]
   * @returns {Promise<any>}
   */
  async call(method, path, asked = {}) {
    const url = this.#url + filled(path, asked.path ?? {}) + queryOf(asked.query ?? {});
    let token = await this.#tokens.get();
    let response = await this.#send(method, url, token, asked);
    if (response.status === 401) {
      const refusal = await problemOf(response);
      if (refusal.code === "signed_out") throw refusal;
      token = await this.#tokens.renew(token);
      response = await this.#send(method, url, token, asked);
    }
    if (!response.ok) throw await problemOf(response);
    if (response.status === 204) return null;
    try {
      return await response.json();
    } catch (error) {
      throw broken(error, asked.signal);
    }
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {string} token
   * @param {{body?: unknown, signal?: AbortSignal | undefined}} asked
   */
  async #send(method, url, token, { body, signal }) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json", Authorization: `Bearer ${token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await this.#fetch(url, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        cache: "no-store",
        credentials: "omit",
      });
    } catch (error) {
      throw broken(error, signal);
    }
  }
}

/**
 * @param {unknown} error
 * @param {AbortSignal | undefined} signal
 */
function broken(error, signal) {
  if (signal?.aborted) return failure("aborted", "The request was cancelled.", error);
  if (error instanceof Error && error.name === "TimeoutError")
    return failure("timeout", "The server does not answer.", error);
  return failure("network", "The server cannot be reached.", error);
}

/** @param {Response} response */
async function problemOf(response) {
  /** @type {any} */
  let problem = {};
  try {
    problem = Object(await response.json());
  } catch {
    // A proxy's page, or nothing: the status says what there is to say.
  }
  return new ParleyError({
    ...problem,
    status: response.status,
    code: problem.code ?? `http_${response.status}`,
    detail: problem.detail ?? `The server answered ${response.status}.`,
  });
}

/**
 * @param {string} path
 * @param {Record<string, string>} values
 */
function filled(path, values) {
  return path.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    if (value === undefined || value === "") throw new TypeError(`${path} needs ${name}`);
    return encodeURIComponent(value);
  });
}

/** @param {Record<string, unknown>} query */
function queryOf(query) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    search.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  const text = search.toString();
  return text && `?${text}`;
}
