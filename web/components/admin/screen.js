/** The screen of moderators and admins: a tab for each area that the caller's rights open. */
import words from "../../languages/en.admin.js";
import { unique } from "../base/dialog.js";
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { bringWords } from "../base/languages.js";
import { lists } from "../inbox/styles.js";
import { ticket } from "../support/styles.js";
import { Audit } from "./audit.js";
import { Figures } from "./figures.js";
import { Form } from "./form.js";
import { refused } from "./kit.js";
import { Reports } from "./reports.js";
import { Search } from "./search.js";
import { admin } from "./styles.js";
import { Suspensions } from "./suspensions.js";
import { Webhooks } from "./webhooks.js";
import { BannedWords } from "./words.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("./kit.js").Area} Area */

bringWords(words);

const AREAS = {
  reports: Reports,
  suspensions: Suspensions,
  words: BannedWords,
  search: Search,
  audit: Audit,
  figures: Figures,
  webhooks: Webhooks,
};
/** @typedef {keyof typeof AREAS} Name */

const NAMES = /** @type {Name[]} */ (Object.keys(AREAS));
const TOLD_MS = 8_000;
const FOCUS_MS = 3_000; // in which what an act has taken away goes, after its dialog

/** @param {...Name} names */
const only = (...names) => names;

class ParleyAdminScreen extends ParleyElement {
  /** @override */
  static styles = [lists, ticket, admin];
  /** @override */
  static attributes = ["area"];

  /** @type {Name[] | null} the areas that the person may open; null until that is known */
  #open = null;
  /** @type {unknown} why it is not known */
  #error = null;
  /** @type {Name | null} */
  #shown = null;
  /** @type {Partial<Record<Name, Area>>} */
  #areas = {};
  /** @type {Form | null} */
  #form = null;
  #told = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;
  /** @type {Store | null} */
  #of = null;
  #isTurned = false;
  #closedAt = Number.NEGATIVE_INFINITY;
  #id = unique("area");
  /** @type {Map<string, any>} the people whom the API's answers have named */
  known = new Map();

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    const watcher = new ResizeObserver(() => this.update()); // charts are drawn for the width
    watcher.observe(this);
    this.gone.signal.addEventListener("abort", () => {
      watcher.disconnect();
      clearTimeout(this.#telling);
      this.#forget();
    });
  }

