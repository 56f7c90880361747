/** Beside a thread: who is in the conversation, what is pinned and shared, a search, and what can be done with all of it. */
import words from "../../languages/en.details.js";
import { avatar } from "../base/avatar.js";
import { menu, modal } from "../base/dialog.js";
import { define, ParleyElement } from "../base/element.js";
import { h, safeUrl } from "../base/h.js";
import { icon } from "../base/icons.js";
import { bringWords } from "../base/languages.js";
import { plain } from "../base/markdown.js";
import { highlighted, size } from "../base/names.js";
import { searchField } from "../base/search.js";
import { exact, relative } from "../base/times.js";
import { face, isMuted } from "../inbox/entry.js";
import { People, skeleton } from "../inbox/people.js";
import { lists } from "../inbox/styles.js";
import { Files } from "../thread/files.js";
import { nameOf } from "../thread/system.js";
import { details } from "./details-styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/contract.d.ts").ShownConversation} ShownConversation */
/** @typedef {{items: any[], next: string | null, isLoading: boolean, error: unknown}} Page */
/** @typedef {{kind: "block" | "forget" | "dissolve" | "leave" | "report" | "export" | "rename" | "add", [more: string]: any}} Over */

bringWords(words);

const REASONS = ["spam", "harassment", "hate", "violence", "sexual", "self_harm", "illegal", "other"];
const PAUSE_MS = 300;
const LOOK_MS = 2_000; // between looks at an export
const FOR_EVER = Number.POSITIVE_INFINITY;

export class ParleyDetailsScreen extends ParleyElement {
  /** @override */
  static styles = [lists, details];
  /** @override */
  static attributes = ["conversation"];

  /** @type {Set<string>} */
  #unfolded = new Set();
  /** @type {Map<string, Page>} pages by section */
  #pages = new Map();
  #q = "";
  /** @type {Files | null} */
  #addresses = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Over | null} */
  #over = null;
  /** @type {{id: string, anchor: Element} | null} */
  #menu = null;
  #done = "";
  /** @type {string | null} */
  #of = null;
  /** @type {string | null} the conversation that was asked for */
  #read = null;

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    this.gone.signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** @override */
  forget() {
    this.#of = null;
  }

