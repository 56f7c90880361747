/** The list of conversations: search, filters, what is new, and what can be done with each. */
import { avatar } from "../base/avatar.js";
import { menu, modal } from "../base/dialog.js";
import { around, define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { wordsVersion } from "../base/languages.js";
import { highlighted } from "../base/names.js";
import { ownVersion } from "../base/own.js";
import { searchField } from "../base/search.js";
import { exact, relative } from "../base/times.js";
import { nameOf } from "../thread/system.js";
import { entry, isMuted } from "./entry.js";
import { People, skeleton } from "./people.js";
import { inbox, lists } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/contract.d.ts").ShownConversation} ShownConversation */
/** @typedef {"all" | "unread" | "pinned" | "archived"} Filter */
/** @typedef {{q: string, ids: string[], hits: any[], next: string | null, people: any[], isLoading: boolean, error: unknown}} Found */

/** @type {Filter[]} */
const FILTERS = ["all", "unread", "pinned", "archived"];
const PAUSE_MS = 300; // after the last key: a search through long conversations is the dearest request
const HOUR = 3_600_000;
const LONG_PRESS_MS = 500;
const UNDO_MS = 10_000;
const MOST_WATCHED = 50; // people whose presence the list follows
const ROW = 67; // pixels of an entry, until one was drawn
const AROUND = 12; // entries beyond the screen that are drawn
const MOST_KEPT = 100; // entries between the screen and the one with the focus, so far as it stays drawn
const BEFORE = 24; // characters before the first place that a search found

/**
 * `types` names the types of conversations that are listed, with commas between (`direct,group`).
 *
 * Events: `parley-select` {conversation_id, message_seq}; without a listener that prevents it, the store selects the conversation.
 */
export class ParleyInbox extends ParleyElement {
  /** @override */
  static styles = [lists, inbox];
  /** @override */
  static attributes = ["types"];

  /** @type {Filter} */
  filter = "all";
  q = "";
  /** @type {Found | null} what the server has found */
  found = null;
  /** @type {string | null} the entry that Tab comes to */
  #reached = null;
  #isSetting = false;
  /** @type {{id: string, anchor: Element | {x: number, y: number, held?: boolean}} | null} */
  #menu = null;
  /** @type {{people: People, isGroup: boolean, isNaming: boolean, title: string, isBusy: boolean} | null} */
  #dialog = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pressing;
  #hasPressed = false;
  /** What was just put away or back. @type {{id: string, name: string, archived: boolean} | null} */
  #moved = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #undoing;
  /** @type {Map<string, {conversation: ShownConversation, memory: string, tree: import("../base/h.js").Tree}>} */
  #drawn = new Map();
  /** Grows as times grow old. */
  #age = 0;
  #isWaiting = false;
  #watched = "";
  #unwatch = () => {};
  #isLoadingMore = false;
  /** @type {IntersectionObserver | null} */
  #observer = null;
  /** Which entries of the list are drawn, and how high one is. */
  #window = { start: 0, end: 0, row: ROW };
  /** Whether the first or the last entry gets the focus, once it is drawn. @type {"first" | "last" | null} */
  #goal = null;

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    const minute = setInterval(() => {
      this.#age++;
      if (!document.hidden) this.update();
    }, 30_000); // times grow old
    this.gone.signal.addEventListener("abort", () => {
      clearInterval(minute);
      clearTimeout(this.#timer);
      clearTimeout(this.#undoing);
      this.#moved = null;
      this.#observer?.disconnect();
      this.#observer = null;
      this.#unwatch();
      this.#watched = "";
    });
  }

  /** However much comes, the list is drawn once a frame. @override */
  changed() {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const draw = () => {
      this.#isWaiting = false;
      this.update();
    };
    if (document.hidden) setTimeout(draw, PAUSE_MS);
    else requestAnimationFrame(draw);
  }

  /** @override */
  forget() {
    clearTimeout(this.#timer);
    this.q = "";
    this.found = this.#menu = this.#dialog = null;
    this.#isSetting = false;
  }

  /** Opens the dialog for a new conversation. */
  compose() {
    const { store } = this;
    if (!store || this.#dialog) return;
    this.#dialog = {
      people: new People(this, store, { choose: (person) => void this.#start(person.id) }),
      isGroup: false,
      isNaming: false,
      title: "",
      isBusy: false,
    };
    this.update();
  }

  /** @param {string} id @param {number} [seq] of a message to go to */
  choose(id, seq) {
    if (this.#hasPressed) {
      this.#hasPressed = false; // the finger that opened the menu
      return;
    }
    this.goTo(id, seq);
  }

  /** @param {string} id */
  reach(id) {
    if (this.#reached === id) return;
    this.#reached = id;
    this.update();
  }

  /** @param {MouseEvent} event @param {string} id */
  openMenu(event, id) {
    event.preventDefault();
    const isMouse = event.type === "contextmenu" && event.clientX > 0;
    const { clientX: x, clientY: y } = event;
    const isHeld = /** @type {PointerEvent} */ (event).pointerType === "touch";
    const at = isHeld ? { x, y, held: true } : { x, y };
    this.#menu = { id, anchor: isMouse ? at : /** @type {Element} */ (event.currentTarget) };
    this.update();
  }

  /** A finger that stays opens the menu, also where the browser tells of no such press. @param {string} id */
  longPress(id) {
    const end = () => clearTimeout(this.#pressing);
    return {
      onpointerdown: (/** @type {PointerEvent} */ event) => {
        this.#hasPressed = false;
        if (event.pointerType !== "touch") return;
        const { clientX: x, clientY: y } = event;
        this.#pressing = setTimeout(() => {
          this.#hasPressed = true;
          this.#menu = { id, anchor: { x, y, held: true } };
          this.update();
        }, LONG_PRESS_MS);
      },
      onpointermove: (/** @type {PointerEvent} */ event) => Math.abs(event.movementY) > 6 && end(),
      onpointerup: end,
      onpointercancel: end,
    };
  }

  /** @param {Store} store @override */
  view(store) {
    const searched = this.q.trim();
    return h(
      "section",
      { class: "inbox", "aria-label": this.t("messages") },
      h(
        "header",
        { class: "head", part: "head" },
        h("h2", null, this.t("messages")),
        h(
          "button",
          { type: "button", class: "button main new", part: "new", onclick: () => this.compose() },
          icon("plus"),
          this.t("new"),
        ),
        h(
          "button",
          {
            type: "button",
            class: "icon",
            part: "settings",
            "aria-label": this.t("settings"),
            title: this.t("settings"),
            onclick: () => this.#set(true),
          },
          icon("settings"),
        ),
        h("slot", { name: "actions" }),
      ),
      this.#search(),
      this.#filters(store),
      this.problemBar(),
      this.#undoBar(store),
      this.offlineBar(store),
      h(
        "div",
        {
          class: "scroll",
          part: "list",
          onkeydown: (/** @type {KeyboardEvent} */ event) => this.#move(event),
          onscroll: () => this.#look() && this.update(),
        },
        searched ? this.#results(store, searched) : this.#list(store),
      ),
      this.#menu && this.#menuOf(store, this.#menu.id),
      this.#dialog && this.#newDialog(store),
      this.#isSetting &&
        modal(
          {
            key: "settings",
            class: "settings",
            title: this.t("settings"),
            close: this.t("close"),
            onclose: () => this.#set(false),
          },
          h("parley-settings"),
        ),
    );
  }

  /** @param {boolean} isSetting */
  #set(isSetting) {
    this.#isSetting = isSetting;
    this.update();
  }

  /** @override */
  drawn() {
    const end = this.root.querySelector(".end");
    this.#observer ??= new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && void this.#more());
    this.#observer.disconnect();
    if (end) this.#observer.observe(end);
    this.#watch();
    const scroller = this.root.querySelector(".scroll");
    if (this.#goal && scroller) scroller.scrollTop = this.#goal === "first" ? 0 : scroller.scrollHeight;
    if (this.#look()) return this.update();
    if (this.#goal) this.#focus(this.#goal === "first" ? 0 : this.#stops().length - 1);
    this.#goal = null;
  }

  /** Finds which entries are on the screen; returns whether others have to be drawn. */
  #look() {
    const list = /** @type {HTMLElement | null} */ (this.root.querySelector(".entries"));
    const scroller = list?.parentElement;
    if (!list || !scroller?.clientHeight) return false;
    const shown = this.#window;
    const rows = /** @type {HTMLElement[]} */ ([...list.children]);
    const [first, second] = rows;
    const { row } = shown;
    if (first && second) shown.row = second.offsetTop - first.offsetTop || ROW;
    const above = scroller.getBoundingClientRect().top - list.getBoundingClientRect().top;
    const at = Math.floor(above / shown.row);
    const height = Math.ceil(scroller.clientHeight / shown.row);
    if (at - 4 >= shown.start - (shown.start ? 0 : AROUND) && at + height + 4 <= shown.end) return row !== shown.row;
    const focused = shown.start + rows.findIndex((one) => one === this.root.activeElement?.closest("li"));
    const { start, end } = shown;
    shown.start = Math.max(0, at - AROUND);
    shown.end = Math.max(0, at + height) + AROUND;
    // A list that is scrolled a little does not lose the focus.
    if (focused >= start && focused > shown.start - MOST_KEPT) shown.start = Math.min(shown.start, focused);
    if (focused >= start && focused < shown.end + MOST_KEPT) shown.end = Math.max(shown.end, focused + 1);
    return shown.start !== start || shown.end !== end || row !== shown.row;
  }

  /** Puts a conversation away or back; a moment long that can be undone. @param {Store} store @param {ShownConversation} conversation @param {boolean} archived */
  async #archive(store, conversation, archived) {
    clearTimeout(this.#undoing);
    this.#moved = null;
    const done = await this.attempt(() => Promise.resolve(store.archive(conversation.id, archived)).then(() => true));
    if (done) this.#moved = { id: conversation.id, name: conversation.title_shown, archived };
    this.#undoing = setTimeout(() => {
      this.#moved = null;
      this.update();
    }, UNDO_MS);
    this.update();
  }

  /** Lets the newest message be read later. A conversation on the screen would be read at once. @param {string} conversation_id */
  async #unread(conversation_id) {
    const store = /** @type {Store} */ (this.store);
    if (store.current === conversation_id) store.select(null);
    const seq = store.conversation(conversation_id)?.last_seq;
    await store.client.rest("PUT", "/conversations/{conversation_id}/unread", {
      path: { conversation_id },
      body: /** @type {any} */ ({ seq }),
    });
  }

  /** @param {Store} store */
  #undoBar(store) {
    const moved = this.#moved;
    const undo = () => {
      this.#moved = null;
      this.update();
      void this.attempt(() => store.archive(moved?.id, !moved?.archived));
    };
    return h(
      "div",
      { role: "status", key: "undo" },
      moved &&
        h(
          "div",
          { class: "bar", part: "done" },
          icon("archive"),
          h("span", null, this.t(moved.archived ? "archived_now" : "unarchived_now", { name: moved.name })),
          h("button", { type: "button", class: "link", onclick: undo }, this.t("undo")),
        ),
    );
  }

  // --- The head ------------------------------------------------------------------------------------------------------

  #search() {
    const clear = () => {
      this.#seek("");
      /** @type {HTMLElement | null} */ (this.root.querySelector(".find input"))?.focus();
    };
    return h(
      "div",
      { class: "find", role: "search", "aria-label": this.t("search_hint") },
      searchField(
        this.t("search_hint"),
        (q) => this.#seek(q),
        {
          part: "search",
          enterkeyhint: "search",
          value: this.q,
          maxlength: "200",
          onkeydown: (/** @type {KeyboardEvent} */ event) => {
            if (event.key === "Escape" && this.q) {
              event.stopPropagation();
              clear();
            } else if (event.key === "ArrowDown") {
              event.preventDefault();
              this.#focus(0);
            }
          },
        },
        this.q &&
          h(
            "button",
            { type: "button", class: "icon clear", "aria-label": this.t("clear"), onclick: clear },
            icon("close"),
          ),
      ),
    );
  }

  /** @param {Store} store */
  #filters(store) {
    if (this.q.trim()) return null;
    const unread = this.#conversations(store, "unread").length;
    return h(
      "div",
      { class: "filters", role: "group", "aria-label": this.t("filter") },
      FILTERS.map((filter) =>
        h(
          "button",
          {
            key: filter,
            type: "button",
            class: "chip",
            "aria-pressed": this.filter === filter,
            onclick: () => {
              this.filter = filter;
              this.#reached = null;
              this.update();
              if (filter === "archived" && store.hasMore("archived")) void this.#more();
            },
          },
          this.t(filter),
          filter === "unread" &&
            unread > 0 &&
            h("span", { class: "soft" }, new Intl.NumberFormat(this.language).format(unread)),
        ),
      ),
    );
  }

  // --- The list ------------------------------------------------------------------------------------------------------

  /** @param {Store} store @param {Filter} filter @param {string} [q] @returns {ShownConversation[]} */
  #conversations(store, filter, q) {
    const types = (this.getAttribute("types") ?? "direct,group").split(/[\s,]+/);
    const state = filter === "archived" ? "archived" : "active";
    const found = store.conversations({
      state,
      ...(q ? { q } : {}),
      filter: filter === "unread" || filter === "pinned" ? filter : "all",
    });
    return found.filter(({ type }) => types.includes(type));
  }

  /** @param {Store} store */
  #list(store) {
    const { filter } = this;
    const list = this.#conversations(store, filter);
    const state = filter === "archived" ? "archived" : "active";
    const more = store.hasMore(state);
    if (list.length)
      return [this.#entries(store, list), more && filter !== "pinned" && h("div", { key: "end", class: "end" })];
    const { hello, status } = store.connection;
    // Until the server has said so, a list without entries does not mean that there are none.
    const isListed = /** @type {any} */ (store.state).isListed && (hello !== null || status === "online");
    if ((!isListed && status !== "offline") || (this.#isLoadingMore && filter === "archived"))
      return skeleton(this.t("loading"));
    if (!isListed) return this.state("offline", this.t("error_network"));
    if (filter === "unread")
      return [this.state("check", this.t("no_unread")), more && h("div", { key: "end", class: "end" })];
    if (filter === "pinned") return this.state("pin", this.t("no_pinned"), this.t("no_pinned_hint"));
    if (filter === "archived") return this.state("archive", this.t("no_archived"), this.t("no_archived_hint"));
    const start = h(
      "button",
      { type: "button", class: "button main", onclick: () => this.compose() },
      this.t("new_chat"),
    );
    return h(
      "slot",
      { name: "empty" },
      this.state("chat", this.t("no_conversations"), this.t("no_conversations_hint"), start),
    );
  }

  /** @param {Store} store @param {ShownConversation[]} list */
  #entries(store, list) {
    const { row } = this.#window;
    const end = Math.min(list.length, this.#window.end || 2 * AROUND);
    const start = Math.min(this.#window.start, Math.max(0, end - AROUND));
    const drawn = list.slice(start, end);
    const reached = drawn.some(({ id }) => id === this.#reached)
      ? this.#reached
      : (drawn.find(({ id }) => id === store.current) ?? drawn[0])?.id;
    return h(
      "ul",
      {
        class: "entries",
        role: "list",
        key: "entries",
        "aria-label": this.t("conversations"),
        style: { "padding-block": `${start * row}px ${(list.length - end) * row}px` },
      },
      drawn.map((conversation, index) => this.#entry(store, conversation, reached, start + index, list.length)),
    );
  }

  /** An entry of which nothing has changed is the very tree of before, which is not looked at. @param {Store} store @param {ShownConversation} conversation @param {string | null | undefined} reached @param {number} index @param {number} count */
  #entry(store, conversation, reached, index, count) {
    const { id, other } = conversation;
    const place = { isCurrent: id === store.current, isReached: id === reached, index, count };
    const memory = [
      place.isCurrent,
      place.isReached,
      index,
      count,
      other && store.presence(other.id).online,
      store.typing(id).join(),
      store.receipt(id, conversation.last_message?.seq ?? 0),
      isMuted(conversation, store.now()),
      this.language,
      wordsVersion(),
      ownVersion(),
      this.#age,
    ].join("\u0001");
    const known = this.#drawn.get(id);
    if (known?.conversation === conversation && known.memory === memory) return known.tree;
    const tree = entry(this, store, conversation, place);
    this.#drawn.set(id, { conversation, memory, tree });
    return tree;
  }

  async #more() {
    const { store } = this;
    const state = this.filter === "archived" ? "archived" : "active";
    if (!store || this.#isLoadingMore || this.q.trim() || !store.hasMore(state) || store.connection.status !== "online")
      return;
    this.#isLoadingMore = true;
    await this.attempt(() => store.loadMore(state));
    this.#isLoadingMore = false;
    this.update();
  }

  /** Follows the presence of the people who are listed first. */
  #watch() {
    const { store } = this;
    if (!store || store.connection.status !== "online") return;
    const ids = this.#conversations(store, this.filter)
      .slice(0, MOST_WATCHED)
      .map(({ other }) => other?.id);
    const key = [...new Set(ids)].filter(Boolean).sort().join(",");
    if (key === this.#watched) return;
    this.#watched = key;
    this.#unwatch();
    this.#unwatch = key ? store.watchPresence(key.split(",")) : () => {};
  }

  /** Arrows, Home and End move in the list. @param {KeyboardEvent} event */
  #move(event) {
    const all = this.#stops();
    const target = /** @type {Element} */ (event.target);
    const at = all.findIndex((one) => one === target || one.parentElement === target.parentElement);
    if (at < 0) return;
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    if (/^(Home|End)$/.test(event.key)) {
      this.#goal = event.key === "Home" ? "first" : "last";
      this.update();
    } else if (next < 0) /** @type {HTMLElement | null} */ (this.root.querySelector(".find input"))?.focus();
    else this.#focus(Math.min(next, all.length - 1));
  }

  /** @returns {HTMLElement[]} */
  #stops() {
    return [...this.root.querySelectorAll(/** @type {"button"} */ (".scroll :is(.open, .hit, .person)"))];
  }

  /** @param {number} index */
  #focus(index) {
    this.#stops()[index]?.focus();
  }

  // --- The search ----------------------------------------------------------------------------------------------------

  /** @param {string} q */
  #seek(q) {
    this.q = q;
    clearTimeout(this.#timer);
    const wanted = q.trim();
    if (!wanted) this.found = null;
    else this.#timer = setTimeout(() => void this.#ask(wanted), PAUSE_MS);
    this.update();
  }

  /** Asks the server for what is not held. @param {string} q @param {string} [cursor] of more messages */
  async #ask(q, cursor) {
    const { store } = this;
    if (!store) return;
    const kept = cursor && this.found?.q === q ? this.found : null;
    const found = {
      q,
      ids: kept?.ids ?? [],
      hits: kept?.hits ?? [],
      next: kept?.next ?? null,
      people: kept?.people ?? [],
      isLoading: true,
      error: /** @type {unknown} */ (null),
    };
    this.found = found;
    this.update();
    /** @param {Promise<any>} asked @param {(answer: any) => void} take */
    const taking = (asked, take) =>
      asked.then(take, (error) => {
        found.error ??= error;
      });
    const hits = taking(store.search({ q, limit: 20, ...(cursor ? { cursor } : {}) }), (page) => {
      found.hits = [...found.hits, ...page.results];
      found.next = page.next;
    });
    const others = cursor
      ? []
      : [
          taking(store.findConversations(q), (ids) => {
            found.ids = ids;
          }),
          taking(store.directory({ q, limit: 5 }), (page) => {
            found.people = page.users;
          }),
        ];
    await Promise.all([hits, ...others]);
    found.isLoading = false;
    this.update();
  }

  /** @param {Store} store @param {string} q */
  #results(store, q) {
    const found = this.found?.q === q ? this.found : null;
    const ofServer = new Set(found?.ids ?? []);
    const held = [...this.#conversations(store, "all", q), ...this.#conversations(store, "archived", q)];
    const known = new Set(held.map(({ id }) => id));
    const more = [...ofServer].filter((id) => !known.has(id)).map((id) => store.conversation(id));
    const list = [...held, ...more.filter((one) => one !== null && /direct|group/.test(one.type))];
    const people = (found?.people ?? []).filter((person) => person.id !== store.userId);
    const hits = found?.hits ?? [];
    const isLoading = !found || found.isLoading;
    const isEmpty = !list.length && !people.length && !hits.length;
    return [
      list.length > 0 && h("h3", { key: "h-conversations" }, this.t("conversations")),
      list.length > 0 && this.#entries(store, /** @type {ShownConversation[]} */ (list)),
      people.length > 0 && h("h3", { key: "h-people" }, this.t("people")),
      people.length > 0 &&
        h(
          "ul",
          { key: "people", class: "people", role: "list" },
          people.map((person) => this.#personRow(person)),
        ),
      hits.length > 0 && h("h3", { key: "h-messages" }, this.t("messages")),
      hits.length > 0 &&
        h(
          "ul",
          { key: "hits", role: "list" },
          hits.map((hit) => this.#hit(store, hit)),
        ),
      found?.next &&
        !isLoading &&
        h(
          "button",
          {
            key: "more",
            type: "button",
            class: "button wide",
            onclick: () => void this.#ask(q, found.next ?? undefined),
          },
          this.t("show_more"),
        ),
      isLoading && skeleton(this.t("loading"), isEmpty ? 5 : 2),
      !isLoading &&
        found?.error !== null &&
        h(
          "div",
          { key: "error", class: "bar", role: "alert" },
          icon("alert"),
          h("span", null, this.because(found?.error)),
        ),
      !isLoading &&
        isEmpty &&
        found?.error === null &&
        this.state("search", this.t("no_results"), this.t("no_results_hint")),
      h(
        "p",
        { key: "told", class: "hidden", role: "status" },
        !isLoading && !isEmpty && `${list.length + people.length + hits.length}`,
      ),
    ];
  }

  /** @param {any} person */
  #personRow(person) {
    return h(
      "li",
      { key: person.id },
      h(
        "button",
        { type: "button", class: "person", onclick: () => void this.#start(person.id) },
        avatar(person),
        h("bdi", { class: "cut" }, person.name ?? person.id),
        person.role && h("span", { class: "role", part: "role" }, person.role),
      ),
    );
  }

  /** @param {Store} store @param {any} hit */
  #hit(store, { message, highlights }) {
    const conversation = store.conversation(message.conversation_id);
    const reader = { language: this.language, now: store.now() };
    const words = message.text || message.attachments?.map((/** @type {any} */ file) => file.name).join(", ") || "";
    return h(
      "li",
      { key: message.id },
      h(
        "button",
        { type: "button", class: "hit", onclick: () => this.choose(message.conversation_id, message.seq) },
        h(
          "span",
          { class: "top" },
          h("bdi", { class: "title cut" }, nameOf(this, store, message.sender_id)),
          conversation &&
            conversation.title_shown !== store.user(message.sender_id).name &&
            h("bdi", { class: "soft cut" }, conversation.title_shown),
          h(
            "time",
            { datetime: message.created_at, title: exact(message.created_at, reader) },
            relative(message.created_at, reader),
          ),
        ),
        h("span", { class: "words", dir: "auto" }, highlighted(words, highlights, BEFORE)),
      ),
    );
  }

  // --- What can be done ----------------------------------------------------------------------------------------------

  /** @param {Store} store @param {string} id */
  #menuOf(store, id) {
    const conversation = store.conversation(id);
    if (!conversation || !this.#menu || id.startsWith("to:")) return null; // the first message has not made it yet
    const { archived, last_seq, settings, unread } = conversation;
    const muted = isMuted(conversation, store.now());
    /** @param {() => unknown} act */
    const doing = (act) => () => void this.attempt(async () => act());
    /** @param {number} ms */
    const mute = (ms) => doing(() => store.mute(id, ms === Infinity ? ms : store.now() + ms));
    return menu({
      anchor: this.#menu.anchor,
      label: this.t("actions_of", { name: conversation.title_shown }),
      onclose: () => {
        this.#menu = null;
        this.update();
      },
      items: [
        unread > 0 && { label: this.t("mark_read"), icon: "checks", act: doing(() => store.markRead(id)) },
        !unread && last_seq > 0 && { label: this.t("mark_unread"), icon: "chat", act: doing(() => this.#unread(id)) },
        {
          label: this.t(settings.pinned ? "unpin" : "pin"),
          icon: "pin",
          act: doing(() => store.setSettings(id, { pinned: !settings.pinned })),
        },
        muted && { label: this.t("unmute"), icon: "bell", act: doing(() => store.mute(id, null)) },
        !muted && { label: this.t("mute_hour"), icon: "mute", act: mute(HOUR) },
        !muted && { label: this.t("mute_day"), icon: "mute", act: mute(24 * HOUR) },
        !muted && { label: this.t("mute_always"), icon: "mute", act: mute(Infinity) },
        {
          label: this.t(archived ? "unarchive" : "archive"),
          icon: "archive",
          act: () => void this.#archive(store, conversation, !archived),
        },
      ],
    });
  }

  /** Opens the conversation with a person. @param {string} userId */
  async #start(userId) {
    const dialog = this.#dialog;
    if (dialog?.isBusy) return;
    if (dialog) dialog.isBusy = true;
    const id = await this.attempt(() => this.store?.begin({ user_id: userId }));
    if (dialog) dialog.isBusy = false;
    if (id) this.#opened(id);
  }

  async #createGroup() {
    const { store } = this;
    const dialog = this.#dialog;
    if (!store || !dialog || dialog.isBusy || !dialog.title.trim()) return;
    dialog.isBusy = true;
    this.update();
    const member_ids = [...dialog.people.chosen.keys()];
    const id = await this.attempt(() => store.createGroup({ title: dialog.title.trim(), member_ids }));
    dialog.isBusy = false;
    this.update();
    if (id) this.#opened(id);
  }

  /** @param {string} id */
  #opened(id) {
    this.#dialog = null;
    this.problem = null;
    this.#seek("");
    this.filter = "all";
    this.choose(id);
    this.update();
    // The person is about to write. The dialog that closes gives the focus back first.
    const host = around(this);
    setTimeout(
      () => /** @type {HTMLElement | null} */ ((host?.root ?? document).querySelector("parley-composer"))?.focus(),
      60,
    );
  }

  /** @param {Store} store */
  #newDialog(store) {
    const dialog = this.#dialog;
    if (!dialog) return null;
    const { people, isGroup, isNaming } = dialog;
    const onclose = () => {
      this.#dialog = null;
      this.problem = null;
      this.update();
    };
    /** @param {Partial<typeof dialog>} change */
    const change = (change) => {
      Object.assign(dialog, change);
      this.problem = null;
      this.update();
    };
    const group = () => change({ isGroup: true, people: new People(this, store, { isMany: true }) });
    const count = people.chosen.size;
    return modal(
      {
        key: "new",
        title: this.t(isGroup ? "new_group" : "new_chat"),
        close: this.t("close"),
        onclose,
        footer: isGroup && [
          h(
            "button",
            {
              type: "button",
              class: "button",
              onclick: () =>
                isNaming
                  ? change({ isNaming: false })
                  : change({
                      isGroup: false,
                      people: new People(this, store, { choose: (person) => void this.#start(person.id) }),
                    }),
            },
            this.t("back"),
          ),
          isNaming
            ? h(
                "button",
                {
                  type: "submit",
                  form: "group",
                  class: "button main",
                  disabled: dialog.isBusy || !dialog.title.trim(),
                },
                this.t("create_group"),
              )
            : h(
                "button",
                { type: "button", class: "button main", disabled: !count, onclick: () => change({ isNaming: true }) },
                this.t("next"),
                count > 0 && ` (${new Intl.NumberFormat(this.language).format(count)})`,
              ),
        ],
      },
      this.problemBar(),
      isNaming
        ? h(
            "form",
            {
              key: "naming",
              id: "group",
              onsubmit: (/** @type {Event} */ event) => {
                event.preventDefault();
                void this.#createGroup();
              },
            },
            h(
              "div",
              { class: "group-title" },
              h("label", { for: "group-title" }, this.t("group_title")),
              h("input", {
                id: "group-title",
                class: "field",
                autofocus: true,
                maxlength: "200",
                autocomplete: "off",
                dir: "auto",
                value: dialog.title,
                ref: (/** @type {HTMLElement | null} */ field) => field?.focus(),
                oninput: (/** @type {InputEvent} */ event) =>
                  change({ title: /** @type {HTMLInputElement} */ (event.target).value }),
              }),
            ),
            h("h3", { class: "soft" }, this.t("group_members")),
            people.chips(),
          )
        : [
            people.field(),
            isGroup
              ? people.chips()
              : h(
                  "button",
                  { key: "group", type: "button", class: "row", onclick: group },
                  h("i", null, icon("group")),
                  this.t("new_group"),
                ),
            people.list(),
          ],
    );
  }
}

define("parley-inbox", ParleyInbox);
