/** The form for a new request, with the articles that may help. Loaded when it is first shown. */
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { Uploads } from "../base/tries.js";
import { choose } from "../composer/files.js";
import { Articles } from "./articles.js";
import { Kept } from "./kept.js";
import { categories, categoryName } from "./tickets.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {import("./tickets.js").Ticket} Ticket */
/** @typedef {{subject: string, description: string, category: string, clientId: string, files: File[], notes: string[], isBusy: boolean, isTried: boolean}} Written */
/** @typedef {{followUpOf: Ticket | null, subject: string, back: () => import("../base/h.js").Content, leave: () => void, opened: (ticket: any) => void, again: () => void}} Options `back` draws the button that leaves the form on a phone, `opened` takes the ticket, `again` reads the requests */

export class RequestForm {
  #uploads = new Uploads();

  /** @param {Host} host @param {Store} store @param {Options} options */
  constructor(host, store, { followUpOf, subject, back, leave, opened, again }) {
    this.host = host;
    this.store = store;
    this.followUpOf = followUpOf;
    this.back = back;
    this.opened = opened;
    this.again = again;
    this.kept = new Kept(host, store, followUpOf);
    /** @type {Written} */
    this.written = {
      subject: followUpOf?.subject ?? subject,
      description: "",
      category: followUpOf?.category ?? categories(host)[0]?.[0] ?? "general",
      clientId: crypto.randomUUID(),
      ...this.kept.read(),
      files: [],
      notes: [],
      isBusy: false,
      isTried: false,
    };
    this.articles = new Articles(host, store, this.written, () => {
      this.kept.end(this.written);
      leave();
    });
    this.articles.ask();
  }

