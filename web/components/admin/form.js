/** A question in a dialog: what will happen, what it needs to know, and a button that does it. */
import { avatar } from "../base/avatar.js";
import { modal } from "../base/dialog.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { People } from "../inbox/people.js";

/** @typedef {import("./kit.js").Host} Host */
/** @typedef {import("../base/contract.d.ts").Store} Store */
/**
 * @typedef {{
 *   name: string, label: string, kind?: "text" | "area" | "select" | "check" | "person" | "number" | "date" | "datetime-local" | "url",
 *   options?: [string, string][], value?: string | boolean, isNeeded?: boolean, max?: number, hint?: string,
 *   when?: (values: Values) => boolean
 * }} Field
 * @typedef {Record<string, any>} Values
 * @typedef {{
 *   title: string, text?: string | null, act: string, isDanger?: boolean, fields?: Field[], submit: (values: Values) => Promise<unknown>
 * }} Question
 */

const ID = /^[A-Za-z0-9._~@|:+=-]{1,128}$/;

export class Form {
  /** @type {Values} */
  values = {};
  isOpen = true;
  isBusy = false;
  isTried = false;
  /** @type {any} */
  error = null;
  /** @type {People | null} */
  #people = null;
  /** @type {string | null} the field for which a person is chosen */
  #choosing = null;
  /** A selector of what gets the focus after the next drawing. */
  #goal = "";

  /** @param {Host} host @param {Store} store @param {Question} question @param {() => void} close */
  constructor(host, store, question, close) {
    this.host = host;
    this.store = store;
    this.question = question;
    this.close = () => {
      if (!this.isOpen) return;
      this.isOpen = false;
      close();
    };
    for (const field of question.fields ?? [])
      this.values[field.name] = field.value ?? (field.kind === "check" ? false : "");
    const first = question.fields?.find(({ kind, value }) => kind === "person" && !value);
    if (first) this.#choose(first.name);
  }

