/** The files of a message: pictures, films, sounds and others, and the page that its first link leads to. */
import { h, safeUrl } from "../base/h.js";
import { icon } from "../base/icons.js";
import { size } from "../base/names.js";
import { thumbHash } from "./thumbhash.js";
import { voice } from "./voice.js";

/** @typedef {import("../base/contract.d.ts").Attachment} Attachment */
/** @typedef {import("../base/contract.d.ts").ShownMessage} ShownMessage */
/** @typedef {import("./thread.js").ParleyThread} Thread */

const WIDEST = 320;
const HIGHEST = 340;

/** @param {Thread} thread @param {ShownMessage} message */
export function attachments(thread, message) {
  if (message.pending) return pendingFiles(thread, message);
  const all = message.attachments ?? [];
  const pictures = all.filter(({ kind, expired }) => kind === "image" && !expired);
  const others = all.filter((one) => !pictures.includes(one));
  return [
    pictures.length > 0 &&
      h(
        "div",
        { class: `pictures ${pictures.length > 1 ? "many" : ""}`, key: "pictures" },
        pictures.map((one) => picture(thread, message, one, pictures.length > 1)),
      ),
    others.map((one) => other(thread, message, one)),
  ];
}

/** Whether a message is a picture with nothing else, so that its bubble needs no padding. @param {ShownMessage} message */
export function isPicture({ attachments: all, text }) {
  return !text && !!all?.length && all.every(({ kind, expired }) => (kind === "image" || kind === "video") && !expired);
}

/** How wide the pictures of a message are, to which its text is fitted; 0 without any. @param {ShownMessage} message */
export function widthOf({ attachments: all }) {
  const pictures = (all ?? []).filter(({ kind, expired }) => kind === "image" && !expired);
  const [first] = pictures;
  return first ? (pictures.length > 1 ? WIDEST : Math.max(180, fit(first).width)) : 0;
}

/** @param {Attachment} attachment */
export function fit({ width, height }) {
  if (!width || !height) return { width: 220, height: 220 };
  const scale = Math.min(1, WIDEST / width, HIGHEST / height);
  return { width: Math.max(56, Math.round(width * scale)), height: Math.max(56, Math.round(height * scale)) };
}

/** @param {Thread} thread @param {ShownMessage} message @param {Attachment} attachment @param {boolean} isOneOfMany */
function picture(thread, message, attachment, isOneOfMany) {
  const urls = thread.files?.urls(attachment.id);
  const box = fit(attachment);
  const isGif = attachment.type === "image/gif";
  return h(
    "button",
    {
      type: "button",
      class: "picture",
      part: "picture",
      key: attachment.id,
      "aria-label": thread.t("open_picture", { name: attachment.name }),
      style: isOneOfMany ? {} : { "inline-size": `${box.width}px`, "aspect-ratio": `${box.width} / ${box.height}` },
      onclick: () => thread.openPicture(message, attachment),
    },
    attachment.placeholder && thumbHash(attachment.placeholder),
    urls &&
      h("img", {
        src: isGif ? urls.url : (urls.thumbnail_url ?? urls.url),
        alt: "",
        loading: "lazy",
        decoding: "async",
        onerror: () => thread.files?.again(attachment.id),
      }),
    urls === null && icon("image"),
    isGif && h("span", { class: "gif" }, "GIF"),
  );
}

/** @param {Thread} thread @param {ShownMessage} message @param {Attachment} attachment */
function other(thread, message, attachment) {
  const { id, kind, expired, name } = attachment;
  if (!expired && kind === "audio") {
    return voice(thread, attachment, async () => {
      const urls = await thread.files?.fresh(id);
      if (message.kind === "voice" && message.sender_id !== thread.store?.userId)
        void thread.attempt(() => thread.store?.["played"](message.id));
      return urls?.url ?? null;
    });
  }
  if (!expired && kind === "video") {
    const urls = thread.files?.urls(id);
    const box = fit(attachment);
    return h("video", {
      key: id,
      class: "film",
      controls: true,
      preload: "none",
      playsinline: true,
      src: urls?.url,
      poster: urls?.thumbnail_url,
      "aria-label": name,
      style: { "inline-size": `${box.width}px`, "aspect-ratio": `${box.width} / ${box.height}` },
      onerror: () => thread.files?.again(id),
    });
  }
  return h(
    "button",
    {
      type: "button",
      class: "file",
      part: "file",
      key: id,
      disabled: expired,
      onclick: () => thread.download(attachment),
    },
    h("span", { class: "kind" }, icon(expired ? "clock" : "file")),
    h(
      "span",
      { class: "named" },
      h("bdi", { class: "cut" }, name),
      h(
        "small",
        null,
        expired
          ? thread.t("expired")
          : `${size(attachment.size, thread.language)}${attachment.pages ? ` · ${thread.t("pages", { count: attachment.pages })}` : ""}`,
      ),
    ),
    !expired && icon("download"),
  );
}

/** @param {Thread} thread @param {ShownMessage} message */
function pendingFiles(thread, message) {
  const files = /** @type {{name: string, type: string, size: number, blob: Blob | null, client_id: string}[]} */ (
    /** @type {any} */ (message).files ?? []
  );
  const { state, progress } = message.pending ?? {};
  return files.map((file, index) =>
    h(
      "div",
      { class: "file", key: file.client_id },
      file.type.startsWith("image/") && file.blob
        ? h("img", { class: "kind", src: thread.addressOf(file.blob), alt: "" })
        : h("span", { class: "kind" }, icon(file.type.startsWith("audio/") ? "mic" : "file")),
      h(
        "span",
        { class: "named" },
        h("bdi", { class: "cut" }, file.name),
        state === "uploading"
          ? h("progress", { max: "1", value: String(progress ?? 0), "aria-label": thread.t("uploading") })
          : h("small", null, size(file.size, thread.language)),
      ),
      state !== "failed" && index === 0 && cancel(thread, message),
    ),
  );
}

/** @param {Thread} thread @param {ShownMessage} message */
function cancel(thread, message) {
  const act = () => thread.attempt(() => thread.store?.["discard"](message.client_id));
  return h("button", { type: "button", class: "icon", "aria-label": thread.t("cancel"), onclick: act }, icon("close"));
}

/** @param {Thread} thread @param {ShownMessage} message */
export function preview(thread, message) {
  const { preview: page } = message;
  const address = page && safeUrl(page.url);
  if (!page || !address) return null;
  const image = page.image && thread.files?.preview(message.id, page.image.id);
  return h(
    "a",
    {
      class: "preview",
      part: "preview",
      key: "preview",
      href: address,
      target: "_blank",
      rel: "noopener noreferrer nofollow",
    },
    page.image &&
      h(
        "span",
        { class: "shot", style: { "aspect-ratio": `${page.image.width} / ${page.image.height}` } },
        image && h("img", { src: image.url, alt: "", loading: "lazy" }),
      ),
    h(
      "span",
      { class: "words" },
      h("small", null, h("bdi", null, page.site)),
      h("b", null, h("bdi", null, page.title)),
      page.description && h("span", { class: "about" }, h("bdi", null, page.description)),
    ),
  );
}
