/** Tells the others that the user types: at the first key, then again while keys are pressed, and that they stopped. */
export class Typing {
  #send;
  #now;
  /** @type {Map<string, {told: number, timer: any}>} */
  #typing = new Map();

  /**
   * @param {(action: "typing_start" | "typing_stop", conversationId: string) => void} send
   * @param {() => number} now
   */
  constructor(send, now) {
    this.#send = send;
    this.#now = now;
  }

  /**
   * A key was pressed.
   *
   * @param {string} conversationId
   * @param {number} resendMs `typing_resend_s` of `hello`
   * @param {number} quietMs the user has stopped when no key came for so long; the others hide it by themselves then
   */
  press(conversationId, resendMs, quietMs) {
    const typing = this.#typing.get(conversationId) ?? { told: Number.NEGATIVE_INFINITY, timer: null };
    this.#typing.set(conversationId, typing);
    if (this.#now() - typing.told >= resendMs) {
      typing.told = this.#now();
      this.#send("typing_start", conversationId);
    }
    clearTimeout(typing.timer);
    typing.timer = setTimeout(() => this.#typing.delete(conversationId), quietMs);
  }

  /** The field was emptied or left. @param {string} conversationId */
  stop(conversationId) {
    if (this.forget(conversationId)) this.#send("typing_stop", conversationId);
  }

  /** A message was sent: it ends the typing by itself. Says whether the user was typing. @param {string} conversationId */
  forget(conversationId) {
    const typing = this.#typing.get(conversationId);
    clearTimeout(typing?.timer);
    return this.#typing.delete(conversationId);
  }

  clear() {
    for (const conversationId of [...this.#typing.keys()]) this.forget(conversationId);
  }
}
