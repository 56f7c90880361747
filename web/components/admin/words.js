/** The list of banned words: rules, and what they would have found. */
import { h } from "../base/h.js";
import { highlighted } from "../base/names.js";
import { Area } from "./kit.js";

/** @typedef {{id?: string, kind: string, text: string, action: string}} Rule */
/** @typedef {{looked: number, hits: any[], next: string | null, rules: Rule[]}} Tried */

const KINDS = ["word", "pattern"];
const ACTIONS = ["reject", "mask", "flag"];

export class BannedWords extends Area {
  /** @type {{version: number, rules: Rule[], updated_at: string | null, updated_by: string | null} | null} */
  #list = null;
  /** @type {unknown} */
  #error = null;
  /** @type {Tried | null} */
  #tried = null;

  /** @override */
  start() {
    void this.#load();
  }

  async #load() {
    this.#error = null;
    this.host.update();
    try {
      this.#list = await this.rest("GET", "/admin/banned-words");
    } catch (error) {
      this.#error = error;
    }
    this.host.update();
  }

  /** @override */
  view() {
    const list = this.#list;
    if (this.#error)
      return this.host.state(
        "alert",
        this.host.because(this.#error),
        null,
        this.host.retry(() => this.#load()),
      );
    if (!list) return this.host.loading();
    return [
      h("p", { key: "lead", class: "lead" }, this.t("words_hint")),
      h(
        "div",
        { class: "tools", key: "tools" },
        this.button(this.t("add_rule"), () => this.#edit(null), { class: "main" }),
        list.rules.length > 0 && this.button(this.t("try_rules"), () => void this.#try(list.rules.map(plain))),
        list.updated_at &&
          h(
            "span",
            { class: "soft" },
            `${this.t("changed_by", { name: this.name(list.updated_by) })} · `,
            this.ago(list.updated_at),
          ),
        h(
          "span",
          { class: "end" },
          this.refresh(() => this.#load()),
        ),
      ),
      this.#tried && this.#result(this.#tried),
      list.rules.length
        ? this.#table(list.rules)
        : this.host.state("check", this.t("no_rules"), this.t("no_rules_hint")),
    ];
  }

  /** @param {Rule[]} rules */
  #table(rules) {
    return this.table(
      this.t("area_words"),
      [
        { label: this.t("rule_text"), cell: (rule) => h("bdi", { class: "code" }, rule.text) },
        { label: this.t("rule_kind"), cell: (rule) => this.t(`kind_${rule.kind}`) },
        {
          label: this.t("rule_action"),
          cell: (rule) => h("span", { class: `status ${rule.action}` }, this.t(`action_${rule.action}`)),
        },
        {
          label: this.t("actions"),
          class: "acts",
          cell: (rule) => [
            this.button(this.t("edit"), () => this.#edit(rule), { "aria-label": `${this.t("edit")}: ${rule.text}` }),
            this.button(this.t("remove"), () => this.#remove(rule), {
              class: "danger",
              "aria-label": this.t("remove_name", { name: rule.text }),
            }),
          ],
        },
      ],
      rules,
      (rule) => rule.id,
    );
  }

  /** Puts another list in force. If another moderator was faster, the list is read again and the change with it. @param {(rules: Rule[]) => Rule[]} change */
  async #put(change) {
    const list = this.#list ?? { version: 0, rules: [] };
    try {
      this.#list = await this.rest("PUT", "/admin/banned-words", {
        body: { version: list.version, rules: change(list.rules).map(plain) },
      });
    } catch (error) {
      if (/** @type {any} */ (error)?.code === "banned_words_changed") await this.#load();
      throw error;
    }
    this.#tried = null;
    this.host.tell(this.t("words_done"));
  }

  /** @param {Rule | null} rule */
  #edit(rule) {
    const options = (/** @type {string} */ kind, /** @type {string[]} */ all) =>
      all.map((one) => /** @type {[string, string]} */ ([one, this.t(`${kind}_${one}`)]));
    this.host.ask({
      title: this.t(rule ? "edit_rule" : "add_rule"),
      act: this.t(rule ? "save" : "add"),
      fields: [
        { name: "text", label: this.t("rule_text"), isNeeded: true, max: 64, value: rule?.text ?? "" },
        {
          name: "kind",
          label: this.t("rule_kind"),
          kind: "select",
          options: options("kind", KINDS),
          value: rule?.kind ?? "word",
          hint: this.t("kind_hint"),
        },
        {
          name: "action",
          label: this.t("rule_action"),
          kind: "select",
          options: options("action", ACTIONS),
          value: rule?.action ?? "mask",
          hint: this.t("action_hint"),
        },
      ],
      submit: async ({ text, kind, action }) => {
        const made = { ...(rule?.id ? { id: rule.id } : {}), text: text.trim(), kind, action };
        await this.#put((rules) => (rule ? rules.map((one) => (one.id === rule.id ? made : one)) : [...rules, made]));
      },
    });
  }

  /** @param {Rule} rule */
  #remove(rule) {
    this.host.ask({
      title: this.t("remove_name", { name: rule.text }),
      text: this.t("remove_rule_ask"),
      act: this.t("remove"),
      isDanger: true,
      submit: () => this.#put((rules) => rules.filter((one) => one.id !== rule.id)),
    });
  }

  /** Tries rules on what was reported, without putting them in force. @param {Rule[]} rules @param {string | null} [cursor] */
  async #try(rules, cursor = null) {
    const found = await this.once(() =>
      this.rest("POST", "/admin/banned-words/try", { body: { rules, ...(cursor ? { cursor } : {}) } }),
    );
    if (!found) return;
    const before = cursor ? this.#tried : null;
    this.#tried = {
      rules,
      next: found.next,
      looked: (before?.looked ?? 0) + found.looked,
      hits: [...(before?.hits ?? []), ...found.hits],
    };
    this.host.update();
  }

  /** @param {Tried} tried */
  #result(tried) {
    const close = () => {
      this.#tried = null;
      this.host.update();
    };
    return h(
      "section",
      { class: "box", key: "tried", "aria-label": this.t("try_rules") },
      h(
        "header",
        { class: "case-head" },
        h("h3", { role: "status" }, this.t("tried", { hits: tried.hits.length, count: tried.looked })),
        this.button(this.t("close"), close),
      ),
      tried.hits.length > 0 &&
        h(
          "ul",
          { class: "said", role: "list" },
          tried.hits.map((hit) =>
            h(
              "li",
              { key: hit.message_id },
              h(
                "header",
                null,
                h("bdi", { class: "cut" }, this.name(hit.sender_id)),
                h("span", { class: `status ${hit.action}` }, this.t(`action_${hit.action}`)),
                this.moment(hit.created_at),
              ),
              h("div", { dir: "auto" }, highlighted(hit.excerpt, hit.highlights)),
            ),
          ),
        ),
      tried.next && this.button(this.t("show_more"), () => void this.#try(tried.rules, tried.next), { class: "wide" }),
    );
  }
}

/** What the API takes of a rule. @param {Rule} rule @returns {Rule} */
function plain({ id, kind, text, action }) {
  return { ...(id ? { id } : {}), kind, text, action };
}
