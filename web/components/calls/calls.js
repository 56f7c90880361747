/** `<parley-calls>`: rings when a person calls, and holds the call. All that it takes for that is loaded with the first call. */
import { define, ParleyElement, updateAll } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { css } from "../base/theme.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {"audio" | "video"} Media */

/** @type {typeof import("./screen.js") | null} */
let loaded = null;

async function load() {
  if (!loaded) {
    loaded = await import("./screen.js");
    updateAll();
  }
  return loaded;
}

/** One in a page is enough; `<parley-chat>` and `<parley-toasts>` bring theirs. Of several with the same store the first one shows the call. */
export class ParleyCalls extends ParleyElement {
  /** @override */
  static styles = [css`:host { display: contents }`];

  /** @type {Store | null} */
  #heard = null;
  #end = () => {};

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    this.#end();
    this.#heard = null;
  }

  /** @override */
  render() {
    const { store } = this;
    if (this.#heard !== store) {
      this.#end();
      this.#heard = store;
      this.#end =
        store?.client.on?.("event", (/** @type {{event: string, data: any}} */ { event, data }) => {
          // What does not load is tried again with the next offer.
          if (event === "call_signal") void load().then((all) => all.hear(store, data), Boolean);
        }) ?? (() => {});
    }
    return loaded && h("parley-calls-screen");
  }
}

/**
 * Calls the other person of a conversation, unless the page prevents the event `parley-call` and does it itself.
 *
 * @param {ParleyElement} host
 * @param {Store} store
 * @param {string} conversation_id
 * @param {Media} media
 */
export function call(host, store, conversation_id, media) {
  if (host.emit("call", { conversation_id, media }))
    void host.attempt(async () => (await load()).start(store, conversation_id, media));
}

/**
 * The buttons at the head of a conversation whose rules let the user call.
 *
 * @param {ParleyElement} host
 * @param {Store} store
 * @param {import("../base/contract.d.ts").ShownConversation | null} conversation
 */
export function callButtons(host, store, conversation) {
  if (!conversation?.capabilities.includes("call")) return null;
  const reason =
    store.connection.status !== "online"
      ? host.t("offline")
      : loaded?.sessions.get(store)?.isBusy && host.t("call_in_one");
  return /** @type {const} */ (["audio", "video"]).map((media) => {
    const label = host.t(media === "video" ? "call_video" : "call");
    return h(
      "button",
      {
        slot: "actions",
        key: media,
        type: "button",
        class: "icon",
        disabled: !!reason,
        "aria-label": label,
        title: reason || label,
        onclick: () => call(host, store, conversation.id, media),
      },
      icon(media === "video" ? "video" : "phone"),
    );
  });
}

define("parley-calls", ParleyCalls);
