/** `<parley-thread conversation>`: the messages of a conversation. */
import { avatar } from "../base/avatar.js";
import { menu, popover } from "../base/dialog.js";
import { conversationOf, ParleyElement } from "../base/element.js";
import { QUICK } from "../base/emoji.js";
import { h, safeUrl } from "../base/h.js";
import { icon } from "../base/icons.js";
import { ownVersion } from "../base/own.js";
import { dayKey, relative, untilChange } from "../base/times.js";
import { itemsFor } from "./actions.js";
import { memoryOf, placeOf, quick, row, summary } from "./bubble.js";
import { Files } from "./files.js";
import { styles } from "./styles.js";
import { nameOf } from "./system.js";
import { Viewport } from "./viewport.js";
import { player } from "./voice.js";

/** @typedef {import("../base/contract.d.ts").ShownMessage} ShownMessage */
/** @typedef {import("../base/contract.d.ts").ShownConversation} ShownConversation */
/** @typedef {import("../base/contract.d.ts").ShownThread} ShownThread */
/** @typedef {import("../base/contract.d.ts").Attachment} Attachment */
/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/h.js").Tree} Tree */

const LONG_PRESS_MS = 450;
const READ_MS = 250; // one marker for what comes to the screen together
const SAY_MS = 700; // one sentence for what comes together
const FLASH_MS = 1600;
const NEAR = 2; // screens from an end of what is held, within which more is read

/** Up to where the user has read; they may have marked it as unread from a message on. @param {ShownConversation} conversation */
const readOf = ({ read_seq, unread_from_seq }) => Math.min(read_seq, (unread_from_seq ?? Infinity) - 1);
export class ParleyThread extends ParleyElement {
  /** @override */
  static styles = [styles];
  /** @override */
  static attributes = ["conversation", "user", "context", "context-title", "reactions", "no-head"];

  /** The row that is pointed at or has the focus. @type {string | null} */
  active = null;
  /** The row that Tab comes to. @type {string | null} */
  focusKey = null;
  /** The row that was jumped to a moment ago. @type {string | null} */
  flash = null;
  /** Rows whose long text, or whose blocked message, is shown. @type {Set<string>} */
  unfolded = new Set();
  /** The seq of the message above which the line of new ones stands. @type {number | null} */
  line = null;
  /** Grows each minute, for times that are told from now. */
  minute = 0;
  today = "";
  hasNames = false;
  /** Of what a row shows, all that is the same for all rows. */
  appearance = "";
  /** @type {Files | null} */
  files = null;
  /** @type {{kind: string, [detail: string]: any} | null} what lies over the thread */
  over = null;

