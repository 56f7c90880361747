/**
 * Sounds, and notifications of the desktop, for messages that nobody is looking at. The page loads it a moment after it has begun.
 *
 * The tabs of a browser tell each other what is on a screen by locks that they share: a tab that can be seen holds one with the name of its
 * person and its conversation. The first tab that the person has touched holds the one for sounds, because browsers let it make some.
 */
import { ofDevice } from "./device.js";
import { registered, renew, turnOff } from "./push.js";
import { isQuiet, preferencesOf } from "./quiet.js";
import { play } from "./sound.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */

const SEEN = "parley:seen:";
const PREFERENCES_MS = 5 * 60_000; // another device may have changed them
const ROUTE = "/me/notification-preferences";

/** @typedef {Pick<typeof import("./rules.js"), "mayTell" | "isMentioned" | "bannerOf">} Rules */

/** Begins to tell of a store's messages. @param {Store} store @param {Rules} rules */
export function watch(store, rules) {
  if (store.client.on) new Alerts(store, rules);
}

/** Shows a conversation, as a click in the list does. @param {Store} store @param {string} conversation_id @param {number | null} message_seq */
export function open(store, conversation_id, message_seq) {
  const detail = { conversation_id, message_seq };
  if (!document.dispatchEvent(new CustomEvent("parley-select", { detail, cancelable: true }))) return;
  store.select(conversation_id);
  if (message_seq) void store.jump(conversation_id, message_seq).catch(() => {}); // the thread shows the failure
}

class Alerts {
  #seen = new Held();
  #sound = new Held();
  #gone = new AbortController();
  /** @type {Map<string, Notification>} those that this page has made itself, by conversation */
  #shown = new Map();
  /** @type {Promise<void> | null} */
  #reading = null;
  #hasBegun = false;

