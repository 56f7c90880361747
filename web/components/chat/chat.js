/** The whole chat: the list beside the thread, or one of them at a time where there is little room. */
import { define, ParleyElement, recipientOf } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { callButtons } from "../calls/calls.js";
import { short } from "../inbox/entry.js";
import { chat } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */

/**
 * `mode` is `integrated` or `floating` (a button over the page; `open` opens it). `conversation`, or `user` with `context` (`type:id`) and
 * `context-title`, is what it shows first. `address` keeps the selected conversation in a parameter of the page's URL, `conversation` unless it
 * names another, so that links lead to it and the browser's buttons work.
 *
 * Events: `parley-select` {conversation_id, message_seq}, `parley-open` {open}.
 */
export class ParleyChat extends ParleyElement {
  /** @override */
  static styles = [chat];
  /** @override */
  static attributes = ["mode", "open", "conversation", "user", "context", "context-title", "address", "types"];

  #isDetailed = false;
  /** @type {string | null} what it showed before it was closed */
  #last = null;
  /** @type {Store | null} whose conversation the attributes have chosen */
  #begun = null;
  #asked = "";
  /** @type {string | null} */
  #shown = null;

  /** Whether a floating chat is open. */
  get open() {
    return this.hasAttribute("open");
  }

  set open(isOpen) {
    this.toggleAttribute("open", isOpen);
  }

