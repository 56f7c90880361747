/** `<parley-composer conversation>`: where a message is written. */
import { popover } from "../base/dialog.js";
import { around, conversationOf, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { plain } from "../base/markdown.js";
import { cut, size } from "../base/names.js";
import { duration } from "../base/times.js";
import { nameOf } from "../thread/system.js";
import { choose } from "./files.js";
import { Mentions } from "./mentions.js";
import { styles } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/contract.d.ts").ShownConversation} ShownConversation */
/** @typedef {import("../base/contract.d.ts").ShownMessage} ShownMessage */
/** @typedef {import("../base/h.js").Content} Content */
/** @typedef {{url: string, preview_url?: string, title?: string}} Gif */

const DRAFT_MS = 400;
const SHOW_LEFT = 500; // characters before the limit at which the number of those that are left is shown
const LONG_PASTE = 40_000; // characters, four times as many as a message holds

export class ParleyComposer extends ParleyElement {
  /** @override */
  static styles = [styles];
  /** @override */
  static attributes = ["conversation", "user", "context", "context-title", "placeholder", "no-voice"];

  /** Finds GIFs by words, if the page can. @type {((q: string) => Promise<Gif[]>) | null} */
  gifSearch = null;
  /** Sends in place of the store, if an element around has another way. @type {((draft: any) => Promise<unknown>) | null} */
  deliver = null;
  /** @type {File[]} */
  files = [];
  text = "";
  /** Why files were not taken. @type {string[]} */
  notes = [];
  /** @type {string | null} */ replyTo = null;
  /** @type {string | null} */ edits = null;
  /** @type {"emoji" | "gif" | null} */
  #picker = null;
  /** @type {Element | null} */
  #anchor = null;
  /** @type {any} what records sound, while it does */
  #recorder = null;
  #isDropping = false;
  #isBusy = false;
  #hasTold = false;
  /** @type {string | null} */ #of = null;
  /** @type {unknown} the draft as it was last seen */ #draft = null;
  #textBefore = "";
  /** @type {any} */ #draftTimer = null;
  /** @type {any} */ #slowTimer = null;
  /** @type {Map<File, string>} */ #addresses = new Map();
  #mentions = new Mentions(this);
  /** @type {HTMLTextAreaElement | null} */ #area = null;
  #caret = -1;

  get conversationId() {
    return conversationOf(this);
  }

  /** The conversation that is written to, by its id. */
  get conversation() {
    return this.getAttribute("conversation");
  }

  set conversation(id) {
    if (id === null || id === undefined) this.removeAttribute("conversation");
    else this.setAttribute("conversation", id);
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    const { signal } = this.gone;
    const zone = around(this) ?? this.parentElement ?? this;
    zone.addEventListener("dragover", (event) => this.#drag(/** @type {DragEvent} */ (event)), { signal });
    zone.addEventListener("dragleave", (event) => this.#dragOut(/** @type {DragEvent} */ (event), zone), { signal });
    zone.addEventListener("drop", (event) => this.#drop(/** @type {DragEvent} */ (event)), { signal });
    window.addEventListener("pagehide", () => this.#keep(), { signal });
    signal.addEventListener("abort", () => this.#leave());
  }

  /** @override */
  focus() {
    this.#area?.focus();
  }

  // --- Drawing -------------------------------------------------------------------------------------------------------

  /** @override @param {Store} store */
  view(store) {
    const id = this.conversationId;
    if (!id) return null;
    this.#take(store, id);
    this.#tellOfStorage(store);
    const conversation = id ? store.conversation(id) : null;
    const refusal = this.#refusal(store, conversation);
    if (refusal)
      return h("div", { class: "refused", part: "refused", role: "status" }, icon("block"), h("span", null, refusal));
    return h(
      "form",
      {
        class: "composer",
        part: "composer",
        onsubmit: (/** @type {Event} */ event) => this.#submit(event),
        onpaste: (/** @type {ClipboardEvent} */ event) => this.#paste(event),
      },
      this.problemBar(),
      this.#bar(store),
      this.#notes(),
      this.#tray(),
      this.#mentions.list(),
      this.#recorder ? this.#recording() : this.#row(store, conversation),
      this.#isDropping && h("div", { class: "drop", key: "drop" }, icon("plus"), this.t("drop_files")),
      this.#over(),
    );
  }

  /** Says once that the browser keeps nothing: what is written here may be lost. @param {Store} store */
  #tellOfStorage(store) {
    const { error } = /** @type {any} */ (store.state) ?? {};
    if (error?.code !== "storage" || this.#hasTold) return;
    this.#hasTold = true;
    this.problem = error;
  }

  /** Why the person cannot write here, or null. @param {Store} store @param {ShownConversation | null} conversation */
  #refusal(store, conversation) {
    const suspension = store.me?.suspension;
    if (suspension && Date.parse(suspension.until) > store.now())
      return this.because({ ...suspension, code: "suspended" });
    if (!conversation && /** @type {any} */ (store.thread(this.conversation ?? "").error)?.status === 404)
      return this.t("cannot_write");
    if (!conversation || conversation.capabilities.includes("send_message")) return null;
    const { other, state, posting, role } = conversation;
    if (state === "closed") return this.t("cannot_closed");
    if (other && store["isBlocked"]?.(other.id)) return this.t("cannot_blocked", { name: other.name ?? other.id });
    if (conversation.type !== "group") return this.t("cannot_write");
    if (posting === "nobody") return this.t("cannot_write");
    return this.t(posting === "admins" && role === "member" ? "cannot_posting" : "cannot_muted");
  }

  /** @param {Store} store */
  #bar(store) {
    if (!this.replyTo && !this.edits) return null;
    const message = /** @type {ShownMessage | null} */ (store["message"](this.edits ?? this.replyTo ?? ""));
    const title = this.edits
      ? this.t("editing")
      : this.t("replying_to", { name: message ? nameOf(this, store, message.sender_id) : "…" });
    const words = message?.text ? cut(plain(message.text.slice(0, 600)), 120) : (message?.attachments?.[0]?.name ?? "");
    return h(
      "div",
      { class: "about", part: "about", key: "about" },
      icon(this.edits ? "edit" : "reply"),
      h(
        "div",
        { class: "named" },
        h("b", { class: "cut" }, title),
        h("span", { class: "cut soft" }, h("bdi", null, words)),
      ),
      h(
        "button",
        { type: "button", class: "icon", "aria-label": this.t("cancel"), onclick: () => this.#endAbout() },
        icon("close"),
      ),
    );
  }

  #notes() {
    if (!this.notes.length) return null;
    const close = () => {
      this.notes = [];
      this.update();
    };
    return h(
      "div",
      { class: "bar", role: "alert", key: "notes" },
      icon("alert"),
      h(
        "ul",
        null,
        this.notes.map((note) => h("li", null, note)),
      ),
      h("button", { type: "button", class: "link", onclick: close }, this.t("dismiss")),
    );
  }

  #tray() {
    if (!this.files.length) return null;
    return h(
      "ul",
      { class: "tray", part: "files", key: "tray", "aria-label": this.t("files") },
      this.files.map((file, index) =>
        h(
          "li",
          {
            key: `${file.name} ${file.size} ${file.lastModified} ${index}`,
            class: file.type.startsWith("image/") ? "shot" : "doc",
          },
          file.type.startsWith("image/")
            ? h("img", { src: this.#addressOf(file), alt: file.name })
            : [
                icon(file.type.startsWith("audio/") ? "mic" : file.type.startsWith("video/") ? "video" : "file"),
                h(
                  "span",
                  { class: "named" },
                  h("bdi", { class: "cut" }, file.name),
                  h("small", { class: "soft" }, size(file.size, this.language)),
                ),
              ],
          h(
            "button",
            {
              type: "button",
              class: "off",
              "aria-label": this.t("remove_name", { name: file.name }),
              onclick: () => this.#removeFile(file),
            },
            icon("close"),
          ),
        ),
      ),
    );
  }

  /** @param {Store} store @param {ShownConversation | null} conversation */
  #row(store, conversation) {
    const waits = this.#waits(store, conversation);
    const over = this.#over10k(store);
    const isEmpty = !this.text.trim() && !this.files.length;
    const canRecord = isEmpty && !this.edits && !this.hasAttribute("no-voice");
    const types = store["limits"]?.attachments.types ?? [];
    const placeholder = this.getAttribute("placeholder") ?? this.t("write_message");
    const left =
      over.left < SHOW_LEFT &&
      h(
        "div",
        { class: over.left < 0 ? "count over" : "count", role: "status", key: "count" },
        this.t(over.left < 0 ? "too_long" : "characters_left", { count: Math.abs(over.left) }),
      );
    return [
      h(
        "div",
        { class: "row", key: "row" },
        !this.edits &&
          h(
            "button",
            {
              type: "button",
              class: "icon",
              "aria-label": this.t("attach"),
              title: this.t("attach"),
              onclick: () => /** @type {HTMLElement} */ (this.root.querySelector("input[type=file]")).click(),
            },
            icon("plus"),
          ),
        !this.edits &&
          h("input", {
            type: "file",
            multiple: true,
            hidden: true,
            tabindex: "-1",
            accept: types.join(","),
            "aria-label": this.t("attach"),
            onchange: (/** @type {Event} */ event) => this.#pick(event),
          }),
        h(
          "div",
          { class: "box" },
          h("textarea", {
            part: "text",
            rows: "1",
            dir: "auto",
            placeholder,
            "aria-label": placeholder,
            enterkeyhint: "send",
            autocapitalize: "sentences",
            "aria-autocomplete": "list",
            "aria-controls": this.#mentions.isOpen ? "suggestions" : null,
            "aria-activedescendant": this.#mentions.activeId,
            "aria-invalid": over.left < 0 ? "true" : null,
            value: this.text,
            readonly: this.#isBusy,
            ref: (/** @type {HTMLTextAreaElement | null} */ element) => {
              this.#area = element;
              this.#grow();
            },
            oninput: () => this.#input(),
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
            onselectionchange: () => this.#mentions.look(),
            onclick: () => this.#mentions.look(),
            onblur: () => this.#blur(),
          }),
          this.gifSearch &&
            h(
              "button",
              {
                type: "button",
                class: "icon gifs",
                "aria-label": this.t("gifs"),
                title: this.t("gifs"),
                onclick: (/** @type {Event} */ event) => this.#openPicker("gif", event),
              },
              "GIF",
            ),
          h(
            "button",
            {
              type: "button",
              class: "icon",
              "aria-label": this.t("emoji"),
              title: this.t("emoji"),
              "aria-expanded": this.#picker === "emoji",
              onclick: (/** @type {Event} */ event) => this.#openPicker("emoji", event),
            },
            icon("smile"),
          ),
        ),
        canRecord
          ? h(
              "button",
              {
                type: "button",
                class: "icon send",
                part: "record",
                key: "record",
                disabled: waits > 0,
                "aria-label": this.t("record"),
                title: this.t("record"),
                onclick: () => this.#record(),
              },
              icon("mic"),
            )
          : h(
              "button",
              {
                type: "submit",
                class: "icon send main",
                part: "send",
                key: "send",
                disabled: isEmpty || over.left < 0 || waits > 0 || this.#isBusy,
                "aria-label": this.t(this.edits ? "save" : "send"),
                title: this.t(this.edits ? "save" : "send"),
              },
              icon(this.edits ? "check" : "send", "mirrored"),
            ),
      ),
      left,
      waits > 0 && h("div", { class: "count", key: "slow" }, this.t("slow_mode", { time: duration(waits) })),
    ];
  }

  #recording() {
    const recorder = this.#recorder;
    const bars = recorder.peaks.slice(-48);
    return h(
      "div",
      { class: "row recording", key: "recording" },
      h(
        "button",
        {
          type: "button",
          class: "icon",
          "aria-label": this.t("discard_recording"),
          title: this.t("discard_recording"),
          onclick: () => this.#endRecording(false),
        },
        icon("trash"),
      ),
      h(
        "div",
        { class: "box" },
        h("i", { class: "live" }),
        h("span", { class: "time", role: "timer", "aria-label": this.t("recording") }, duration(recorder.elapsed)),
        h(
          "span",
          { class: "levels", "aria-hidden": "true" },
          bars.map((/** @type {number} */ peak, /** @type {number} */ index) =>
            h("i", {
              key: recorder.peaks.length - bars.length + index,
              style: { "block-size": `${Math.max(8, peak)}%` },
            }),
          ),
        ),
      ),
      h(
        "button",
        {
          type: "button",
          class: "icon send main",
          "aria-label": this.t("send"),
          title: this.t("send"),
          ref: (/** @type {HTMLElement | null} */ button) => button?.focus(),
          onclick: () => this.#endRecording(true),
        },
        icon("send", "mirrored"),
      ),
    );
  }

  #over() {
    const kind = this.#picker;
    if (!kind) return null;
    const close = () => {
      this.#picker = null;
      this.update();
    };
    return popover(
      {
        anchor: this.#anchor ?? this,
        onclose: close,
        prefers: "above",
        props: { role: "dialog", "aria-label": this.t(kind === "gif" ? "gifs" : "emoji") },
      },
      h("parley-emoji", {
        class: "picker",
        gifs: kind === "gif" ? this.gifSearch : undefined,
        "onparley-emoji": (/** @type {CustomEvent} */ event) => {
          event.stopPropagation();
          this.#insert(event.detail.emoji);
        },
        "onparley-gif": (/** @type {CustomEvent} */ event) => {
          event.stopPropagation();
          close();
          void this.#addGif(event.detail.gif);
        },
      }),
    );
  }

  /** @override */
  drawn() {
    if (this.#caret >= 0 && this.#area) {
      this.#area.focus();
      this.#area.setSelectionRange(this.#caret, this.#caret);
      this.#caret = -1;
    }
    this.#grow();
  }

  /** Where the browser cannot fit the box to its text, this does. */
  #grow() {
    const area = this.#area;
    if (!area || CSS.supports("field-sizing", "content")) return;
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight}px`;
  }

  // --- The draft -----------------------------------------------------------------------------------------------------

  /** Takes what is to be written here, if another place has changed it. @param {Store} store @param {string | null} id */
  #take(store, id) {
    if (this.#of && id !== this.#of && store["resolve"](this.#of) === id) {
      this.#of = id; // another message has made the conversation: what is being written goes there
      this.#mentions.begin(id);
    } else if (id !== this.#of) {
      this.#keep();
      this.#leave();
      this.#of = id;
      this.#draft = null;
      this.text = "";
      this.replyTo = this.edits = null;
      this.#mentions.begin(id);
    }
    if (!id) return;
    const draft = store["draft"](id);
    if (draft === this.#draft) return;
    const isFirst = this.#draft === null && !this.text;
    this.#draft = draft;
    if (!draft) return;
    if (draft.edits && draft.edits !== this.edits) {
      this.#textBefore = this.edits ? this.#textBefore : this.text;
      this.text = draft.text ?? "";
      this.#mentions.know(draft.mentions ?? []);
    } else if (isFirst && !this.text) {
      this.text = draft.text ?? "";
      this.#mentions.know(draft.mentions ?? []);
    }
    const isOther = draft.at && (draft.reply_to !== this.replyTo || draft.edits !== this.edits);
    this.replyTo = draft.reply_to ?? null;
    this.edits = draft.edits ?? null;
    if (isOther) this.#caret = this.text.length;
  }

  #keep() {
    clearTimeout(this.#draftTimer);
    this.#draftTimer = null;
    const { store } = this;
    const id = this.#of;
    if (!store || !id) return;
    const { text, replyTo: reply_to, edits } = this;
    const before = store["draft"](id);
    if ((before?.text ?? "") === text && (before?.reply_to ?? null) === reply_to && (before?.edits ?? null) === edits)
      return;
    store["setDraft"](id, { text, reply_to, edits, mentions: this.#mentions.within(text) });
    this.#draft = store["draft"](id);
  }

  /** @override */
  forget() {
    this.#of = null; // so that what was written is not kept for the other person
    this.#leave();
  }

  #leave() {
    this.#keep();
    clearTimeout(this.#slowTimer);
    if (this.#of) this.store?.["stopTyping"](this.#of);
    this.#recorder?.cancel();
    this.#recorder = null;
    this.#picker = null;
    this.#clearFiles();
    this.notes = [];
  }

  #endAbout() {
    if (this.edits) {
      this.text = this.#textBefore;
      this.#textBefore = "";
    }
    this.replyTo = this.edits = null;
    this.#caret = this.text.length;
    this.#keep();
    this.update();
  }

  // --- Writing -------------------------------------------------------------------------------------------------------

  #input() {
    this.text = this.#area?.value ?? "";
    const { store } = this;
    if (store && this.#of && !this.edits) store[this.text ? "startTyping" : "stopTyping"](this.#of);
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#keep(), DRAFT_MS);
    this.#mentions.look();
    this.update();
  }

  #blur() {
    if (this.#of && this.text) this.store?.["stopTyping"](this.#of);
    this.#keep();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.keyCode === 229) return; // the keys of an input method are its own
    if (this.#mentions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void this.#send();
    } else if (event.key === "Escape" && (this.replyTo || this.edits)) {
      event.stopPropagation();
      this.#endAbout();
    } else if (event.key === "ArrowUp" && !this.text) this.#editLast(event);
  }

  /** @param {KeyboardEvent} event */
  #editLast(event) {
    const { store } = this;
    const id = this.#of;
    if (!store || !id || !store.conversation(id)?.capabilities.includes("edit_own")) return;
    const { messages } = store.thread(id);
    const last = messages.findLast(
      (message) =>
        message.sender_id === store["userId"] &&
        !message.pending &&
        !!message.text &&
        !message.deleted_at &&
        !message.forwarded_from,
    );
    if (!last) return;
    event.preventDefault();
    store["setDraft"](id, { text: last.text, edits: last.id, reply_to: null, mentions: last.mentions, at: Date.now() });
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    void this.#send();
  }

  async #send() {
    const { store } = this;
    const id = this.#of;
    const text = this.text.trim();
    const conversation = id ? (store?.conversation(id) ?? null) : null;
    if (!store || !id || this.#isBusy || (!text && !this.files.length)) return;
    if (this.#over10k(store).left < 0 || this.#waits(store, conversation) > 0) return;
    const mentions = this.#mentions.within(text);
    if (this.edits) return this.#saveEdit(store, this.edits, text, mentions);
    const draft = { text, files: this.files, mentions, reply_to: this.replyTo };
    if (!this.emit("send", { conversation_id: id, ...draft })) return;
    await this.#deliver(store, id, draft);
  }

  /** @param {Store} store @param {string} to @param {object} draft */
  async #deliver(store, to, draft) {
    this.#isBusy = !!this.deliver; // the store takes a message at once
    this.update();
    const sent = await this.attempt(() => (this.deliver ? this.deliver(draft) : store["send"](to, draft)));
    this.#isBusy = false;
    this.update();
    if (!sent) return;
    // The outbox keeps it from now on, and the thread shows what becomes of it.
    sent.message?.catch?.(() => {});
    this.text = "";
    this.replyTo = null;
    this.notes = [];
    this.#clearFiles();
    this.#keep();
    this.#caret = 0;
    this.update();
  }

  /** @param {Store} store @param {string} messageId @param {string} text @param {string[]} mentions */
  async #saveEdit(store, messageId, text, mentions) {
    this.#isBusy = true;
    this.update();
    const saved = await this.attempt(async () => {
      if (store["message"](messageId)?.text !== text) await store["edit"](messageId, { text, mentions });
      return true;
    });
    this.#isBusy = false;
    if (saved) this.#endAbout();
    else this.update();
  }

  /** How many characters are left: the server counts code points. @param {Store} store */
  #over10k(store) {
    const most = store["sizes"]?.max_text_characters ?? 10_000;
    const { length } = this.text;
    // Each code point is one or two units, so most texts need not be counted.
    return { left: length <= most - SHOW_LEFT ? SHOW_LEFT : most - [...this.text.trim()].length };
  }

  /** Milliseconds until slow mode lets the person write again. @param {Store} store @param {ShownConversation | null} conversation */
  #waits(store, conversation) {
    clearTimeout(this.#slowTimer);
    if (!conversation?.slow_mode_s || conversation.role !== "member") return 0;
    const last = store
      .thread(conversation.id)
      .messages.findLast(({ sender_id, kind }) => sender_id === store["userId"] && kind !== "system");
    if (!last) return 0;
    const waits = Date.parse(last.created_at) + conversation.slow_mode_s * 1000 - store.now();
    if (waits <= 0) return 0;
    this.#slowTimer = setTimeout(() => this.update(), Math.min(1000, waits + 20));
    return Math.ceil(waits / 1000) * 1000;
  }

  /** Puts something where the caret is. @param {string} what @param {number} [from] what stands from there on goes */
  #insert(what, from) {
    const area = this.#area;
    const start = from ?? area?.selectionStart ?? this.text.length;
    const end = area?.selectionEnd ?? this.text.length;
    this.text = this.text.slice(0, start) + what + this.text.slice(end);
    if (this.#picker) {
      area?.setRangeText(what, start, end, "end"); // the focus stays in the picker
      this.#keep();
      this.update();
      return;
    }
    this.#caret = start + what.length;
    this.#keep();
    this.update();
  }

  /** For the suggestions. @param {string} what @param {number} from */
  replace(what, from) {
    this.#insert(what, from);
  }

  get area() {
    return this.#area;
  }

  /** @param {"emoji" | "gif"} kind @param {Event} event */
  async #openPicker(kind, event) {
    this.#anchor = /** @type {Element} */ (event.currentTarget);
    await this.attempt(() => import("./picker.js"));
    this.#picker = kind;
    this.update();
  }

  // --- Files ---------------------------------------------------------------------------------------------------------

  /** Takes files to be sent with the message, or says why not. @param {Iterable<File>} files */
  addFiles(files) {
    Object.assign(this, choose(this, this.files, files));
    this.update();
    this.#area?.focus();
  }

  /** @param {Event} event */
  #pick(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    this.addFiles(input.files ?? []);
    input.value = "";
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const files = event.clipboardData?.files;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    // No message can hold it, and a browser takes minutes to lay out megabytes in a field. A file carries it.
    if (text.length > LONG_PASTE && !this.edits) {
      event.preventDefault();
      this.addFiles([new File([text], "text.txt", { type: "text/plain" })]);
      return;
    }
    // What programs copy as text and as a picture of it is text.
    if (!files?.length || this.edits || event.clipboardData?.types.includes("text/plain")) return;
    event.preventDefault();
    this.addFiles(files);
  }

  /** @param {DragEvent} event */
  #drag(event) {
    if (!event.dataTransfer?.types.includes("Files") || this.edits) return;
    event.preventDefault();
    if (this.#isDropping) return;
    this.#isDropping = true;
    this.update();
  }

  /** @param {DragEvent} event @param {Element} zone */
  #dragOut(event, zone) {
    if (event.relatedTarget instanceof Node && zone.contains(event.relatedTarget)) return;
    this.#isDropping = false;
    this.update();
  }

  /** @param {DragEvent} event */
  #drop(event) {
    if (!this.#isDropping) return;
    event.preventDefault();
    this.#isDropping = false;
    this.addFiles(event.dataTransfer?.files ?? []);
  }

  /** @param {File} file */
  #removeFile(file) {
    this.files = this.files.filter((one) => one !== file);
    this.#forget(file);
    this.notes = [];
    this.update();
    this.#area?.focus();
  }

  #clearFiles() {
    for (const file of this.files) this.#forget(file);
    this.files = [];
  }

  /** @param {File} file */
  #addressOf(file) {
    const address = this.#addresses.get(file) ?? URL.createObjectURL(file);
    this.#addresses.set(file, address);
    return address;
  }

  /** @param {File} file */
  #forget(file) {
    const address = this.#addresses.get(file);
    if (address) URL.revokeObjectURL(address);
    this.#addresses.delete(file);
  }

  /** @param {Gif} gif */
  async #addGif({ url, title }) {
    const blob = await this.attempt(async () => (await fetch(url, { referrerPolicy: "no-referrer" })).blob());
    if (blob) this.addFiles([new File([blob], `${cut(title || "gif", 40)}.gif`, { type: "image/gif" })]);
  }

  // --- Voice ---------------------------------------------------------------------------------------------------------

  async #record() {
    const { store } = this;
    this.notes = [];
    try {
      const { Recorder } = await import("./recorder.js");
      const most = store?.["limits"]?.attachments.voice_ms ?? 300_000;
      const recorder = new Recorder(
        most,
        () => this.update(),
        () => this.#endRecording(true),
      );
      await recorder.start();
      this.#recorder = recorder;
    } catch (error) {
      const { name } = /** @type {Error} */ (error);
      this.notes = [
        this.t(
          name === "NotAllowedError" || name === "SecurityError"
            ? "mic_denied"
            : name === "NotFoundError"
              ? "mic_missing"
              : "mic_none",
        ),
      ];
    }
    this.update();
  }

  /** @param {boolean} isSent */
  async #endRecording(isSent) {
    const recorder = this.#recorder;
    if (!recorder) return;
    this.#recorder = null;
    const { store } = this;
    const to = this.#of;
    const file = isSent ? await recorder.stop() : recorder.cancel();
    if (file && store && to) await this.#deliver(store, to, { kind: "voice", files: [file], reply_to: this.replyTo });
    this.#caret = this.text.length;
    this.update();
  }
}
