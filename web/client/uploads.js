/**
 * Uploads files and waits until they are checked: docs/guides/attachments.md. A file goes to the bucket itself, by the form that the server hands out.
 *
 * An upload has a `clientId`: the same one may be repeated after a failure, a lost connection or a reload, and goes on where it was.
 */
import { failure, ParleyError } from "./errors.js";

/** @typedef {import("./wire.d.ts").components["schemas"]} Wire */
/** @typedef {Wire["Attachment"]} Attachment */
/** @typedef {Wire["UploadForm"]} UploadForm */
/** Where a file goes: a conversation, one that is not open yet, or a ticket that is not open yet. @typedef {{conversation_id: string} | {user_id: string, context?: Wire["ContextRef"]} | {for: "ticket", ticket_client_id: string}} Place */
/**
 * @typedef {object} UploadOptions
 * @property {string} [clientId] repeats an upload
 * @property {string} [name] of a file that has none
 * @property {(fraction: number) => void} [onProgress] from 0 to 1; 1: it is being checked
 * @property {AbortSignal} [signal] an abort also discards what was uploaded
 */
/**
 * @typedef {object} UploadsOptions
 * @property {(method: string, path: string, options?: {body?: any}) => Promise<any>} rest
 * @property {typeof globalThis.fetch} [fetch]
 * @property {typeof globalThis.XMLHttpRequest} [XMLHttpRequest] tells of progress; without one, `fetch` does not
 * @property {(run: () => void, ms: number) => any} [setTimeout]
 */

const STAGES = ["pending", "scanning", "clean", "rejected", "infected", "expired"];
/** By extension. @type {Record<string, string>} */
const TYPES = Object.fromEntries(
  (
    "jpg image/jpeg|jpeg image/jpeg|png image/png|gif image/gif|webp image/webp|heic image/heic|heif image/heif|webm audio/webm|ogg audio/ogg|" +
    "m4a audio/mp4|aac audio/aac|mp3 audio/mpeg|wav audio/wav|flac audio/flac|mp4 video/mp4|mov video/quicktime|pdf application/pdf|" +
    "doc application/msword|xls application/vnd.ms-excel|ppt application/vnd.ms-powerpoint|" +
    "docx application/vnd.openxmlformats-officedocument.wordprocessingml.document|" +
    "xlsx application/vnd.openxmlformats-officedocument.spreadsheetml.sheet|" +
    "pptx application/vnd.openxmlformats-officedocument.presentationml.presentation|" +
    "odt application/vnd.oasis.opendocument.text|ods application/vnd.oasis.opendocument.spreadsheet|" +
    "odp application/vnd.oasis.opendocument.presentation|txt text/plain|csv text/csv|md text/markdown"
  )
    .split("|")
    .map((one) => one.split(" ")),
);
const UNKNOWN_TYPE = "application/octet-stream";
/** Waits between two looks at an attachment that is being checked: the event comes first, if one comes. */
const FIRST_LOOK_MS = 2_000;
const LAST_LOOK_MS = 15_000;
/** Tries of one form; a failure on the way may pass. */
const TRIES = 3;