  /** @type {Viewport<ShownMessage>} */
  #view = new Viewport(
    (message) => this.keyOf(message),
    (message) => estimate(message),
  );
  /** @type {string | null} */
  #opened = null;
  /** @type {Store | null} */
  #openedIn = null;
  #hasBegun = false;
  /** @type {{seq: number, isQuiet?: boolean} | null} where to go once it is loaded */
  #goal = null;
  /** @type {ShownThread["goal"]} what the store was last seen to want */
  #wanted = null;
  /** @type {Map<string, {memory: string, message: ShownMessage, tree: Tree}>} */
  #drawn = new Map();
  #lastKey = "";
  #lastSeq = 0;
  #said = "";
  /** @type {Map<Blob, string>} */
  #addresses = new Map();
  /** @type {any} */ #readTimer = null;
  #seen = 0;
  /** @type {any} */ #pressTimer;
  /** @type {any} */ #minuteTimer;
  /** @type {any} */ #sayTimer;
  #stopPresence = () => {};
  #presenceOf = "";

  get conversationId() {
    return conversationOf(this);
  }

  /** The conversation that is shown, by its id. */
  get conversation() {
    return this.getAttribute("conversation");
  }

  set conversation(id) {
    if (id === null || id === undefined) this.removeAttribute("conversation");
    else this.setAttribute("conversation", id);
  }

  /** The emoji that are one click away. */
  get quickReactions() {
    return this.getAttribute("reactions")?.split(/\s+/).filter(Boolean) ?? QUICK;
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    const { signal } = this.gone;
    const seen = () => this.#see();
    document.addEventListener("visibilitychange", seen, { signal });
    window.addEventListener("focus", seen, { signal });
    signal.addEventListener(
      "abort",
      player.subscribe(() => player.id && this.update()),
    );
    this.#observer = new ResizeObserver(() => this.#settle());
    signal.addEventListener("abort", () => this.#observer?.disconnect());
    signal.addEventListener("abort", () => this.#close());
  }

  /** @type {ResizeObserver | null} */
  #observer = null;

  /** @param {ShownMessage} message */
  keyOf(message) {
    // A message of one's own is the same row before and after its ack.
    return message.client_id && message.sender_id === this.store?.userId ? message.client_id : message.id;
  }

  /** What times are told by. */
  reader() {
    return { language: this.language, now: this.store?.now?.() ?? Date.now() };
  }

  /** @param {string} capability */
  can(capability) {
    return !!this.#shown?.capabilities.includes(capability);
  }

  /** @type {ShownConversation | null} */
  #shown = null;

  /** @param {ShownMessage} message */
  isBlocked(message) {
    if (this.#shown?.type === "direct" || message.kind === "system") return false;
    return !!message.blocked || !!this.store?.["isBlocked"]?.(message.sender_id);
  }

  /** A message that is held, by its id. @param {string} id @returns {ShownMessage | null} */
  quoted(id) {
    return this.store?.["message"](id) ?? null;
  }

  // --- Drawing -------------------------------------------------------------------------------------------------------

  /** @override @param {Store} store */
  view(store) {
    const id = this.conversationId;
    // Before the store knows its user it holds nothing, and would keep nothing of what it reads.
    this.#open(store, store["userId"] ? id : null);
    if (!id) return h("slot", { name: "nothing" }, this.state("chat", this.t("choose"), this.t("choose_hint")));
    const conversation = store.conversation(id);
    const thread = store.thread(id);
    this.#shown = conversation;
    if (thread.goal !== this.#wanted) {
      this.#wanted = thread.goal;
      if (thread.goal) this.#goal = { seq: thread.goal.seq, isQuiet: this.#isSeeking };
    }
    this.#follow(store, conversation, thread);
    this.today = dayKey(store.now());
    this.hasNames = !!conversation && (conversation.type !== "direct" || conversation.member_count > 2);
    this.appearance = `${ownVersion()} ${this.t("reply")} ${this.language} ${this.hasNames} ${conversation?.capabilities.join()} ${this.getAttribute("reactions")} ${namesOf(store, conversation)}`;
    this.#view.hasEnd = thread.foundNewest;
    this.#view.take(thread.messages);
    if (this.#goal) this.#go(thread);
    if (thread.error) this.#goal = null;
    return h(
      "section",
      { class: "thread", part: "thread", "aria-label": conversation?.title_shown ?? this.t("messages") },
      conversation && !this.hasAttribute("no-head") && this.#head(store, conversation),
      this.offlineBar(store),
      this.problemBar(),
      h("div", { class: "pane", key: "pane" }, this.#pane(store, thread, conversation)),
      h("div", { class: "hidden", key: "said", role: "status", "aria-live": "polite" }, this.#said),
      this.#over(store),
    );
  }

  /** @param {Store} store @param {ShownConversation} conversation */
  #head(store, conversation) {
    const { other, link, picture, title_shown } = /** @type {any} */ (conversation);
    const address = link && safeUrl(link);
    const face =
      other && !picture ? other : { id: conversation.id, name: title_shown, avatar_url: picture ?? other?.avatar_url };
    return h(
      "header",
      { class: "head", part: "head", key: "head" },
      h("slot", { name: "start" }),
      h("span", { class: "faced" }, avatar(face), other && store.presence(other.id).online && h("i", { class: "dot" })),
      h(
        "div",
        { class: "titles" },
        h(
          "h2",
          { class: "cut" },
          address ? h("a", { href: address }, h("bdi", null, title_shown)) : h("bdi", null, title_shown),
          other?.role && h("span", { class: "role", part: "role" }, other.role),
        ),
        h("p", { class: "cut soft", part: "subtitle" }, this.#subtitle(store, conversation)),
      ),
      h("slot", { name: "actions" }),
    );
  }

  /** @param {Store} store @param {ShownConversation} conversation */
  #subtitle(store, conversation) {
    const typing = store.typing(conversation.id);
    if (typing.length)
      return h("span", { class: "accent" }, this.hasNames ? this.#typists(store, typing) : this.t("typing"));
    if (conversation.other) {
      const { online, last_seen } = store.presence(conversation.other.id);
      const here = online
        ? this.t("online")
        : last_seen && this.t("last_seen", { time: relative(last_seen, this.reader()) });
      // Under a title the head would not say who it is.
      const name = conversation.title && conversation.other.name;
      if (here) return name ? [h("bdi", null, name), ` · ${here}`] : here;
    }
    const about = conversation.context && conversation.title ? conversation.other?.name : conversation.description;
    if (conversation.type === "group") return about || this.t("members_count", { count: conversation.member_count });
    return about ?? "";
  }

  /** @param {Store} store @param {string[]} ids */
  #typists(store, ids) {
    const names = ids.slice(0, 2).map((id) => nameOf(this, store, id));
    return ids.length > 2
      ? this.t("many_typing")
      : this.t("typing_names", { count: names.length, names: new Intl.ListFormat(this.language).format(names) });
  }

  /** @param {Store} store @param {ShownThread} thread @param {ShownConversation | null} conversation */
  #pane(store, thread, conversation) {
    const { messages } = thread;
    if (this.#isSeeking) return this.loading();
    if (messages.length === 0) {
      if (thread.error) {
        const again = () => this.attempt(() => store["open"](this.#opened).finally(() => store["close"](this.#opened)));
        const isGone = /** @type {any} */ (thread.error).status === 404;
        const [title, hint] = isGone
          ? [this.t("not_found"), this.t("not_found_hint")]
          : [this.t("not_loaded"), this.because(thread.error)];
        return this.state("alert", title, hint, this.retry(again));
      }
      if (thread.isLoading || !thread.foundNewest) return this.loading();
      return h("slot", { name: "empty" }, this.state("chat", this.t("no_messages"), this.t("no_messages_hint")));
    }
    const typing = store.typing(conversation?.id ?? "");
    return [
      h(
        "div",
        {
          class: "scroller",
          key: "scroller",
          part: "messages",
          ref: (/** @type {HTMLElement | null} */ element) => this.#hold(element),
          onscroll: () => this.#scrolled(),
          onkeydown: (/** @type {KeyboardEvent} */ event) => this.#keys(event),
          onfocusin: (/** @type {FocusEvent} */ event) => this.#point(event, true),
          onpointerover: (/** @type {PointerEvent} */ event) => event.pointerType !== "touch" && this.#point(event),
          onpointerleave: () => this.#leave(),
          onpointerdown: (/** @type {PointerEvent} */ event) => this.#press(event),
          onpointerup: () => clearTimeout(this.#pressTimer),
          onpointercancel: () => clearTimeout(this.#pressTimer),
          oncontextmenu: (/** @type {PointerEvent} */ event) => event.pointerType === "touch" && event.preventDefault(),
        },
        h("div", { class: "spacer" }),
        h(
          "div",
          { class: "rows", role: "feed", "aria-label": this.t("messages"), "aria-busy": thread.isLoading },
          this.#rows(store, messages),
        ),
        h("div", { class: "spacer" }),
        h(
          "div",
          { class: "tail", key: "tail" },
          typing.length > 0 &&
            h(
              "div",
              { class: "typing", part: "typing" },
              h("span", { class: "dots", "aria-hidden": "true" }, h("i", null), h("i", null), h("i", null)),
              h("span", { class: "cut" }, this.#typists(store, typing)),
            ),
        ),
      ),
      thread.isLoading &&
        h(
          "div",
          { class: "busy", key: "busy" },
          h("span", { class: "spinner", role: "status", "aria-label": this.t("loading") }),
        ),
      this.#newest(thread, conversation),
    ];
  }

  /** @param {Store} store @param {readonly ShownMessage[]} messages */
  #rows(store, messages) {
    const { start, end } = this.#view;
    if (!this.focusKey || !messages.some((message) => this.keyOf(message) === this.focusKey)) {
      const last = messages.at(-1);
      this.focusKey = last ? this.keyOf(last) : null;
    }
    const next = new Map();
    const trees = [];
    for (let index = start; index < Math.min(end, messages.length); index++) {
      const message = /** @type {ShownMessage} */ (messages[index]);
      const key = this.keyOf(message);
      const place = placeOf(this, messages, index);
      const memory = memoryOf(this, store, message, place, key);
      const known = this.#drawn.get(key);
      const tree =
        known?.message === message && known.memory === memory ? known.tree : row(this, store, message, place, key);
      next.set(key, { message, memory, tree });
      trees.push(tree);
    }
    this.#drawn = next;
    return trees;
  }

  /** @param {ShownThread} thread @param {ShownConversation | null} conversation */
  #newest(thread, conversation) {
    if (this.#view.isAtEnd && thread.foundNewest) return null;
    const count = conversation?.unread ?? 0;
    const label = count ? this.t("jump_to_new", { count }) : this.t("jump_to_newest");
    return h(
      "button",
      {
        type: "button",
        class: "newest",
        part: "jump",
        key: "newest",
        "aria-label": label,
        title: label,
        onclick: () => this.jumpToNewest(),
      },
      icon("down"),
      count > 0 && h("span", { class: "badge" }, count > 99 ? "99+" : String(count)),
    );
  }

  /** @override */
  drawn() {
    this.#settle();
    this.#tick();
  }

  #settle() {
    if (this.#view.settle()) this.update();
    this.#more();
    this.#see();
  }

  /** @param {HTMLElement | null} scroller */
  #hold(scroller) {
    this.#view.scroller = scroller;
    this.#observer?.disconnect();
    if (!scroller) return;
    this.#observer?.observe(scroller);
    this.#observer?.observe(/** @type {Element} */ (scroller.children[1]));
    this.#settle();
  }

  /** Times that are told from now change by themselves. */
  #tick() {
    clearTimeout(this.#minuteTimer);
    const last = this.#view.rows.items.at(-1);
    if (!last) return;
    const wait = Math.min(untilChange(last.created_at, this.reader().now), 60_000);
    this.#minuteTimer = setTimeout(
      () => {
        this.minute += 1;
        this.update();
      },
      Math.max(1000, wait),
    );
  }

  // --- The conversation ----------------------------------------------------------------------------------------------

  /** @param {Store} store @param {string | null} id */
  #open(store, id) {
    if (id === this.#opened && store === this.#openedIn) return;
    this.#close();
    this.#opened = id;
    this.#openedIn = store;
    this.#view.reset();
    this.#drawn.clear();
    this.unfolded.clear();
    this.active = this.focusKey = this.flash = this.over = this.problem = null;
    this.line = null;
    this.#hasBegun = this.#isSeeking = false;
    this.#lastSeq = this.#seen = 0;
    this.#lastKey = "";
    this.#said = "";
    this.files = new Files(store, () => this.update());
    // A failure is the thread's own state, which the pane shows.
    if (id) Promise.resolve(store["open"](id)).catch(() => this.update());
  }

  #close() {
    clearTimeout(this.#minuteTimer);
    clearTimeout(this.#readTimer);
    this.#readTimer = null;
    this.#stopPresence();
    this.#stopPresence = () => {};
    this.#presenceOf = "";
    for (const address of this.#addresses.values()) URL.revokeObjectURL(address);
    this.#addresses.clear();
    if (this.#opened) {
      this.#openedIn?.["close"](this.#opened);
      this.#goal = null;
    }
    this.#opened = null;
    this.#openedIn = null;
  }

  /** Takes note of what has come. @param {Store} store @param {ShownConversation | null} conversation @param {ShownThread} thread */
  #follow(store, conversation, thread) {
    const other = conversation?.other?.id ?? "";
    if (other !== this.#presenceOf) {
      this.#presenceOf = other;
      this.#stopPresence();
      this.#stopPresence = other ? (store["watchPresence"]?.([other]) ?? (() => {})) : () => {};
    }
    const last = thread.messages.at(-1);
    if (!last || !conversation) return;
    if (!this.#hasBegun) this.#begin(conversation, thread);
    const key = this.keyOf(last);
    if (key === this.#lastKey || !thread.foundNewest) return;
    const isFirst = this.#lastKey === "";
    this.#lastKey = key;
    const isOwn = last.sender_id === store.userId;
    if (isOwn && last.pending && !isFirst) {
      this.line = null;
      this.#view.showEnd();
    }
    if (!isFirst && last.seq > this.#lastSeq && !isOwn) this.#came(store, conversation, last);
    if (last.seq) this.#lastSeq = last.seq;
  }

  /** The first messages are there: new ones begin at a line, else the end is shown. @param {ShownConversation} conversation @param {ShownThread} thread */
  #begin(conversation, thread) {
    this.#hasBegun = true;
    const { unread, id } = conversation;
    const read_seq = readOf(conversation);
    const { messages, foundOldest } = thread;
    if (unread <= 0) return;
    const first = messages.find(({ seq, sender_id }) => seq > read_seq && sender_id !== this.store?.userId);
    const isHeld = foundOldest || /** @type {number} */ (messages[0]?.seq) <= read_seq + 1;
    this.line = isHeld ? (first?.seq ?? null) : read_seq + 1;
    if (this.line === null) return;
    this.#goal ??= { seq: this.line, isQuiet: true };
    if (isHeld || !this.#goal.isQuiet) return;
    // Until they are there nothing is shown, so that nothing counts as read.
    this.#isSeeking = true;
    void this.attempt(() => this.store?.["jump"](id, read_seq + 1)).then(() => {
      this.#isSeeking = false;
      this.update();
    });
  }

  /** A message of another person has come. @param {Store} store @param {ShownConversation} conversation @param {ShownMessage} message */
  #came(store, conversation, message) {
    const isSeen = document.visibilityState === "visible" && document.hasFocus() && this.#view.isAtEnd;
    if (!isSeen && (this.line === null || this.line <= readOf(conversation))) this.line = message.seq;
    const sentence =
      message.kind === "system"
        ? summary(this, message)
        : `${nameOf(this, store, message.sender_id)}: ${this.isBlocked(message) ? this.t("blocked_message") : summary(this, message)}`;
    clearTimeout(this.#sayTimer);
    this.#sayTimer = setTimeout(() => {
      this.#said = sentence;
      this.update();
    }, SAY_MS);
  }

  /** Notes what is on the screen of a person who looks at it, and marks it as read a moment later. */
  #see() {
    const { store } = this;
    const conversation = this.#opened && store?.conversation(this.#opened);
    if (!conversation || document.visibilityState !== "visible" || !document.hasFocus() || !this.checkVisibility())
      return;
    const { items } = this.#view.rows;
    let index = Math.min(this.#view.lastSeen(), items.length - 1);
    while (index >= 0 && !items[index]?.seq) index -= 1; // what is not sent yet has no number
    this.#seen = Math.max(this.#seen, items[index]?.seq ?? 0);
    if (this.#seen <= readOf(conversation) || this.#readTimer !== null) return;
    this.#readTimer = setTimeout(() => {
      this.#readTimer = null;
      const now = store?.conversation(conversation.id);
      // A marker that fails is set again by the next look.
      if (now && this.#seen > readOf(now))
        Promise.resolve(store?.["markRead"](conversation.id, this.#seen)).catch(() => {});
    }, READ_MS);
  }

  // --- Scrolling -----------------------------------------------------------------------------------------------------

  #scrolled() {
    clearTimeout(this.#pressTimer);
    const wasAtEnd = this.#view.isAtEnd;
    if (this.#view.scrolled() || wasAtEnd !== this.#view.isAtEnd) this.update();
    this.#more();
    this.#see();
  }

  /** Reads more before an end of what is held comes to the screen. */
  #more() {
    const { scroller, rows } = this.#view;
    const id = this.#opened;
    const { store } = this;
    if (!scroller || !id || !store || rows.count === 0) return;
    const thread = store.thread(id);
    if (thread.isLoading || thread.error) return;
    const { scrollTop, clientHeight, scrollHeight } = scroller;
    if (!thread.foundOldest && scrollTop < NEAR * clientHeight) void this.#load(() => store["loadOlder"](id));
    else if (!thread.foundNewest && scrollHeight - scrollTop - clientHeight < NEAR * clientHeight)
      void this.#load(() => store["loadNewer"](id));
  }

  #isLoading = false;
  /** Whether the place at which the thread begins is being read. */
  #isSeeking = false;

  /** @param {() => Promise<unknown>} act */
  async #load(act) {
    if (this.#isLoading) return;
    this.#isLoading = true;
    await this.attempt(act);
    this.#isLoading = false;
    this.update();
  }

  /** Shows a message, held or not. @param {number} seq */
  async jump(seq) {
    const { store } = this;
    const id = this.conversationId;
    if (!store || !id) return;
    this.#goal = { seq };
    if (!store.thread(id).messages.some((message) => message.seq === seq))
      await this.attempt(() => store["jump"](id, seq));
    this.update();
  }

  /** @param {string} messageId */
  jumpToId(messageId) {
    return this.jump(Number(messageId.slice(messageId.lastIndexOf(".") + 1)));
  }

  async jumpToNewest() {
    const { store } = this;
    const id = this.conversationId;
    if (!store || !id) return;
    this.#goal = null;
    if (!store.thread(id).foundNewest) {
      await this.attempt(() => store["jump"](id, null));
      this.#view.take(store.thread(id).messages);
    }
    this.#view.showEnd();
    this.update();
    this.#view.scroller?.focus({ preventScroll: true });
  }

  /** @param {ShownThread} thread */
  #go(thread) {
    const { seq, isQuiet } = /** @type {{seq: number, isQuiet?: boolean}} */ (this.#goal);
    const { messages } = thread;
    const index = messages.findIndex((message) => message.seq >= seq);
    const found = messages[index];
    if (!found || (found.seq > seq && index === 0 && !thread.foundOldest)) return;
    this.#goal = null;
    this.#view.show(index, isQuiet ? 0.2 : 0.35);
    if (isQuiet) return;
    const key = this.keyOf(found);
    this.flash = this.focusKey = key;
    setTimeout(() => {
      if (this.flash === key) this.flash = null;
      this.update();
    }, FLASH_MS);
  }

  // --- Rows ----------------------------------------------------------------------------------------------------------

  /** The key of the row in which something happens. @param {Event} event */
  #rowOf(event) {
    const found = event.target instanceof Element ? event.target.closest("[data-key]") : null;
    return found instanceof HTMLElement ? (found.dataset["key"] ?? null) : null;
  }

  /** @param {Event} event @param {boolean} [isFocus] */
  #point(event, isFocus) {
    const key = this.#rowOf(event);
    if (!key || this.over) return;
    if (isFocus) this.focusKey = key;
    if (this.active === key && !isFocus) return;
    this.active = key;
    this.update();
  }

  #leave() {
    if (this.over) return;
    const { activeElement } = this.root;
    const key = activeElement?.closest("[data-key]");
    this.active = key instanceof HTMLElement ? (key.dataset["key"] ?? null) : null;
    this.update();
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const key = this.#rowOf(event);
    clearTimeout(this.#pressTimer);
    if (event.pointerType !== "touch" || !key) return;
    const { clientX: x, clientY: y } = event;
    this.#pressTimer = setTimeout(() => {
      navigator.vibrate?.(10);
      this.openMenu(key, { x, y, held: true });
    }, LONG_PRESS_MS);
  }

  /** @param {KeyboardEvent} event */
  #keys(event) {
    const key = this.#rowOf(event);
    const target = /** @type {HTMLElement} */ (event.target);
    if (!key || !target.matches("[data-key]")) {
      if (key && event.key === "Escape") this.#focusRow(key);
      return;
    }
    const { items } = this.#view.rows;
    const index = items.findIndex((message) => this.keyOf(message) === key);
    const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -8, PageDown: 8, Home: -items.length, End: items.length };
    const step = steps[/** @type {"Home"} */ (event.key)];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(items.length - 1, index + step));
      const found = items[next];
      if (!found || next === index) return;
      if (next < this.#view.start || next >= this.#view.end || Math.abs(step) > 1) this.#view.show(next, 0.4);
      this.#focusRow(this.keyOf(found));
    } else if (event.key === "Enter" || event.key === " " || event.key === "ContextMenu") {
      event.preventDefault();
      this.openMenu(key, target);
    }
  }

  /** @param {string} key */
  #focusRow(key) {
    this.focusKey = this.active = key;
    this.update();
    queueMicrotask(() => {
      const found = [...this.root.querySelectorAll("[data-key]")].find(
        (row) => /** @type {HTMLElement} */ (row).dataset["key"] === key,
      );
      /** @type {HTMLElement | undefined} */ (found)?.focus({ preventScroll: true });
      found?.scrollIntoView({ block: "nearest" });
    });
  }

  /** @param {string} key */
  unfold(key) {
    const index = this.#view.rows.items.findIndex((message) => this.keyOf(message) === key);
    if (this.unfolded.has(key)) this.unfolded.delete(key);
    else this.unfolded.add(key);
    if (index >= 0) this.#view.keep(index);
    this.update();
  }

  /** An address of a file that is not sent yet. @param {Blob} blob */
  addressOf(blob) {
    const known = this.#addresses.get(blob) ?? URL.createObjectURL(blob);
    this.#addresses.set(blob, known);
    return known;
  }

  // --- Acts ----------------------------------------------------------------------------------------------------------

  /** @param {ShownMessage} message @param {string} emoji */
  react(message, emoji) {
    const isOn = !message.reactions?.some((one) => one.emoji === emoji && one.mine);
    return this.attempt(() => this.store?.["react"](message.id, emoji, isOn));
  }

  /** @param {ShownMessage} message */
  reply(message) {
    this.#draft({ reply_to: message.id, edits: null }, "reply", message);
  }

  /** @param {ShownMessage} message */
  edit(message) {
    this.#draft({ edits: message.id, reply_to: null, text: message.text, mentions: message.mentions }, "edit", message);
  }

  /** The composer of the conversation hears of it by the draft. @param {object} change @param {string} name @param {ShownMessage} message */
  #draft(change, name, message) {
    const { store } = this;
    if (!this.emit(name, { message }) || !store) return;
    const before = store["draft"](message.conversation_id) ?? { text: "" };
    store["setDraft"](message.conversation_id, { ...before, ...change, at: Date.now() });
  }

  /** @param {{kind: string, [detail: string]: any} | null} over */
  show(over) {
    this.over = over;
    this.update();
  }

  hide = () => this.show(null);

  /** @param {string} key @param {Element | {x: number, y: number, held?: boolean}} anchor */
  openMenu(key, anchor) {
    this.active = key;
    this.show({ kind: "menu", key, anchor });
  }

  /** @param {ShownMessage} message @param {Attachment} attachment */
  openPicture(message, attachment) {
    this.openDialog("picture", message, { attachment });
  }

  /** @param {Attachment} attachment */
  async download(attachment) {
    const urls = await this.attempt(() => this.files?.fresh(attachment.id));
    if (!urls) return;
    const link = h("a", { href: urls.url, download: attachment.name, target: "_blank", rel: "noopener noreferrer" });
    const element = document.createElement("a");
    for (const [name, value] of Object.entries(link.props)) element.setAttribute(name, String(value));
    if (safeUrl(urls.url)) element.click();
  }

  /** Shows a dialog: their code is loaded with the first one. @param {string} name @param {ShownMessage} message @param {object} [detail] */
  async openDialog(name, message, detail) {
    const module = await this.attempt(() => import("./dialogs.js"));
    if (module) this.show({ kind: "dialog", view: module.dialogs[/** @type {"report"} */ (name)], message, ...detail });
  }

  /** @param {Store} store */
  #over(store) {
    const { over } = this;
    if (over?.kind === "dialog") return over["view"](this, store, over);
    if (!over) return null;
    const { key, anchor } = over;
    const message = this.#view.rows.items.find((one) => this.keyOf(one) === key);
    if (!message || message.pending) return null;
    if (over.kind === "emoji") return this.#picker(message, anchor);
    const canReact = this.can("react") && !message.deleted_at && message.kind !== "system";
    const head =
      canReact &&
      h(
        "div",
        { class: "quicks", role: "group", "aria-label": this.t("reactions") },
        quick(this, message, this.hide),
        this.#anyEmoji(key, anchor),
      );
    const items = itemsFor(this, store, message);
    return menu({ anchor, label: this.t("actions"), onclose: this.hide, items, head });
  }

  /** @param {string} key @param {Element | {x: number, y: number, held?: boolean}} anchor */
  #anyEmoji(key, anchor) {
    const open = async () => {
      const module = await this.attempt(() => import("../composer/picker.js"));
      if (module) this.show({ kind: "emoji", key, anchor });
    };
    const label = this.t("more");
    return h(
      "button",
      { type: "button", class: "quick", key: "any", "aria-label": label, title: label, onclick: open },
      icon("plus"),
    );
  }

  /** @param {ShownMessage} message @param {Element | {x: number, y: number, held?: boolean}} anchor */
  #picker(message, anchor) {
    const pick = (/** @type {CustomEvent} */ event) => {
      event.stopPropagation();
      this.hide();
      void this.react(message, event.detail.emoji);
    };
    const props = { class: "emoji", role: "dialog", "aria-label": this.t("emoji") };
    return popover({ anchor, onclose: this.hide, props }, h("parley-emoji", { "onparley-emoji": pick }));
  }
}

/** @param {Store} store @param {ShownConversation | null} conversation */
function namesOf(store, conversation) {
  return conversation?.members.map(({ user_id }) => store.user(user_id).name).join() ?? "";
}

/** How high a row may be that was never drawn. @param {ShownMessage} message */
function estimate(message) {
  if (message.hidden) return 0;
  const lines = Math.ceil((message.text?.length ?? 0) / 48) + (message.text?.split("\n", 16).length ?? 1) - 1;
  const files = message.attachments?.length ?? 0;
  return (
    54 +
    Math.min(lines, 16) * 20 +
    (files ? 200 : 0) +
    (message.reply_to ? 48 : 0) +
    (message.reactions?.length ? 24 : 0) +
    (message.preview ? 90 : 0)
  );
}