  /** @param {Store} store @override */
  view(store) {
    const id = this.getAttribute("conversation");
    const conversation = id ? store.conversation(id) : null;
    if (id !== this.#of) {
      this.#of = id;
      this.#pages.clear();
      this.#unfolded.clear();
      this.#q = this.#done = "";
      this.#over = this.#menu = null;
    }
    if (!conversation) return this.#missing(store, id ?? "");
    const { other, capabilities, settings, type } = conversation;
    const can = (/** @type {string} */ name) => capabilities.includes(name);
    const muted = isMuted(conversation, store.now());
    const isBlocked = !!other && store.isBlocked(other.id);
    const link = safeUrl(/** @type {any} */ (conversation).link ?? "");
    return h(
      "section",
      { class: "details", "aria-label": this.t("details") },
      h(
        "header",
        { class: "bar-top" },
        h("h2", null, this.t("details")),
        h(
          "button",
          { type: "button", class: "icon", "aria-label": this.t("close"), onclick: () => this.emit("close") },
          icon("close"),
        ),
      ),
      this.problemBar(),
      this.#done && h("div", { key: "done", class: "bar", role: "status" }, icon("check"), h("span", null, this.#done)),
      h(
        "div",
        { class: "all" },
        h(
          "div",
          { class: "about" },
          face(conversation),
          h("h3", null, h("bdi", null, conversation.title_shown)),
          other?.role && h("span", { class: "role", part: "role" }, other.role),
          conversation.title && other?.name && h("p", { class: "soft" }, h("bdi", null, other.name)),
          conversation.description && h("p", { class: "soft", dir: "auto" }, conversation.description),
          type === "group" && h("p", { class: "soft" }, this.t("members_count", { count: conversation.member_count })),
          h(
            "div",
            { class: "acts" },
            link &&
              /** @type {any} */ (conversation).link &&
              h(
                "a",
                { class: "button", href: link, target: "_blank", rel: "noopener noreferrer" },
                icon("link"),
                this.t("open"),
              ),
            h(
              "button",
              {
                type: "button",
                class: "button",
                onclick: () => this.#do(() => store.mute(conversation.id, muted ? null : FOR_EVER)),
              },
              icon(muted ? "bell" : "mute"),
              this.t(muted ? "unmute" : "mute"),
            ),
            can("edit_conversation") &&
              h(
                "button",
                {
                  type: "button",
                  class: "button",
                  onclick: () =>
                    this.#show({
                      kind: "rename",
                      title: conversation.title ?? "",
                      description: conversation.description ?? "",
                      posting: conversation.posting,
                    }),
                },
                icon("edit"),
                this.t("rename"),
              ),
          ),
        ),
        this.#search(store, conversation),
        type === "group" &&
          this.#section(store, "members", "group", this.t("group_members"), () => this.#members(store, conversation)),
        this.#section(store, "pins", "pin", this.t("pins"), () => this.#pins(store)),
        this.#section(store, "files", "file", this.t("files"), () => this.#files(store)),
        this.#section(store, "notify", "bell", this.t("notify"), () =>
          this.#levels(store, conversation, settings.notifications),
        ),
        h(
          "section",
          { key: "acts" },
          can("export") &&
            this.#act("download", "export", () => this.#show({ kind: "export", format: "html", files: false })),
          other &&
            this.#act(
              "block",
              isBlocked ? "unblock" : "block",
              () => (isBlocked ? this.#do(() => store.block(other.id, false)) : this.#show({ kind: "block" })),
              !isBlocked,
            ),
          other &&
            this.#newest(store, conversation) &&
            this.#act("flag", "report", () => this.#show({ kind: "report", reason: "spam", note: "" }), true),
          this.#act("trash", "forget", () => this.#show({ kind: "forget" }), true),
          // One of two archives the conversation: it stands in the list's menu.
          type === "group" && can("leave") && this.#act("forward", "leave", () => this.#show({ kind: "leave" }), true),
          can("dissolve") && this.#act("close", "dissolve", () => this.#show({ kind: "dissolve" }), true),
        ),
      ),
      this.#menu && this.#memberMenu(store, conversation),
      this.#over && this.#dialog(store, conversation, this.#over),
    );
  }

  /** A conversation that this device does not hold is read once; a thread beside it may have asked, too. @param {Store} store @param {string} id */
  #missing(store, id) {
    const { error, isLoading } = store.thread(id);
    const read = () => this.attempt(() => store["open"](id).finally(() => store["close"](id)));
    if (error) return this.state("alert", this.t("not_loaded"), this.because(error), this.retry(read));
    if (!isLoading && store.connection.status === "online" && this.#read !== id) {
      this.#read = id;
      void store["open"](id)
        .then(() => store["close"](id))
        .catch(() => {}); // the state says why
    }
    return this.loading();
  }

  // --- Sections ------------------------------------------------------------------------------------------------------

  /** @param {Store} store @param {string} name @param {import("../base/icons.js").IconName} picture @param {string} label @param {() => import("../base/h.js").Content} body */
  #section(store, name, picture, label, body) {
    const isOpen = this.#unfolded.has(name);
    return h(
      "section",
      { key: name },
      h(
        "button",
        {
          type: "button",
          class: "fold",
          "aria-expanded": isOpen,
          onclick: () => {
            if (isOpen) this.#unfolded.delete(name);
            else this.#unfolded.add(name);
            if (!isOpen) void this.#load(store, name);
            this.update();
          },
        },
        icon(picture),
        h("span", null, label),
        icon("down", "turn"),
      ),
      isOpen && body(),
    );
  }

  /** @param {import("../base/icons.js").IconName} picture @param {string} label @param {() => void} act @param {boolean} [isDanger] */
  #act(picture, label, act, isDanger) {
    return h(
      "button",
      { key: label, type: "button", class: isDanger ? "act danger" : "act", onclick: act },
      icon(picture),
      this.t(label),
    );
  }

  /** Reads a section's first page, or its next one. @param {Store} store @param {string} name @param {string} [cursor] */
  async #load(store, name, cursor) {
    const id = this.#of ?? "";
    if (name === "notify") return;
    const kept = cursor ? (this.#pages.get(name)?.items ?? []) : [];
    /** @type {Page} */
    const page = { items: kept, next: null, isLoading: true, error: null };
    this.#pages.set(name, page);
    this.update();
    const more = cursor ? { cursor } : {};
    try {
      let answer;
      if (name === "members") answer = await store.members(id, more);
      else if (name === "pins") answer = await store.pins(id, more);
      else if (name === "files")
        answer = await store.client.rest("GET", "/conversations/{conversation_id}/attachments", {
          path: { conversation_id: id },
          query: { limit: 30, ...more },
        });
      else answer = await store.search({ q: this.#q.trim(), conversation_id: id, limit: 30, ...more });
      page.items = [...kept, ...(answer.members ?? answer.messages ?? answer.attachments ?? answer.results)];
      page.next = answer.next;
    } catch (error) {
      page.error = error;
    }
    page.isLoading = false;
    this.update();
  }

  /** @param {Store} store @param {string} name @param {string} none @param {(item: any) => import("../base/h.js").Content} row */
  #paged(store, name, none, row) {
    const page = this.#pages.get(name);
    if (!page || (page.isLoading && !page.items.length)) return skeleton(this.t("loading"), 3);
    const again = () => void this.#load(store, name, page.next ?? undefined);
    if (page.error)
      return h(
        "p",
        { class: "none", role: "alert" },
        this.because(page.error),
        " ",
        h("button", { type: "button", class: "link", onclick: again }, this.t("retry")),
      );
    if (!page.items.length) return h("p", { class: "none" }, none);
    return [
      h("ul", { role: "list", key: "items" }, page.items.map(row)),
      page.next && this.showMore(page.isLoading, again),
    ];
  }

  /** @param {Store} store @param {ShownConversation} conversation */
  #search(store, conversation) {
    const label = this.t("search_here");
    return h(
      "section",
      { key: "search", role: "search", "aria-label": label },
      searchField(
        label,
        (q) => {
          this.#q = q;
          clearTimeout(this.#timer);
          this.#pages.delete("found");
          if (q.trim()) this.#timer = setTimeout(() => void this.#load(store, "found"), PAUSE_MS);
          this.update();
        },
        { enterkeyhint: "search", maxlength: "200", value: this.#q },
      ),
      this.#q.trim() &&
        this.#paged(store, "found", this.t("no_results"), ({ message, highlights }) =>
          this.#message(store, conversation, message, highlights),
        ),
    );
  }

  /** @param {Store} store */
  #pins(store) {
    return this.#paged(store, "pins", this.t("no_pins"), (message) => this.#message(store, null, message, []));
  }

  /** @param {Store} store @param {ShownConversation | null} _conversation @param {any} message @param {[number, number][]} highlights */
  #message(store, _conversation, message, highlights) {
    const reader = { language: this.language, now: store.now() };
    const words =
      message.text || message.attachments?.map((/** @type {any} */ file) => file.name).join(", ") || this.t("deleted");
    return h(
      "li",
      { key: message.id },
      h(
        "button",
        {
          type: "button",
          class: "hit",
          onclick: () => this.goTo(message.conversation_id, message.seq),
        },
        h(
          "span",
          { class: "top" },
          h("bdi", { class: "cut" }, nameOf(this, store, message.sender_id)),
          h(
            "time",
            { datetime: message.created_at, title: exact(message.created_at, reader) },
            relative(message.created_at, reader),
          ),
        ),
        h(
          "span",
          { class: "words", dir: "auto" },
          highlights.length ? highlighted(words, highlights, 24) : plain(words),
        ),
      ),
    );
  }

  /** @param {Store} store */
  #files(store) {
    const reader = { language: this.language, now: store.now() };
    /** @type {Record<string, import("../base/icons.js").IconName>} */
    const pictures = { image: "image", video: "video", audio: "mic" };
    return this.#paged(store, "files", this.t("no_files"), (file) =>
      h(
        "li",
        { key: file.id },
        h(
          "button",
          {
            type: "button",
            class: "file",
            disabled: !!file.expired,
            onclick: () => void this.#openFile(store, file.id),
          },
          h("i", null, icon(pictures[file.kind] ?? "file"), this.#thumbnail(store, file)),
          h(
            "span",
            null,
            h("bdi", { class: "cut" }, file.name),
            h(
              "span",
              { class: "soft cut" },
              `${size(file.size, this.language)} · ${relative(file.created_at, reader)}`,
            ),
          ),
        ),
      ),
    );
  }

  /** Over the sign of its kind, so that a picture that does not come leaves that. @param {Store} store @param {any} file */
  #thumbnail(store, file) {
    if (file.kind !== "image" || file.expired) return null;
    this.#addresses ??= new Files(store, () => this.update());
    const urls = this.#addresses.urls(file.id);
    const src = urls?.thumbnail_url ?? urls?.url;
    return src && h("img", { src, alt: "", loading: "lazy", decoding: "async" });
  }

  /** @param {Store} store @param {string} id */
  async #openFile(store, id) {
    const opened = window.open("", "_blank"); // now, while the click lets a window open
    const answer = await this.attempt(() => store.attachmentUrls([id]));
    const url = answer?.attachments?.[id]?.url;
    if (opened && url) {
      opened.opener = null;
      opened.location = url;
    } else opened?.close();
  }

  /** @param {Store} store @param {ShownConversation} conversation @param {string} level */
  #levels(store, conversation, level) {
    return h(
      "fieldset",
      { class: "choice" },
      h("legend", { class: "hidden" }, this.t("notify")),
      ["all", "mentions", "none"].map((one) =>
        h(
          "label",
          { key: one },
          h("input", {
            type: "radio",
            name: "level",
            checked: level === one,
            onchange: () => this.#do(() => store.setSettings(conversation.id, { notifications: one })),
          }),
          this.t(`notify_${one}`),
        ),
      ),
    );
  }

  // --- Members -------------------------------------------------------------------------------------------------------

  /** @param {Store} store @param {ShownConversation} conversation */
  #members(store, conversation) {
    const canAdd = conversation.capabilities.includes("add_members");
    const canChange = ["change_roles", "remove_members"].some((name) => conversation.capabilities.includes(name));
    return [
      canAdd &&
        this.#act("plus", "add_members", () => {
          const known = this.#pages.get("members")?.items ?? [];
          const without = new Set(known.map(({ user_id }) => user_id));
          this.#show({ kind: "add", people: new People(this, store, { isMany: true, without }) });
        }),
      this.#paged(store, "members", "", (member) => {
        const { user_id: id, role } = member;
        const user = { ...store.user(id), name: nameOf(this, store, id) };
        const isSelf = id === store.userId;
        return h(
          "li",
          { key: id, class: "member" },
          avatar(store.user(id)),
          h(
            "span",
            { class: "who" },
            h("bdi", { class: "cut" }, user.name),
            h("span", { class: "soft" }, this.t(`role_${role}`)),
          ),
          !isSelf &&
            h(
              "button",
              {
                type: "button",
                class: "icon",
                "aria-label": this.t("actions_of", { name: user.name }),
                "aria-haspopup": "menu",
                onclick: (/** @type {MouseEvent} */ event) => {
                  this.#menu = { id, anchor: /** @type {Element} */ (event.currentTarget) };
                  this.update();
                },
              },
              icon("more"),
            ),
        );
      }),
      canChange && null,
    ];
  }

  /** @param {Store} store @param {ShownConversation} conversation */
  #memberMenu(store, conversation) {
    const chosen = this.#menu;
    const member = this.#pages.get("members")?.items.find(({ user_id }) => user_id === chosen?.id);
    if (!chosen || !member) return null;
    const can = (/** @type {string} */ name) => conversation.capabilities.includes(name);
    const name = nameOf(this, store, member.user_id);
    const isOwner = member.role === "owner";
    /** @param {string} role */
    const make = (role) => ({
      label: this.t(`make_${role}`),
      /** @type {"user"} */
      icon: "user",
      act: () => this.#do(() => store.setRole(conversation.id, member.user_id, role), "members"),
    });
    return menu({
      anchor: chosen.anchor,
      label: this.t("actions_of", { name }),
      onclose: () => {
        this.#menu = null;
        this.update();
      },
      items: [
        {
          label: this.t("message_name", { name }),
          icon: "chat",
          act: () => void this.#write(store, member.user_id),
        },
        can("change_owners") && !isOwner && make("owner"),
        can("change_roles") && !isOwner && member.role !== "admin" && make("admin"),
        can("change_roles") && (isOwner ? can("change_owners") : member.role !== "member") && make("member"),
        can("remove_members") &&
          (!isOwner || can("change_owners")) && {
            label: this.t("remove_member"),
            icon: "trash",
            isDanger: true,
            act: () => this.#do(() => store.removeMember(conversation.id, member.user_id), "members"),
          },
      ],
    });
  }

  /** @param {Store} store @param {string} userId */
  async #write(store, userId) {
    const id = await this.attempt(() => store.begin({ user_id: userId }));
    if (id) this.goTo(id);
  }

  // --- Dialogs -------------------------------------------------------------------------------------------------------

  /** @param {Over} over */
  #show(over) {
    this.#over = over;
    this.#done = "";
    this.problem = null;
    this.update();
  }

  /** Does something, and reads a section again. @param {() => unknown} act @param {string} [section] */
  #do(act, section) {
    void this.attempt(async () => {
      await act();
      if (section && this.store) await this.#load(this.store, section);
      return true;
    });
  }

  /** Returns what empties the conversation for the user, or ends it. @param {"forget" | "dissolve" | "leave"} kind */
  #end(kind) {
    const store = /** @type {Store} */ (this.store);
    const conversation_id = /** @type {string} */ (this.#of);
    return async () => {
      if (kind === "leave") await store.removeMember(conversation_id, store.userId);
      else
        await store.client.rest(
          "DELETE",
          kind === "forget" ? "/conversations/{conversation_id}/history" : "/conversations/{conversation_id}",
          { path: { conversation_id } },
        );
      if (kind !== "forget" && store.current === conversation_id) store.select(null);
    };
  }

  /** The newest message of the other person: what a report is about. @param {Store} store @param {ShownConversation} conversation */
  #newest(store, conversation) {
    return store
      .thread(conversation.id)
      .messages.findLast(
        (message) => message.id && message.sender_id === conversation.other?.id && !message.deleted_at,
      );
  }

  /** @param {Store} store @param {ShownConversation} conversation @param {Over} over */
  #dialog(store, conversation, over) {
    const name = conversation.other?.name ?? conversation.title_shown;
    const onclose = () => {
      this.#over = null;
      this.update();
    };
    /** @param {() => unknown} act @param {string} [done] */
    const confirm =
      (act, done = "") =>
      async () => {
        const outcome = await this.attempt(async () => {
          await act();
          return true;
        });
        if (!outcome || this.#over !== over) return;
        this.#done = done;
        onclose();
      };
    /** @param {string} key @param {any} value */
    const set = (key, value) => {
      over[key] = value;
      this.update();
    };
    const close = this.t("close");
    const cancel = h("button", { key: "cancel", type: "button", class: "button", onclick: onclose }, this.t("cancel"));
    /** @param {string} label @param {() => void} onclick @param {boolean} [isDisabled] */
    const main = (label, onclick, isDisabled) =>
      h("button", { key: "main", type: "button", class: "button main", disabled: isDisabled, onclick }, this.t(label));
    switch (over.kind) {
      case "block":
        return modal(
          {
            title: this.t("block"),
            close,
            onclose,
            footer: [
              cancel,
              main(
                "block",
                confirm(() => store.block(conversation.other?.id, true)),
              ),
            ],
          },
          this.problemBar(),
          h("p", null, this.t("block_ask", { name: name ?? "" })),
        );
      case "forget":
      case "dissolve":
      case "leave":
        return modal(
          {
            title: this.t(over.kind),
            close,
            onclose,
            footer: [cancel, main(over.kind, confirm(this.#end(over.kind)))],
          },
          this.problemBar(),
          h("p", null, this.t(`${over.kind}_ask`)),
        );
      case "rename": {
        const description = over.description.trim() || null;
        return modal(
          {
            title: this.t("rename"),
            close,
            onclose,
            footer: [
              cancel,
              main(
                "save",
                confirm(() =>
                  store.updateConversation(conversation.id, {
                    title: over.title.trim(),
                    ...(description !== conversation.description && { description }),
                    ...(over.posting !== conversation.posting && { posting: over.posting }),
                  }),
                ),
                !over.title.trim(),
              ),
            ],
          },
          this.problemBar(),
          h(
            "div",
            { class: "form" },
            h(
              "label",
              null,
              this.t("group_title"),
              h("input", {
                class: "field",
                autofocus: true,
                maxlength: "200",
                dir: "auto",
                value: over.title,
                oninput: (/** @type {InputEvent} */ event) =>
                  set("title", /** @type {HTMLInputElement} */ (event.target).value),
              }),
            ),
            h(
              "label",
              null,
              this.t("group_description"),
              h("textarea", {
                class: "field",
                maxlength: "1000",
                dir: "auto",
                value: over.description,
                oninput: (/** @type {InputEvent} */ event) =>
                  set("description", /** @type {HTMLTextAreaElement} */ (event.target).value),
              }),
            ),
            h(
              "label",
              { class: "check" },
              h("input", {
                type: "checkbox",
                checked: over.posting === "admins",
                onchange: () => set("posting", over.posting === "admins" ? "everyone" : "admins"),
              }),
              this.t("posting_admins"),
            ),
          ),
        );
      }
      case "report":
        return modal(
          {
            title: this.t("report"),
            close,
            onclose,
            footer: [
              cancel,
              main(
                "report",
                confirm(
                  () =>
                    store.report(this.#newest(store, conversation)?.id, {
                      reason: over.reason,
                      note: over.note.trim() || null,
                    }),
                  this.t("report_sent"),
                ),
              ),
            ],
          },
          this.problemBar(),
          h(
            "div",
            { class: "form" },
            h("p", { class: "soft" }, this.t("report_ask", { name: name ?? "" })),
            h(
              "label",
              null,
              this.t("reason"),
              h(
                "select",
                {
                  class: "field",
                  value: over.reason,
                  onchange: (/** @type {Event} */ event) =>
                    set("reason", /** @type {HTMLSelectElement} */ (event.target).value),
                },
                REASONS.map((reason) => h("option", { key: reason, value: reason }, this.t(`reason_${reason}`))),
              ),
            ),
            h(
              "label",
              null,
              this.t("report_note"),
              h("textarea", {
                class: "field",
                maxlength: "1000",
                dir: "auto",
                value: over.note,
                oninput: (/** @type {InputEvent} */ event) =>
                  set("note", /** @type {HTMLTextAreaElement} */ (event.target).value),
              }),
            ),
          ),
        );
      case "export":
        return this.#exportDialog(store, conversation, over, onclose, set);
      case "add": {
        /** @type {People} */
        const people = over.people;
        return modal(
          {
            title: this.t("add_members"),
            close,
            onclose,
            footer: [
              cancel,
              main(
                "add",
                confirm(async () => {
                  await store.addMembers(conversation.id, [...people.chosen.keys()]);
                  await this.#load(store, "members");
                }),
                !people.chosen.size,
              ),
            ],
          },
          this.problemBar(),
          people.field(),
          people.chips(),
          people.list(),
        );
      }
    }
  }

  /** @param {Store} store @param {ShownConversation} conversation @param {Over} over @param {() => void} onclose @param {(key: string, value: any) => void} set */
  #exportDialog(store, conversation, over, onclose, set) {
    const made = over.export;
    const state = made?.state;
    const url = safeUrl(made?.url ?? "");
    const start = async () => {
      set("isBusy", true);
      const body = { format: over.format, files: over.files, client_id: crypto.randomUUID() };
      let found = await this.attempt(() =>
        store.client.rest("POST", "/conversations/{conversation_id}/export", {
          path: { conversation_id: conversation.id },
          body,
        }),
      );
      while (found && this.#over === over) {
        set("export", found);
        if (found.state === "done" || found.state === "failed") break;
        await new Promise((done) => setTimeout(done, LOOK_MS));
        found = await this.attempt(() =>
          store.client.rest("GET", "/exports/{export_id}", { path: { export_id: found.id } }),
        );
      }
      set("isBusy", false);
    };
    return modal(
      {
        title: this.t("export"),
        close: this.t("close"),
        onclose,
        footer:
          state === "done" && url
            ? h("a", { class: "button main", href: url, download: true }, icon("download"), this.t("download"))
            : h(
                "button",
                { type: "button", class: "button main", disabled: over.isBusy, onclick: () => void start() },
                this.t("export"),
              ),
      },
      this.problemBar(),
      h(
        "div",
        { class: "form" },
        h("p", { class: "soft" }, this.t("export_hint")),
        h(
          "fieldset",
          { class: "choice", disabled: over.isBusy || state === "done" },
          h("legend", { class: "hidden" }, this.t("export")),
          ["html", "jsonl"].map((format) =>
            h(
              "label",
              { key: format, class: "check" },
              h("input", {
                type: "radio",
                name: "format",
                checked: over.format === format,
                onchange: () => set("format", format),
              }),
              this.t(`export_${format}`),
            ),
          ),
          h(
            "label",
            { key: "files", class: "check" },
            h("input", { type: "checkbox", checked: over.files, onchange: () => set("files", !over.files) }),
            this.t("export_files"),
          ),
        ),
        h(
          "p",
          { role: "status", class: "soft" },
          state === "failed" ? this.t("export_failed") : over.isBusy && this.t("export_running"),
        ),
      ),
    );
  }
}

define("parley-details-screen", ParleyDetailsScreen);
