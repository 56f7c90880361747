import { failure, ParleyError } from "./errors.js";
import { Outbox } from "./outbox.js";

/**
 * @typedef {import("./types.d.ts").Message} Message
 * @typedef {import("./types.d.ts").OutboxEntry} OutboxEntry
 * @typedef {import("./types.d.ts").Recipient} Recipient
 * @typedef {import("./types.d.ts").Draft} Draft
 *
 * @typedef {object} SendingOptions
 * @property {import("./client.js").Client} client
 * @property {import("./uploads.js").UploadsOptions} uploads
 * @property {() => number} now milliseconds of the reader's clock
 * @property {Pick<import("./outbox.js").OutboxOptions, "keep" | "tell" | "onChange" | "canSend">} outbox
 */

/** What a user sends: the outbox, the promises of its messages, and the files. The code of uploads is loaded with the first file. */
export class Sending {
  #options;
  /** @type {Map<string, {resolve: (message: Message) => void, reject: (error: ParleyError) => void}>} */
  #promises = new Map();
  /** @type {Promise<import("./uploads.js").Uploads> | null} */
  #uploads = null;
  #isStopped = false;

  /** @param {SendingOptions} options */
  constructor(options) {
    this.#options = options;
    this.outbox = new Outbox({
      ...options.outbox,
      now: options.now,
      upload: (entry, file, onProgress, signal) => this.#uploadOf(entry, file, onProgress, signal),
      send: (entry) => this.#deliver(entry),
      isStored: (entry) => this.#isStored(entry),
    });
  }

  /** @param {string | Recipient} to @param {Draft} draft @returns {{clientId: string, message: Promise<Message>}} */
  send(to, { files = [], ...body }) {
    const clientId = crypto.randomUUID();
    const { promise, resolve, reject } = /** @type {PromiseWithResolvers<Message>} */ (Promise.withResolvers());
    promise.catch(() => {}); // the outbox shows it
    this.#promises.set(clientId, { resolve, reject });
    if (this.#isStopped) {
      this.stop();
      return { clientId, message: promise };
    }
    const entry = /** @type {OutboxEntry} */ ({
      client_id: clientId,
      conversation_id: typeof to === "string" ? to : null,
      to: typeof to === "string" ? null : to,
      body,
      files: files.map((blob) => ({
        name: blob instanceof File ? blob.name : "file",
        type: blob.type,
        size: blob.size,
        blob,
        client_id: crypto.randomUUID(),
        attachment_id: null,
      })),
      created_at: this.#options.now(),
      state: "waiting",
      progress: 0,
      error: null,
    });
    void this.outbox.add(entry).catch(() => {}); // what keeps it has told
    return { clientId, message: promise };
  }

  /**
   * @param {any} to
   * @param {Blob} blob
   * @param {import("./uploads.js").UploadOptions} options
   */
  async upload(to, blob, options) {
    this.#uploads ??= import("./uploads.js")
      .then(({ Uploads }) => new Uploads(this.#options.uploads))
      .catch((error) => {
        this.#uploads = null; // the next file asks again
        return lost(error);
      });
    return (await this.#uploads).upload(to, blob, options);
  }

  /** Nothing is sent any more, and who waits for an answer hears it; what is kept stays. */
  stop() {
    this.#isStopped = true;
    this.outbox.stop();
    for (const { reject } of this.#promises.values()) reject(failure("closed", "The client was closed."));
    this.#promises.clear();
  }

  /** Takes the attachment of an `attachment_updated`. @param {any} attachment */
  hear(attachment) {
    this.#uploads?.then((uploads) => uploads.hear(attachment)).catch(() => {}); // `upload` has told
  }

  /** Takes messages out of the outbox that have arrived by another way than their ack. @param {Set<string>} changed */
  arrived(changed) {
    for (const { client_id, conversation_id } of this.outbox.entries) {
      if (conversation_id === null || !changed.has(conversation_id)) continue;
      if (this.#options.client.replica?.conversations.get(conversation_id)?.sent(client_id))
        void this.outbox.arrived(client_id);
    }
  }

  /** Rejects the promises of messages that were refused. */
  refused() {
    for (const { client_id, state, error } of this.outbox.entries)
      if (state === "failed" && error) this.#settled(client_id)?.reject(new ParleyError(error));
  }

  /** Takes the answer to a request; returns the message that it shows as sent, if a promise waits for one. @param {any} data @returns {Message | null} */
  answered(data) {
    if (this.#promises.size === 0) return null;
    const message = data?.client_id ? data : data?.message;
    if (!message?.client_id) return null;
    void this.outbox.arrived(message.client_id); // its promise is kept after the outbox has let go of it
    this.#settled(message.client_id)?.resolve(message);
    return message;
  }

  /** @param {string} clientId */
  #settled(clientId) {
    const promise = this.#promises.get(clientId);
    this.#promises.delete(clientId);
    return promise;
  }

  /** @param {OutboxEntry} entry */
  async #deliver(entry) {
    const { client } = this.#options;
    const { attachment_ids = [], ...body } = entry.body;
    const ids = [...attachment_ids, ...entry.files.flatMap(({ attachment_id }) => attachment_id ?? [])];
    const said = { ...body, client_id: entry.client_id, ...(ids.length > 0 ? { attachment_ids: ids } : {}) };
    const to = entry.conversation_id !== null ? { conversation_id: entry.conversation_id } : entry.to;
    const frame = { ...to, ...said };
    const bytes = new TextEncoder().encode(
      JSON.stringify({ action: "send_message", request_id: "r00000000", data: frame }),
    ).length;
    if (bytes <= (client.state.hello?.max_message_bytes ?? 32_768)) {
      await client.request("send_message", frame);
    } else if (entry.conversation_id !== null) {
      const path = { conversation_id: entry.conversation_id };
      await client.rest("POST", "/conversations/{conversation_id}/messages", { path, body: /** @type {any} */ (said) });
    } else {
      await client.rest("POST", "/messages", { body: /** @type {any} */ (frame) });
    }
  }

  /** Looks for a message whose `client_id` the server may have forgotten. @param {OutboxEntry} entry */
  async #isStored(entry) {
    const { client, now } = this.#options;
    const { isStored } = await import("./stored.js").catch(lost);
    return isStored(client, now, entry);
  }

  /**
   * @param {OutboxEntry} entry
   * @param {import("./types.d.ts").OutboxFile} file
   * @param {(share: number) => void} onProgress
   * @param {AbortSignal} signal
   */
  async #uploadOf(entry, file, onProgress, signal) {
    const to =
      entry.conversation_id !== null ? { conversation_id: entry.conversation_id } : /** @type {Recipient} */ (entry.to);
    const options = { ...file, clientId: file.client_id, onProgress, signal };
    return (await this.upload(to, /** @type {Blob} */ (file.blob), options)).id;
  }
}

/** The code of a part did not come. @param {unknown} error @returns {never} */
function lost(error) {
  throw failure("network", "The server cannot be reached.", error);
}