  get #isFloating() {
    return this.getAttribute("mode") === "floating";
  }

  /** The parameter of the page's URL, or null. */
  get #parameter() {
    const name = this.getAttribute("address");
    return name === null ? null : name || "conversation";
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    addEventListener("popstate", () => this.#follow(), { signal: this.gone.signal });
    // Bodies of messages that the page has put into the chat go on to its thread.
    const observer = new MutationObserver(() => this.update());
    observer.observe(this, { childList: true });
    this.gone.signal.addEventListener("abort", () => observer.disconnect());
    this.#begun = null;
  }

  /** @param {string} name @param {string | null} old @param {string | null} value @override */
  attributeChangedCallback(name, old, value) {
    super.attributeChangedCallback(name, old, value);
    if (old === value) return;
    if (name === "open" && this.isConnected) this.#opened(value !== null);
    if (/^(conversation|user|context)$/.test(name) && this.#begun) this.#begin(this.#begun);
  }

  /** Shows a conversation, and opens a floating chat for it. @param {string} id @param {number} [seq] of a message to go to */
  show(id, seq) {
    const { store } = this;
    if (!store) return;
    this.#last = id;
    if (this.#isFloating) this.open = true;
    this.#select(store, id, seq);
  }

  /** @param {Store} store @override */
  view(store) {
    if (this.#begun !== store) {
      this.#begun = store;
      this.#begin(store);
    }
    const calls = h("parley-calls", { key: "calls", exportparts: "call" });
    if (!this.#isFloating) return [this.#panes(store), calls];
    const count = store.unread;
    const label = this.t(this.open ? "close_chat" : "open_chat");
    return [
      this.open &&
        h(
          "div",
          {
            key: "window",
            class: "window",
            part: "window",
            role: "dialog",
            "aria-label": this.t("messages"),
            tabindex: "-1",
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.#escape(event),
            ref: (/** @type {HTMLElement | null} */ shown) => shown?.focus(),
          },
          this.#panes(store),
        ),
      h(
        "button",
        {
          key: "launcher",
          type: "button",
          class: "launcher",
          part: "launcher",
          "aria-expanded": this.open,
          "aria-label": count ? `${label}, ${this.t("unread_count", { count })}` : label,
          onclick: () => {
            this.open = !this.open;
          },
        },
        icon(this.open ? "down" : "chat"),
        !this.open && count > 0 && h("span", { class: "badge", part: "badge", "data-count": short(count) }),
      ),
      calls,
    ];
  }

  /** Nobody is signed in: a floating chat has nothing to say then. @override */
  signedOut() {
    return this.#isFloating ? null : super.signedOut();
  }

  /** @override */
  changed() {
    const { store } = this;
    const id = store?.current ?? null;
    if (store && id !== this.#shown) this.#moved(store, id);
    super.changed();
  }

  // --- What is shown -------------------------------------------------------------------------------------------------

  /** @param {Store} store */
  #panes(store) {
    const id = store.current;
    const conversation = id ? store.conversation(id) : null;
    const classes = ["panes", id && "talking", id && !id.startsWith("to:") && this.#isDetailed && "detailed"];
    const close = this.#isFloating
      ? h(
          "button",
          {
            slot: "actions",
            key: "close",
            type: "button",
            class: "icon",
            "aria-label": this.t("close_chat"),
            onclick: () => {
              this.open = false;
            },
          },
          icon("close"),
        )
      : null;
    return h(
      "div",
      { class: classes.filter(Boolean).join(" "), key: "panes" },
      h(
        "div",
        { class: "list", part: "list-pane", key: "list" },
        h(
          "parley-inbox",
          {
            exportparts: "entry, badge, search, new, settings",
            "onparley-select": (/** @type {CustomEvent} */ event) => this.#chosen(store, event),
            types: this.getAttribute("types"),
          },
          close,
        ),
        h("slot", { name: "help" }),
      ),
      h(
        "div",
        { class: "talk", part: "thread-pane", key: "talk", tabindex: "-1" },
        id
          ? [
              !conversation && h("div", { class: "bare", key: "bare" }, this.#back(store)),
              h(
                "parley-thread",
                {
                  key: "thread",
                  conversation: id,
                  exportparts: "bubble, head, messages, system, day, typing, jump",
                  "onparley-select": (/** @type {CustomEvent} */ event) => this.#chosen(store, event),
                },
                this.#back(store, "start"),
                [...this.children]
                  .filter(({ slot }) => slot.startsWith("message-"))
                  .map(({ slot }) => h("slot", { key: slot, name: slot, slot })),
                callButtons(this, store, conversation),
                !id.startsWith("to:") &&
                  h(
                    "button",
                    {
                      slot: "actions",
                      key: "details",
                      type: "button",
                      class: "icon",
                      "aria-label": this.t("details"),
                      title: this.t("details"),
                      "aria-expanded": this.#isDetailed,
                      onclick: () => {
                        this.#isDetailed = !this.#isDetailed;
                        this.update();
                      },
                    },
                    icon("info"),
                  ),
              ),
              h("parley-composer", { key: "composer", conversation: id, exportparts: "field, send" }),
            ]
          : h("slot", { name: "nothing" }, this.state("chat", this.t("choose"), this.t("choose_hint"))),
      ),
      id &&
        this.#isDetailed &&
        !id.startsWith("to:") &&
        h(
          "div",
          { class: "side", part: "details-pane", key: "side" },
          h("parley-details", {
            conversation: id,
            "onparley-close": () => {
              this.#isDetailed = false;
              this.update();
            },
            "onparley-select": (/** @type {CustomEvent} */ event) =>
              this.#chosen(store, event, event.detail.message_seq !== null),
          }),
        ),
    );
  }

  /** @param {Store} store @param {string} [slot] */
  #back(store, slot) {
    return h(
      "button",
      {
        key: "back",
        slot,
        type: "button",
        class: "icon back",
        "aria-label": this.t("back"),
        onclick: () => {
          const id = store.current;
          this.#select(store, null);
          // The focus goes where the person came from.
          queueMicrotask(() => this.#listFocus(id));
        },
      },
      icon("back"),
    );
  }

  /** @param {string | null} id */
  #listFocus(id) {
    const list = /** @type {ParleyElement | null} */ (this.root.querySelector("parley-inbox"));
    if (!list || !id) return;
    const entries = /** @type {HTMLElement[]} */ ([...list.root.querySelectorAll("[data-id]")]);
    /** @type {HTMLElement | null | undefined} */ (
      entries.find((one) => one.dataset.id === id)?.querySelector("button")
    )?.focus();
  }

  // --- What is chosen ------------------------------------------------------------------------------------------------

  /** @param {Store} store */
  #begin(store) {
    const parameter = this.#parameter;
    const address = new URLSearchParams(location.search);
    const linked = parameter ? address.get(parameter) : null;
    const seq = linked ? Number(address.get("message")) || undefined : undefined;
    const id = linked ?? this.getAttribute("conversation");
    const user = this.getAttribute("user");
    if (id) {
      if (linked && this.#isFloating) this.open = true;
      if (!this.#isFloating || this.open) this.#select(store, id, seq, true);
      else this.#last = id;
    } else if (user) this.#openWith(store, user);
    this.#shown = store.current;
  }

  /** @param {Store} store @param {string} user */
  #openWith(store, user) {
    const asked = `${user} ${this.getAttribute("context")}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    const id = store.idWith(recipientOf(this));
    if (this.#isFloating && !this.open) this.#last = id;
    else this.#select(store, id, undefined, true);
  }

  /** What an element within has chosen. @param {Store} store @param {CustomEvent} event @param {boolean} [closesDetails] */
  #chosen(store, event, closesDetails) {
    event.stopPropagation();
    event.preventDefault();
    const { conversation_id: id, message_seq: seq } = event.detail;
    if (closesDetails && this.getBoundingClientRect().width < 1088) this.#isDetailed = false;
    this.#select(store, id, seq ?? undefined);
    // Where the list gives way to the thread, the focus must not be lost with it.
    requestAnimationFrame(() => {
      const [list, talk] = [".list", ".talk"].map(
        (one) => /** @type {HTMLElement | null} */ (this.root.querySelector(one)),
      );
      if (list && talk && getComputedStyle(list).display === "none") talk.focus();
    });
  }

  /**
   * @param {Store} store
   * @param {string | null} id
   * @param {number} [seq]
   * @param {boolean} [isFirst] the page's own choice: it makes no step in the browser's history
   */
  #select(store, id, seq, isFirst = false) {
    if (!this.emit("select", { conversation_id: id, message_seq: seq ?? null })) return;
    if (id !== store.current) this.#isDetailed = this.#isDetailed && id !== null;
    store.select(id);
    this.#shown = id;
    this.#write(id, isFirst);
    // A failure to go there is the thread's own state.
    if (id && seq !== undefined) void this.attempt(() => store.jump(id, seq));
    this.update();
  }

  /** The selection was changed from elsewhere: a notification, a toast, the page. @param {Store} store @param {string | null} id */
  #moved(store, id) {
    const hasBegun = this.#shown?.startsWith("to:") === true; // its first message has made the conversation
    this.#shown = id;
    if (id && this.#isFloating && !this.open && !hasBegun) {
      this.#last = id;
      this.open = true;
    }
    this.#write(id, hasBegun);
    if (id && store.current !== id) store.select(id);
  }

  // --- The page's URL ------------------------------------------------------------------------------------------------

  /** @param {string | null} id @param {boolean} isFirst */
  #write(id, isFirst) {
    const parameter = this.#parameter;
    if (!parameter) return;
    const url = new URL(location.href);
    if ((url.searchParams.get(parameter) ?? null) === id) return;
    if (id) url.searchParams.set(parameter, id);
    else url.searchParams.delete(parameter);
    url.searchParams.delete("message");
    if (isFirst) history.replaceState(history.state, "", url);
    else history.pushState(history.state, "", url);
  }

  /** The browser's buttons were used. */
  #follow() {
    const { store } = this;
    const parameter = this.#parameter;
    if (!store || !parameter) return;
    const id = new URLSearchParams(location.search).get(parameter);
    if (id === store.current) return;
    if (this.#isFloating) this.open = id !== null;
    this.#shown = id;
    store.select(id);
    this.update();
  }

  // --- Floating ------------------------------------------------------------------------------------------------------

  /** @param {boolean} isOpen */
  #opened(isOpen) {
    const { store } = this;
    if (!this.#isFloating) return;
    // A closed chat shows nothing, so that nothing counts as read.
    if (store && isOpen && this.#last && !store.current) this.#select(store, this.#last);
    else if (store && !isOpen && store.current) {
      this.#last = store.current;
      this.#shown = null;
      store.select(null);
      this.#write(null, false);
    }
    this.emit("open", { open: isOpen });
    if (!isOpen)
      queueMicrotask(() => /** @type {HTMLElement | null} */ (this.root.querySelector(".launcher"))?.focus());
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    const isOver = event
      .composedPath()
      .some((one) => one instanceof Element && one.matches("dialog[open], :popover-open"));
    if (!isOver) this.open = false;
  }
}

define("parley-chat", ParleyChat);