  /** The form, or the article that is read in its place. */
  view() {
    const { articles, host, written: form } = this;
    const { reader } = articles;
    /** @param {Partial<Written>} change */
    const set = (change) => {
      Object.assign(form, change);
      this.kept.keep(form);
      articles.ask();
      host.update();
    };
    const isWrong = (/** @type {"subject" | "description"} */ name) => form.isTried && !form[name].trim();
    /** @param {"subject" | "description"} name @param {string} tag @param {string} most */
    const field = (name, tag, most) =>
      h(
        "label",
        { key: name },
        host.t(name),
        h(tag, {
          class: "field",
          name,
          required: true,
          readonly: form.isBusy,
          dir: "auto",
          maxlength: most,
          autofocus: name === "subject",
          value: form[name],
          "aria-invalid": isWrong(name),
          "aria-describedby": isWrong(name) ? `wrong-${name}` : null,
          ref: (/** @type {HTMLElement | null} */ shown) => name === "subject" && shown?.focus(),
          oninput: (/** @type {InputEvent} */ event) =>
            set({ [name]: /** @type {HTMLInputElement} */ (event.target).value }),
        }),
        isWrong(name) && h("span", { class: "wrong", id: `wrong-${name}` }, host.t("needed")),
      );
    return [
      reader.isReading
        ? reader.head()
        : h(
            "header",
            { class: "top", key: "top" },
            this.back(),
            h(
              "div",
              { class: "what" },
              h("h2", null, host.t("new_ticket")),
              this.followUpOf && h("p", { class: "under" }, host.t("follow_up_of", { number: this.followUpOf.number })),
            ),
          ),
      host.problemBar(),
      h(
        "form",
        {
          key: "form",
          class: "new-form",
          novalidate: true,
          "aria-busy": form.isBusy,
          hidden: reader.isReading,
          onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            void this.#open();
          },
        },
        h(
          "div",
          { class: "form" },
          field("subject", "input", "200"),
          h(
            "label",
            { key: "category" },
            host.t("category"),
            h(
              "select",
              {
                class: "field",
                name: "category",
                value: form.category,
                disabled: form.isBusy,
                onchange: (/** @type {Event} */ event) =>
                  set({ category: /** @type {HTMLSelectElement} */ (event.target).value }),
              },
              categories(host).map(([id]) => h("option", { key: id, value: id }, categoryName(host, id))),
            ),
          ),
          field("description", "textarea", "10000"),
          articles.note(),
          this.#files(set),
          h(
            "div",
            { key: "send" },
            h(
              "button",
              { type: "submit", class: "button main", disabled: form.isBusy },
              icon("send"),
              host.t(form.isBusy && form.files.length ? "uploading" : "send_request"),
            ),
          ),
        ),
        articles.list(),
      ),
      reader.view(),
    ];
  }

  /** The files of a request: they are uploaded when it is sent. @param {(change: Partial<Written>) => void} set */
  #files(set) {
    const { host, written: form } = this;
    const pick = (/** @type {Event} */ event) => {
      const input = /** @type {HTMLInputElement} */ (event.target);
      set(choose(host, form.files, input.files ?? []));
      input.value = "";
    };
    return h(
      "div",
      { key: "files", class: "files" },
      h("input", {
        type: "file",
        multiple: true,
        hidden: true,
        accept: (host.store?.["limits"]?.attachments.types ?? []).join(","),
        "aria-label": host.t("attach"),
        onchange: pick,
      }),
      h(
        "button",
        {
          type: "button",
          class: "button",
          disabled: form.isBusy,
          onclick: () => /** @type {HTMLElement | null} */ (host.root.querySelector(".files input"))?.click(),
        },
        icon("plus"),
        host.t("attach"),
      ),
      form.files.length > 0 &&
        h(
          "div",
          { class: "chips" },
          form.files.map((file) =>
            h(
              "button",
              {
                key: this.#uploads.idOf(file),
                type: "button",
                class: "chip",
                disabled: form.isBusy,
                "aria-label": host.t("remove_name", { name: file.name }),
                onclick: () => set({ files: form.files.filter((one) => one !== file), notes: [] }),
              },
              h("bdi", { class: "cut" }, file.name),
              icon("close"),
            ),
          ),
        ),
      form.notes.length > 0 &&
        h(
          "div",
          { role: "alert" },
          form.notes.map((note) => h("p", { key: note, class: "wrong" }, note)),
        ),
    );
  }

  /** @param {Record<string, unknown>} body */
  async #send(body) {
    const { store, written: form } = this;
    const place = { for: "ticket", ticket_client_id: form.clientId };
    const attachment_ids = [];
    for (const file of form.files)
      attachment_ids.push((await store.client.upload(place, file, { clientId: this.#uploads.idOf(file) })).id);
    const files = attachment_ids.length ? { attachment_ids } : {};
    try {
      return await store.client.rest("POST", "/support/tickets", { body: { ...body, ...files } });
    } catch (error) {
      throw /** @type {any} */ (error)?.code === "client_id_reused" ? this.#another() : error;
    }
  }

  /** Makes another request of what is written: it was sent before, the answer was lost, and then it was changed. Returns what the person reads. */
  #another() {
    const { kept, written: form } = this;
    form.clientId = crypto.randomUUID();
    this.#uploads = new Uploads(); // they belong to a request
    kept.keep(form);
    this.articles.reader.sent();
    this.again();
    return Object.assign(new Error(), { code: "sent_before" });
  }

  async #open() {
    const { host, written: form } = this;
    form.isTried = true;
    host.update();
    if (form.isBusy) return;
    if (!form.subject.trim() || !form.description.trim()) {
      const wrong = form.subject.trim() ? "textarea" : "input";
      /** @type {HTMLElement | null} */ (host.root.querySelector(`.form ${wrong}`))?.focus();
      return;
    }
    form.isBusy = true;
    this.kept.isSending(form, true);
    host.update();
    const [type, ...rest] = (host.getAttribute("context") ?? "").split(":");
    const body = {
      subject: form.subject.trim(),
      description: form.description.trim(),
      category: form.category,
      client_id: form.clientId,
      ...(type ? { context: { type, id: rest.join(":") || null } } : {}),
      ...(this.followUpOf ? { follow_up_of: this.followUpOf.id } : {}),
    };
    const ticket = await host.attempt(() => this.#send(body));
    form.isBusy = false;
    this.kept.isSending({ clientId: body.client_id }, false);
    if (ticket) {
      this.kept.end(form);
      this.articles.reader.sent();
      this.opened(ticket);
    }
    host.update();
  }
}
