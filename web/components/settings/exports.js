/** Copies of conversations: asked for, made, fetched. The server has no list of them, so this device remembers which it asked for. */
import { h, safeUrl } from "../base/h.js";
import { icon } from "../base/icons.js";
import { size } from "../base/names.js";
import { relative } from "../base/times.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/element.js").ParleyElement} Host */
/** @typedef {{id: string, title: string}} Asked */

const LOOK_MS = 2_000;
const MOST = 10;

export class Exports {
  #format = "html";
  #files = false;
  #chosen = "";
  #isBusy = false;
  /** @type {Asked[]} the newest first */
  #asked = [];
  /** @type {Map<string, any>} */
  #made = new Map();
  #hasEnded = false;

  /** @param {Host} host @param {Store} store */
  constructor(host, store) {
    this.host = host;
    this.store = store;
    this.key = `parley:exports:${store["userId"]}`;
    try {
      this.#asked = JSON.parse(localStorage.getItem(this.key) ?? "[]");
    } catch {
      // Nothing is kept here: those of this visit are shown.
    }
    for (const { id } of this.#asked) void this.#look(id);
  }

  end() {
    this.#hasEnded = true;
  }

  #keep() {
    try {
      localStorage.setItem(this.key, JSON.stringify(this.#asked));
    } catch {
      // The same.
    }
  }

  /** Asks until an export has come to its end. @param {string} id */
  async #look(id) {
    while (!this.#hasEnded) {
      try {
        const made = await this.store.client.rest("GET", "/exports/{export_id}", { path: { export_id: id } });
        this.#made.set(id, made);
        this.host.update();
        if (made.state === "done" || made.state === "failed") return;
      } catch (error) {
        if (/** @type {any} */ (error).status === 404) this.#forget(id);
        if (!(/** @type {any} */ (error).mayPass)) return; // the next visit tells more
      }
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }

  /** @param {string} id */
  #forget(id) {
    this.#asked = this.#asked.filter((one) => one.id !== id);
    this.#keep();
    this.host.update();
  }

  /** @param {string} conversation_id @param {string} title */
  async #ask(conversation_id, title) {
    this.#isBusy = true;
    this.host.update();
    const body = { format: this.#format, files: this.#files, client_id: crypto.randomUUID() };
    const made = await this.host.attempt(() =>
      this.store.client.rest("POST", "/conversations/{conversation_id}/export", { path: { conversation_id }, body }),
    );
    this.#isBusy = false;
    if (made) {
      this.#made.set(made.id, made);
      this.#asked = [{ id: made.id, title }, ...this.#asked.filter(({ id }) => id !== made.id)].slice(0, MOST);
      this.#keep();
      void this.#look(made.id);
    }
    this.host.update();
  }

  /** The address of a file lives for minutes, so a new one is asked for. @param {string} export_id */
  async #fetch(export_id) {
    const made = await this.host.attempt(() =>
      this.store.client.rest("GET", "/exports/{export_id}", { path: { export_id } }),
    );
    const url = safeUrl(made?.url ?? "");
    if (!url) return;
    const link = document.createElement("a");
    link.href = url;
    link.download = "";
    link.rel = "noopener noreferrer";
    link.click();
  }

  view() {
    const { host, store } = this;
    const all = ["active", "archived"].flatMap((state) => store.conversations({ state: /** @type {any} */ (state) }));
    const chosen = all.find(({ id }) => id === this.#chosen) ?? all[0];
    return h(
      "section",
      { key: "exports", part: "section", "aria-labelledby": "exports" },
      h("h3", { id: "exports" }, icon("download"), host.t("exports")),
      h("p", { class: "hint" }, host.t("exports_hint")),
      chosen && this.#form(all, chosen),
      this.#asked.length > 0 &&
        h(
          "ul",
          { class: "rows", role: "list", "aria-label": host.t("exports") },
          this.#asked.map((one) => this.#row(one)),
        ),
    );
  }

  /** @param {any[]} all @param {any} chosen */
  #form(all, chosen) {
    const { host } = this;
    return h(
      "div",
      { class: "form" },
      h(
        "label",
        null,
        host.t("export_which"),
        h(
          "select",
          {
            class: "field",
            value: chosen.id,
            onchange: (/** @type {any} */ { target }) => {
              this.#chosen = target.value;
              host.update();
            },
          },
          all.map(({ id, title_shown }) => h("option", { key: id, value: id }, title_shown)),
        ),
      ),
      h(
        "label",
        null,
        host.t("export_format"),
        h(
          "select",
          {
            class: "field",
            value: this.#format,
            onchange: (/** @type {any} */ { target }) => {
              this.#format = target.value;
            },
          },
          ["html", "jsonl"].map((format) => h("option", { key: format, value: format }, host.t(`export_${format}`))),
        ),
      ),
      h(
        "div",
        { class: "acts" },
        h(
          "label",
          { class: "check" },
          h("input", {
            type: "checkbox",
            checked: this.#files,
            onchange: (/** @type {any} */ { target }) => {
              this.#files = target.checked;
            },
          }),
          host.t("export_files"),
        ),
        h(
          "button",
          {
            type: "button",
            class: "button main",
            disabled: this.#isBusy,
            onclick: () => void this.#ask(chosen.id, chosen.title_shown),
          },
          host.t("export"),
        ),
      ),
    );
  }

  /** @param {Asked} asked */
  #row({ id, title }) {
    const { host, store } = this;
    const made = this.#made.get(id);
    const reader = { language: host.language, now: store["now"]() };
    const isMade = made?.state === "done";
    const words = isMade
      ? [relative(made.created_at, reader), made.size_bytes && size(made.size_bytes, host.language)].filter(Boolean)
      : [host.t(made?.state === "failed" ? "export_failed" : "export_running")];
    return h(
      "li",
      { key: id },
      h(
        "span",
        null,
        h("span", { class: "what" }, h("bdi", null, title)),
        h("span", { class: "hint", role: "status" }, words.join(" · ")),
      ),
      isMade
        ? h(
            "button",
            {
              type: "button",
              class: "button",
              "aria-label": `${host.t("download")}: ${title}`,
              onclick: () => void this.#fetch(id),
            },
            icon("download"),
            host.t("download"),
          )
        : h(
            "button",
            {
              type: "button",
              class: "icon",
              "aria-label": `${host.t("dismiss")}: ${title}`,
              onclick: () => this.#forget(id),
            },
            icon("close"),
          ),
    );
  }
}