/** The type that a name's extension says. @param {string} name */
export const typeOf = (name) => TYPES[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? UNKNOWN_TYPE;

export class Uploads {
  /** What is being waited for, by id. @type {Map<string, (attachment: Attachment) => void>} */
  #waiting = new Map();
  /** States that came before somebody waited. @type {Map<string, Attachment>} */
  #heard = new Map();
  #options;

  /** @param {UploadsOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** Takes the attachment of an `attachment_updated`. @param {Attachment} attachment */
  hear(attachment) {
    if (!attachment?.id) return;
    this.#waiting.get(attachment.id)?.(attachment);
    if (stage(attachment) > stage(this.#heard.get(attachment.id))) this.#heard.set(attachment.id, attachment);
    for (const id of this.#heard.keys()) if (this.#heard.size > 100) this.#heard.delete(id);
  }

  /**
   * Uploads a file and returns its attachment once it may be sent.
   *
   * Throws ParleyError: `attachment_infected`, `attachment_rejected` (its `problem.reason` is the code of the rejection), `aborted`, a refusal of the server, or
   * a failure on the way (`mayPass`: repeat it with the same `clientId`).
   *
   * @param {Place} place
   * @param {File | Blob} file
   * @param {UploadOptions} [options]
   * @returns {Promise<Attachment>}
   */
  async upload(place, file, options = {}) {
    const name = options.name ?? ("name" in file ? file.name : "file");
    const type = file.type || typeOf(name);
    const { clientId = crypto.randomUUID() } = options;
    const attachment = await this.#once(place, file, { ...options, name, type, clientId });
    if (attachment.state === "clean") return attachment;
    const derived = typeOf(name);
    if (attachment.code !== "type_mismatch" || derived === type || derived === UNKNOWN_TYPE) throw refusal(attachment);
    // "Derive the type from the extension and upload again, once".
    const again = await this.#once(place, file, { ...options, name, type: derived, clientId: `${clientId}.2` });
    if (again.state === "clean") return again;
    throw refusal(again);
  }

  /**
   * @param {Place} place
   * @param {Blob} file
   * @param {UploadOptions & {name: string, type: string, clientId: string}} options
   */
  async #once(place, file, { name, type, clientId, onProgress, signal }) {
    const [path, body] =
      "conversation_id" in place
        ? [`/conversations/${place.conversation_id}/attachments`, {}]
        : ["/attachments", place];
    /** @type {Attachment | undefined} */
    let attachment;
    try {
      for (let number = 1, renewed = ""; ; number++) {
        throwIfAborted(signal);
        const asked = { ...body, name, type, size: file.size, client_id: `${clientId}${renewed}` };
        const answer = await this.#options.rest("POST", path, { body: asked });
        attachment = /** @type {Attachment} */ (answer.attachment);
        const { upload } = /** @type {{upload: UploadForm | null}} */ (answer);
        if (attachment.state !== "pending" && attachment.state !== "expired") break;
        if (!upload || attachment.state === "expired") {
          // The form has ended and no file came: "ask again with a new `client_id`", once.
          if (renewed) throw refusal({ ...attachment, state: "expired" });
          renewed = ".again";
          continue;
        }
        try {
          await this.#post(upload, new File([file], name, { type }), onProgress, signal);
          break;
        } catch (error) {
          // The file may have arrived all the same: the same `client_id` says how far it is.
          if (!(error instanceof ParleyError) || error.code !== "network" || number >= TRIES) throw error;
        }
      }
      onProgress?.(1);
      return await this.#checked(attachment, signal);
    } catch (error) {
      if (signal?.aborted && attachment) this.#discard(attachment);
      throw error;
    }
  }

  /** @param {UploadForm} upload @param {File} file @param {UploadOptions["onProgress"]} onProgress @param {AbortSignal | undefined} signal */
  async #post({ url, fields }, file, onProgress, signal) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", file);
    const { fetch = globalThis.fetch, XMLHttpRequest = globalThis.XMLHttpRequest } = this.#options;
    /** @type {number} */
    let status;
    try {
      status = XMLHttpRequest
        ? await sent(new XMLHttpRequest(), url, form, onProgress, signal)
        : (await fetch(url, { method: "POST", body: form, signal })).status;
    } catch (error) {
      throwIfAborted(signal);
      throw failure("network", "The file could not be uploaded: the connection failed.", error);
    }
    if (status >= 500) throw failure("network", "The file could not be uploaded: the storage is busy.");
    if (status >= 400) {
      const detail = "The storage has refused the file. It may have changed since it was chosen: choose it again.";
      throw new ParleyError({ status, code: "upload_refused", detail });
    }
  }

  /** Waits for the end of the check. @param {Attachment} attachment @param {AbortSignal | undefined} signal @returns {Promise<Attachment>} */
  #checked(attachment, signal) {
    const { id } = attachment;
    const { rest, setTimeout = globalThis.setTimeout } = this.#options;
    return new Promise((resolve, reject) => {
      let isOver = false;
      /** @param {() => void} settle */
      const end = (settle) => {
        isOver = true;
        this.#waiting.delete(id);
        signal?.removeEventListener("abort", abort);
        settle();
      };
      const abort = () => end(() => reject(failure("aborted", "The upload was cancelled.")));
      /** @param {Attachment | undefined} attachment */
      const take = (attachment) => {
        if (!isOver && attachment && stage(attachment) >= STAGES.indexOf("clean")) end(() => resolve(attachment));
      };
      /** @param {number} wait */
      const look = async (wait) => {
        if (isOver) return;
        try {
          take((await rest("GET", `/attachments/${id}`)).attachment);
        } catch (error) {
          if (!isOver && !(error instanceof ParleyError && error.mayPass)) end(() => reject(error));
        }
        if (!isOver) setTimeout(() => look(Math.min(2 * wait, LAST_LOOK_MS)), wait);
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort);
      this.#waiting.set(id, take);
      take(attachment);
      take(this.#heard.get(id));
      if (!isOver) setTimeout(() => look(FIRST_LOOK_MS), FIRST_LOOK_MS);
    });
  }

  /** Deletes what nobody will send; if that fails, the server does after a day. @param {Attachment} attachment */
  #discard({ id }) {
    this.#options.rest("DELETE", `/attachments/${id}`).catch(() => {});
  }
}

/** @param {Attachment | undefined} attachment */
const stage = (attachment) => (attachment ? STAGES.indexOf(attachment.state) : -1);

/** @param {AbortSignal | undefined} signal */
function throwIfAborted(signal) {
  if (signal?.aborted) throw failure("aborted", "The upload was cancelled.");
}

/** @param {Attachment} attachment */
function refusal({ state, code }) {
  if (state === "infected") {
    const detail = "The file contains malware and was not sent.";
    return new ParleyError({ status: 409, code: "attachment_infected", detail });
  }
  if (state === "expired") {
    return new ParleyError({ status: 409, code: "attachment_expired", detail: "The file did not arrive in time." });
  }
  const detail = `The file was checked and refused (${code}).`;
  return new ParleyError({ status: 409, code: "attachment_rejected", detail, reason: code ?? null });
}

/**
 * @param {XMLHttpRequest} request
 * @param {string} url
 * @param {FormData} form
 * @param {UploadOptions["onProgress"]} onProgress
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<number>} the status
 */
function sent(request, url, form, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => request.abort();
    signal?.addEventListener("abort", abort);
    if (onProgress)
      request.upload.onprogress = ({ loaded, total }) => {
        onProgress(total ? loaded / total : 0);
      };
    request.onload = () => resolve(request.status);
    request.onerror = request.onabort = request.ontimeout = () => reject(new Error("no answer"));
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    request.open("POST", url);
    request.send(form);
  });
}