  #forget() {
    for (const area of Object.values(this.#areas)) area.stop();
    this.#areas = {};
    this.#open = null;
    this.#of = null;
    this.#form = null;
  }

  /** Asks before an act. @param {import("./form.js").Question} question */
  ask(question) {
    const { store } = this;
    if (!store) return;
    this.#form = new Form(this, store, question, () => {
      this.#form = null;
      this.#closedAt = performance.now();
      this.update();
    });
    this.update();
  }

  /** Says what was done. @param {string} what */
  tell(what) {
    this.#told = what;
    this.update();
    clearTimeout(this.#telling);
    if (what) this.#telling = setTimeout(() => this.tell(""), TOLD_MS);
  }

  /** @param {Store} store */
  #follow(store) {
    if (this.#of === store || store.connection.status !== "online") return;
    if (this.#of) this.#forget();
    this.#of = store;
    void this.#askRights(store);
  }

  /** What the API lets the person do: roles are the host's, so the API itself is asked. @param {Store} store */
  async #askRights(store) {
    this.#error = null;
    this.update();
    const may = async (/** @type {string} */ path) => {
      try {
        await store.client.rest("GET", path, { query: path === "/admin/reports" ? { limit: 1 } : {} });
        return true;
      } catch (error) {
        if (refused(error)) return false;
        throw error;
      }
    };
    try {
      // Who runs the support desk without moderating has the figures alone.
      // Webhooks are of admins: the rights for them are other ones.
      const [isModerator, hasWebhooks] = await Promise.all([may("/admin/reports"), may("/admin/webhooks")]);
      const areas = NAMES.filter((name) => (name === "webhooks" ? hasWebhooks : isModerator));
      const open = areas.length ? areas : (await may("/support/metrics")) ? only("figures") : [];
      if (this.#of === store) this.#open = open;
    } catch (error) {
      this.#error = error;
    }
    this.update();
  }

  /** @param {Store} store @override */
  view(store) {
    this.#follow(store);
    if (this.#error)
      return this.state(
        "alert",
        this.because(this.#error),
        null,
        this.retry(() => void this.#askRights(store)),
      );
    if (!this.#open) return [this.offlineBar(store), this.loading()];
    if (!this.#open.length) return this.state("block", this.t("no_right"), this.t("no_right_hint"));
    const wanted = /** @type {Name} */ (this.getAttribute("area"));
    this.#shown ??= this.#open.includes(wanted) ? wanted : /** @type {Name} */ (this.#open[0]);
    return h(
      "section",
      { class: "admin", "aria-label": this.t("administration") },
      h("header", { class: "head", part: "head" }, h("h2", null, this.t("administration"))),
      this.#tabs(this.#open, this.#shown),
      this.offlineBar(store),
      this.problemBar(),
      h(
        "div",
        {
          class: "panel",
          key: `panel ${this.#shown}`,
          id: `${this.#id}-panel`,
          role: "tabpanel",
          tabindex: "0",
          "aria-labelledby": `${this.#id}-${this.#shown}`,
        },
        this.#area(store, this.#shown).view(),
      ),
      h(
        "div",
        { class: "told", role: "status", key: "told" },
        this.#told && [icon("check"), h("span", { key: this.#told }, this.#told)],
      ),
      this.#form?.view(),
    );
  }

  /** @override */
  drawn() {
    this.#form?.drawn(this.root);
    // The browser gives the focus back to what opened the dialog, which the act may have taken away.
    const isLost = document.activeElement === document.body && performance.now() < this.#closedAt + FOCUS_MS;
    if (!this.#form && isLost) /** @type {HTMLElement | null} */ (this.root.querySelector("[role=tabpanel]"))?.focus();
    if (!this.#isTurned) return;
    this.#isTurned = false;
    this.root.querySelector("[role=tab][aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** @param {Store} store @param {Name} name @returns {Area} */
  #area(store, name) {
    const known = this.#areas[name];
    if (known) return known;
    const area = new AREAS[name](this, store);
    this.#areas[name] = area;
    area.start();
    return area;
  }

  /** @param {Name[]} open @param {Name} shown */
  #tabs(open, shown) {
    return h(
      "div",
      {
        class: "tabs",
        role: "tablist",
        "aria-label": this.t("areas"),
        key: "tabs",
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#move(event, open, shown),
      },
      open.map((name) =>
        h(
          "button",
          {
            key: name,
            type: "button",
            role: "tab",
            id: `${this.#id}-${name}`,
            "aria-selected": name === shown,
            "aria-controls": name === shown ? `${this.#id}-panel` : null,
            tabindex: name === shown ? "0" : "-1",
            onclick: () => this.#select(name),
          },
          this.t(`area_${name}`),
        ),
      ),
    );
  }

  /** @param {Name} name */
  #select(name) {
    this.#shown = name;
    this.#isTurned = true;
    this.problem = null;
    this.#told = "";
    this.update();
  }

  /** Arrows, Home and End move in the tabs. @param {KeyboardEvent} event @param {Name[]} open @param {Name} shown */
  #move(event, open, shown) {
    const forward = getComputedStyle(this).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const at = open.indexOf(shown);
    let next = -1;
    if (event.key === forward) next = (at + 1) % open.length;
    else if (/^Arrow(Left|Right)$/.test(event.key)) next = (at - 1 + open.length) % open.length;
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = open.length - 1;
    if (next < 0) return;
    event.preventDefault();
    const name = /** @type {Name} */ (open[next]);
    this.#select(name);
    this.root.getElementById(`${this.#id}-${name}`)?.focus();
  }
}

define("parley-admin-screen", ParleyAdminScreen);