  /** @param {string} name */
  #choose(name) {
    this.#choosing = name;
    this.#people = new People(this.host, this.store, {
      choose: (person) => {
        this.values[name] = person.id;
        this.host.known.set(person.id, person);
        this.#chosen();
      },
    });
  }

  #chosen() {
    this.#people = null;
    this.#choosing = null;
    this.#goal = "[autofocus]";
    this.host.update();
  }

  /** Takes the focus along when what had it is gone, and to the first field that lacks something. @param {ShadowRoot} root */
  drawn(root) {
    if (!this.#goal) return;
    /** @type {HTMLElement | null} */ (root.querySelector(`dialog ${this.#goal}`))?.focus();
    this.#goal = "";
  }

  #shown() {
    return (this.question.fields ?? []).filter((field) => field.when?.(this.values) ?? true);
  }

  /** @param {Field} field */
  #lacks(field) {
    return field.isNeeded && !String(this.values[field.name]).trim();
  }

  async #submit() {
    this.isTried = true;
    const isLacking = this.#shown().some((field) => this.#lacks(field));
    if (isLacking) this.#goal = "[aria-invalid=true]";
    this.host.update();
    if (this.isBusy || isLacking) return;
    this.isBusy = true;
    this.error = null;
    try {
      await this.question.submit(this.values);
      this.close();
    } catch (error) {
      if (this.host.emit("error", { error })) {
        if (this.isOpen) this.error = error;
        else this.host.problem = error; // the person has closed it meanwhile
      }
    }
    this.isBusy = false;
    this.host.update();
  }

  view() {
    const { host, question } = this;
    return modal(
      {
        key: "form",
        title: question.title,
        close: host.t("close"),
        onclose: this.close,
        footer: !this.#choosing && [
          h("button", { type: "button", key: "cancel", class: "button", onclick: this.close }, host.t("cancel")),
          h(
            "button",
            {
              type: "submit",
              key: "act",
              form: "question",
              class: question.isDanger ? "button main danger-main" : "button main",
              disabled: this.isBusy,
            },
            question.act,
          ),
        ],
      },
      this.#choosing
        ? [this.#people?.field(), this.#people?.list(), this.#byId(this.#choosing)]
        : h(
            "form",
            {
              id: "question",
              key: "question",
              class: "form",
              novalidate: true,
              onsubmit: (/** @type {SubmitEvent} */ event) => {
                event.preventDefault();
                void this.#submit();
              },
            },
            question.text && h("p", { key: "text" }, question.text),
            this.#shown().map((field) => this.#field(field)),
            this.error && this.#refusal(),
          ),
    );
  }

  /** A person whom the directory does not show is named by their id. @param {string} name */
  #byId(name) {
    const id = this.#people?.q.trim() ?? "";
    if (!ID.test(id) || this.#people?.isLoading || this.#people?.found.some((one) => one.id === id)) return null;
    return h(
      "button",
      {
        key: "by-id",
        type: "button",
        class: "button wide",
        onclick: () => {
          this.values[name] = id;
          this.#chosen();
        },
      },
      this.host.t("take_id", { id }),
    );
  }

  #refusal() {
    const more = (this.error.errors ?? []).map((/** @type {any} */ one) => one.detail).filter(Boolean);
    return h(
      "div",
      { key: "refusal", class: "wrong", role: "alert" },
      icon("alert"),
      h(
        "div",
        null,
        h("p", null, this.host.because(this.error)),
        more.map((/** @type {string} */ words) => h("p", { key: words }, words)),
      ),
    );
  }

  /** @param {Field} field */
  #field(field) {
    const { host } = this;
    const isFirst = field === this.#shown().find(({ kind }) => kind !== "person");
    const { name, kind = "text" } = field;
    const isWrong = this.isTried && this.#lacks(field);
    const set = (/** @type {any} */ value) => {
      this.values[name] = value;
      host.update();
    };
    if (kind === "person") return this.#person(field);
    if (kind === "check")
      return h(
        "label",
        { key: name, class: "tick-label" },
        h("input", { type: "checkbox", checked: this.values[name], onchange: () => set(!this.values[name]) }),
        field.label,
      );
    const props = {
      class: "field",
      name,
      autofocus: isFirst,
      value: this.values[name],
      "aria-invalid": isWrong ? "true" : null,
      "aria-describedby": [isWrong && `wrong-${name}`, field.hint && `hint-${name}`].filter(Boolean).join(" ") || null,
      oninput: (/** @type {Event} */ event) => set(/** @type {HTMLInputElement} */ (event.target).value),
    };
    const control =
      kind === "select"
        ? h(
            "select",
            props,
            field.options?.map(([id, words]) =>
              h("option", { key: id, value: id, selected: id === this.values[name] }, words),
            ),
          )
        : kind === "area"
          ? h("textarea", { ...props, rows: "3", dir: "auto", maxlength: field.max ?? 1000 })
          : h("input", { ...props, type: kind, dir: kind === "text" ? "auto" : null, maxlength: field.max ?? null });
    return h(
      "div",
      { key: name, class: "labelled" },
      h("label", null, field.label, control),
      field.hint && h("span", { class: "hint", id: `hint-${name}` }, field.hint),
      isWrong && h("span", { class: "wrong", id: `wrong-${name}` }, host.t("needed")),
    );
  }

  /** @param {Field} field */
  #person(field) {
    const id = this.values[field.name];
    const { name, avatar_url } = this.host.known.get(id) ?? this.store.user(id);
    return h(
      "div",
      { key: field.name, class: "chosen" },
      avatar({ id, name, avatar_url }),
      h("bdi", { class: "cut" }, name ?? id),
      !field.value &&
        h(
          "button",
          {
            type: "button",
            class: "link",
            onclick: () => {
              this.#choose(field.name);
              this.#goal = "[autofocus]";
              this.host.update();
            },
          },
          this.host.t("change"),
        ),
    );
  }
}
