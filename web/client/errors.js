/** @typedef {import("./wire.d.ts").components["schemas"]["Problem"]} Problem */

/** A refusal of the server, or a failure on the way to it (`status` 0). */
export class ParleyError extends Error {
  /**
   * @param {Partial<Problem> & {detail: string, code: string, status: number}} problem as the server tells it; `code`s are in docs/reference/errors.md,
   * and the client's own are `network`, `timeout`, `closed`, `aborted`, `no_token`, `other_person`, `storage`, `file_lost`, `failed`
   * @param {ErrorOptions} [options]
   */
  constructor(problem, options) {
    super(problem.detail, options);
    this.name = "ParleyError";
    this.problem = problem;
    this.status = problem.status;
    this.code = problem.code;
    /** A sentence for the user. */
    this.detail = problem.detail;
    /** The rule that refused, if one did. */
    this.rule = /** @type {string | null} */ (problem.rule ?? null);
    /** What is wrong with each field of the request. */
    this.errors = problem.errors ?? [];
    /** Milliseconds after which the same request may succeed, or null. */
    this.retryAfterMs = /** @type {number | null} */ (problem.retry_after_ms ?? null);
  }

  /** Says whether the user has to sign in first. */
  get isSignedOut() {
    return this.status === 401 || /^(no_token|other_person|signed_out)$/.test(this.code);
  }

  /** Says whether the same request may succeed later, without a change of it. */
  get mayPass() {
    return (
      (this.status === 0 && !this.isSignedOut && !/^(aborted|file_lost)$/.test(this.code)) ||
      this.retryAfterMs !== null ||
      this.status === 429 ||
      this.status >= 500
    );
  }
}

/**
 * @param {string} code
 * @param {string} detail
 * @param {unknown} [cause]
 */
export function failure(code, detail, cause) {
  return new ParleyError({ status: 0, code, detail }, { cause });
}
