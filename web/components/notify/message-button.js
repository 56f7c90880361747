/** A button that begins a conversation with a person: the first message makes it. */
import { avatar } from "../base/avatar.js";
import { modal } from "../base/dialog.js";
import { define, ParleyElement, recipientOf } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { button } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */

/**
 * `user` is the person, `context` (`type:id`) and `title` what it is about, `name` the person's name until the server has told it. `href` is a
 * page with the chat; without it the link "Open" selects the conversation in the page's own.
 *
 * Events: `parley-send` {conversation_id}, `parley-select` {conversation_id}.
 */
export class ParleyMessageButton extends ParleyElement {
  /** @override */
  static styles = [button];
  /** @override */
  static attributes = ["user", "context", "title", "name", "label"];

  /** @type {{text: string, isBusy: boolean, sent: string | null, refusal: string | null, existing: string | null} | null} */
  #dialog = null;

  /** Whose profile was asked for. */
  #asked = "";

  /** The conversation that the first message makes. */
  get #recipient() {
    return recipientOf(this, "title");
  }

  /** @override */
  forget() {
    this.#dialog = null;
  }

  /** @override */
  signedOut() {
    return null;
  }

  /** @param {Store} store @override */
  view(store) {
    const id = this.getAttribute("user") ?? "";
    if (!id || id === store.userId) return null;
    const user = store.user(id);
    if (!user.name && this.#asked !== id && store.connection.status === "online") {
      this.#asked = id;
      void store.directory({ ids: id }).catch(() => {}); // the id is shown
    }
    const name = user.name ?? this.getAttribute("name") ?? id;
    return [
      h(
        "button",
        { key: "button", type: "button", class: "button main", part: "button", onclick: () => void this.#open(store) },
        icon("chat"),
        h("slot", null, this.getAttribute("label") ?? this.t("message_name", { name })),
      ),
      this.#dialog && this.#shown({ ...user, name }),
    ];
  }

  /** @param {Store} store */
  async #open(store) {
    /** @type {{text: string, isBusy: boolean, sent: string | null, refusal: string | null, existing: string | null}} */
    const dialog = { text: "", isBusy: false, sent: null, refusal: null, existing: null };
    this.#dialog = dialog;
    this.problem = null;
    this.update();
    // Whether the person may be written to is known before anything is typed.
    try {
      const said = await store.explain(this.#recipient);
      if (!said.allowed && said.code !== "already_open") dialog.refusal = this.because(said);
      dialog.existing = said.conversation_id ?? null;
    } catch {
      // The send tells what is wrong.
    }
    this.update();
  }

  async #send() {
    const { store } = this;
    const dialog = this.#dialog;
    const text = dialog?.text.trim();
    if (!store || !dialog || !text || dialog.isBusy) return;
    dialog.isBusy = true;
    this.update();
    const message = await this.attempt(() => store.send(this.#recipient, { text }).message);
    dialog.isBusy = false;
    if (message) {
      dialog.sent = message.conversation_id;
      this.emit("send", { conversation_id: message.conversation_id });
    }
    this.update();
  }

  /** @param {string} id */
  #go(id) {
    this.#dialog = null;
    this.update();
    this.goTo(id);
  }

  /** @param {import("../base/contract.d.ts").User} user */
  #shown(user) {
    const dialog = this.#dialog;
    if (!dialog) return null;
    const onclose = () => {
      this.#dialog = null;
      this.update();
    };
    const id = dialog.sent ?? dialog.existing;
    const open =
      id &&
      h(
        "button",
        { key: "open", type: "button", class: "button", onclick: () => this.#go(id) },
        icon("chat"),
        this.t("open"),
      );
    const title = this.getAttribute("title");
    return modal(
      {
        key: "write",
        title: this.t("message_name", { name: user.name ?? user.id }),
        close: this.t("close"),
        onclose,
        footer: [
          open,
          !dialog.sent &&
            !dialog.refusal &&
            h(
              "button",
              {
                key: "send",
                type: "button",
                class: "button main",
                disabled: dialog.isBusy || !dialog.text.trim(),
                onclick: () => void this.#send(),
              },
              icon("send"),
              this.t("send"),
            ),
          (dialog.sent || dialog.refusal) &&
            h("button", { key: "close", type: "button", class: "button main", onclick: onclose }, this.t("close")),
        ],
      },
      this.problemBar(),
      dialog.sent
        ? h(
            "div",
            { class: "sent", role: "status", key: "sent" },
            h("i", null, icon("check")),
            h("p", null, this.t("sent")),
          )
        : h(
            "div",
            { class: "form", key: "form" },
            h(
              "div",
              { class: "to" },
              avatar(user),
              h("span", null, h("bdi", { class: "cut" }, user.name), title && h("bdi", { class: "soft cut" }, title)),
            ),
            dialog.refusal
              ? h("p", { role: "alert", class: "soft" }, dialog.refusal)
              : h("textarea", {
                  class: "field",
                  autofocus: true,
                  dir: "auto",
                  maxlength: "10000",
                  "aria-label": this.t("write_message"),
                  placeholder: this.t("write_message"),
                  value: dialog.text,
                  oninput: (/** @type {InputEvent} */ event) => {
                    dialog.text = /** @type {HTMLTextAreaElement} */ (event.target).value;
                    this.update();
                  },
                  onkeydown: (/** @type {KeyboardEvent} */ event) => {
                    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
                    event.preventDefault();
                    void this.#send();
                  },
                }),
          ),
    );
  }
}

define("parley-message-button", ParleyMessageButton);