  /** @param {Store} store @param {Rules} rules */
  constructor(store, rules) {
    this.store = store;
    this.rules = rules;
    const ends = [
      store.client.on("message", (/** @type {any} */ { message }) => void this.#take(message)),
      store.client.on("event", (/** @type {any} */ event) => this.#hear(event)),
      store.client.on("state", (/** @type {any} */ { status }) => /closed|signed_out/.test(status) && end()),
      store.subscribe(() => this.#look()),
    ];
    const end = () => {
      this.#gone.abort();
      for (const one of ends) one?.();
      this.#seen.hold("");
      this.#sound.hold("");
      for (const id of this.#shown.keys()) this.#close(id);
    };
    const { signal } = this.#gone;
    navigator.serviceWorker?.addEventListener("message", (event) => this.#answer(event), { signal });
    navigator.serviceWorker?.startMessages();
    this.#signOut();
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    for (const touch of ["click", "keydown"])
      addEventListener(touch, () => this.#look(), { signal, capture: true, passive: true });
    this.#look();
  }

  /** Says by the locks what is on this screen, and whether it may make sounds. */
  #look() {
    const { store } = this;
    const userId = store["userId"];
    if (!userId || this.#gone.signal.aborted) return;
    const isVisible = document.visibilityState === "visible";
    const seen = isVisible ? nameOfSeen(userId, store.current) : "";
    if (isVisible && store.current && seen !== this.#seen.name) this.#close(store.current);
    this.#seen.hold(seen, "shared");
    // Browsers that do not tell whether the page was touched forbid or allow the sound by themselves.
    if (navigator.userActivation?.hasBeenActive ?? true) this.#sound.hold(`parley:sound:${userId}`);
    if (store.connection.status === "online" && !this.#hasBegun) void this.#begin();
  }

  /** Renews the pushes to this browser, and takes away those of what was read while no page was open. */
  async #begin() {
    this.#hasBegun = true;
    const { store } = this;
    if (!ofDevice().push) return;
    try {
      if (store.client.state?.isLeader) await renew(store);
      for (const one of (await (await registered())?.getNotifications()) ?? [])
        if (store.conversation(one.tag)?.unread === 0) one.close();
    } catch {
      // The next page tries again.
    }
  }

  /** Who signs out takes this browser's pushes away: afterwards there is no token to do it. */
  #signOut() {
    const { client } = this.store;
    const signOut = client.signOut?.bind(client);
    if (!signOut) return;
    client.signOut = async () => {
      // The subscription has ended by then, whatever failed. The server forgets a device that its push service does not know.
      await turnOff(this.store).catch(() => {});
      return signOut();
    };
  }

  /** What the worker of Web Push asks the pages. @param {MessageEvent} event */
  #answer({ data, ports }) {
    const { store } = this;
    if (!data?.parley || ofDevice().push?.user !== store["userId"]) return;
    if (data.parley === "open") open(store, data.conversation_id, data.message_seq);
    else if (data.parley === "renew" && store.client.state?.isLeader)
      void renew(store).catch(() => {}); // as it begins, too
    else {
      // A page that has lost its connection shows nothing new.
      const isShown = document.visibilityState === "visible" && store.connection.status === "online";
      ports[0]?.postMessage(data.parley === "there" || isShown);
    }
  }

  /** @param {any} message */
  async #take(message) {
    const { store } = this;
    const { sounds, desktop } = ofDevice();
    if ((!sounds && !desktop) || message.system || !this.rules.mayTell(store, message)) return;
    const isMention = this.rules.isMentioned(store, message);
    const preferences = await this.#preferences();
    if (preferences?.channels?.in_app?.[isMention ? "mention" : "message"] === false) return;
    if (preferences?.exceptions && isQuiet(preferences, store["now"](), { isMention })) return;
    const seen = await namesHeld(this.#seen.name);
    if (seen.includes(nameOfSeen(store["userId"], message.conversation_id))) return; // it is being read
    if (this.#gone.signal.aborted) return; // the person has signed out meanwhile
    if (sounds && this.#sound.isHeld) play();
    if (desktop && store.client.state?.isLeader && !seen.some((name) => name.startsWith(SEEN)))
      await this.#show(message, preferences?.previews !== false);
  }

  /** The person's preferences; those of before, or none, if they do not come. @returns {Promise<any>} */
  async #preferences() {
    const { store } = this;
    const userId = store["userId"];
    const known = preferencesOf.get(userId);
    if (!known || Date.now() - known.at > PREFERENCES_MS) {
      this.#reading ??= store.client
        .rest("GET", ROUTE)
        .then((/** @type {any} */ data) => void preferencesOf.set(userId, { data, at: Date.now() }))
        // Without them the sound is made: to miss a message is worse. The next message asks again.
        .catch(() => {})
        .finally(() => {
          this.#reading = null;
        });
      await this.#reading;
    }
    return preferencesOf.get(userId)?.data ?? null;
  }

  /** @param {any} message @param {boolean} hasWords */
  async #show(message, hasWords) {
    const { store } = this;
    const { conversation_id: id, id: message_id, seq } = message;
    const { title, text, hidden, lang } = await this.rules.bannerOf(store, message);
    const body = hasWords ? text : hidden;
    /** @type {any} */ // renotify is not in every browser, and not in the types
    const options = { body, tag: id, lang, dir: "auto", renotify: true, silent: true };
    try {
      const registration = await registered();
      if (registration) {
        // Under the same tag a push of the same message takes its place, and a click comes from the worker.
        await registration.showNotification(title, { ...options, data: { conversation_id: id, message_id } });
        return;
      }
      this.#close(id);
      const made = new Notification(title, options);
      this.#shown.set(id, made);
      made.onclick = () => {
        window.focus();
        made.close();
        open(store, id, seq);
      };
    } catch {
      // It was forbidden again meanwhile, or the browser (Chrome on Android) lets only service workers show some.
    }
  }

  /** @param {{event: string, data: any}} heard */
  #hear({ event, data }) {
    const me = this.store["userId"];
    const id = data.conversation_id ?? data.message?.conversation_id;
    const hasRead = /^(message|conversation)_read$/.test(event) && data.user_id === me;
    const wrote = /^(new_message|message_notification)$/.test(event) && data.message?.sender_id === me;
    if (hasRead || wrote) this.#close(id);
  }

  /** Takes away what was shown of a conversation. @param {string} id */
  #close(id) {
    this.#shown.get(id)?.close();
    this.#shown.delete(id);
    if (ofDevice().push) void closePushed(id);
  }
}

/** @param {string} userId @param {string | null} id of the conversation that is on the screen */
const nameOfSeen = (userId, id) => `${SEEN}${userId}:${id ?? ""}`;

/** The locks that the tabs of this browser hold; without Web Locks, what this one would. @param {string} own @returns {Promise<string[]>} */
async function namesHeld(own) {
  if (!navigator.locks) return own ? [own] : [];
  const { held = [] } = await navigator.locks.query();
  return held.map(({ name }) => name ?? "");
}

/** @param {string} tag */
async function closePushed(tag) {
  for (const one of (await (await registered())?.getNotifications({ tag })) ?? []) one.close();
  // Only installed pages have a badge; the next push counts again.
  await /** @type {any} */ (navigator).clearAppBadge?.().catch(() => {});
}

/** One lock that is held until another one is wanted. */
class Held {
  name = "";
  isHeld = false;
  #release = () => {};

  /** @param {string} name nothing for none @param {LockMode} [mode] */
  hold(name, mode = "exclusive") {
    if (name === this.name) return;
    this.#release();
    this.name = name;
    this.isHeld = false;
    this.#release = () => {};
    if (!name) return;
    if (!navigator.locks) {
      this.isHeld = true;
      return;
    }
    const abort = new AbortController();
    this.#release = () => abort.abort();
    const held = () => {
      if (abort.signal.aborted) return; // another one was wanted just as it came
      this.isHeld = true;
      return new Promise((/** @type {(value?: unknown) => void} */ done) => {
        this.#release = done;
      });
    };
    // It fails only if another one is wanted before it comes.
    navigator.locks.request(name, { mode, signal: abort.signal }, held).catch(() => {});
  }
}
