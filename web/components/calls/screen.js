/** What a call shows: a dialog that rings, a panel while it is spoken, a bar while the user reads. */
import words from "../../languages/en.calls.js";
import { avatar } from "../base/avatar.js";
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { bringWords } from "../base/languages.js";
import { sessions } from "./session.js";
import { calls } from "./styles.js";

export { hear, sessions, start } from "./session.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/h.js").Content} Content */
/** @typedef {import("./session.js").Session} Session */
/** @typedef {{id: string, name: string, avatar_url?: string | null}} Face */

bringWords(words);

const SECOND = 1000;

class ParleyCallsScreen extends ParleyElement {
  /** @override */
  static styles = [calls];

  /** @type {Session | null} */
  #session = null;
  #leave = () => {};
  /** @type {any} */
  #timer = null;
  #hadFocus = false;
  #wasShown = false;
  #said = "";

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    this.gone.signal.addEventListener("abort", () => {
      clearInterval(this.#timer);
      this.#timer = null;
      this.#follow(null);
    });
  }

  /** @override */
  signedOut() {
    this.#follow(null); // a call that nobody sees ends
    return null;
  }

  /** @override */
  suspended() {
    return this.signedOut();
  }

  /** @param {Session | null} session */
  #follow(session) {
    if (this.#session === session) return;
    this.#leave();
    this.#session = session;
    const unsubscribe = session?.subscribe(() => this.update());
    this.#leave = () => {
      unsubscribe?.();
      session?.leave(this);
    };
  }

  /** @param {Store} store @override */
  view(store) {
    const session = sessions.get(store) ?? null;
    this.#follow(session);
    this.#hadFocus = !!this.root.activeElement;
    if (!session?.isShownBy(this)) return null;
    const { call, asking, ended } = session;
    const isIncoming = call?.state === "incoming" && !asking;
    const isShown = session.isBusy || !!ended;
    const status = this.#status(store, session);
    if (isShown) this.#said = isIncoming ? this.#kindOf(session) : status.said;
    else if (this.#wasShown) this.#said = this.t("call_ended");
    this.#tick(call?.state === "active");
    return [
      h("p", { class: "hidden", role: "status", key: "said" }, this.#said),
      isIncoming && !session.isSmall && this.#ringing(store, session),
      isShown && !(isIncoming && !session.isSmall) && this.#panel(store, session, status.shown),
    ];
  }

  /** @override */
  drawn() {
    const session = this.#session;
    const isShown = !!session?.isShownBy(this) && (session.isBusy || !!session.ended);
    for (const video of this.root.querySelectorAll("video")) {
      const stream = (video.className === "self" ? session?.local : session?.call?.remote) ?? null;
      if (video.srcObject !== stream) video.srcObject = stream;
      if (stream && video.paused && !session?.isSilent)
        video.play().catch((error) => error.name === "NotAllowedError" && session?.silence());
    }
    const panel = /** @type {HTMLElement | null} */ (this.root.querySelector(".panel"));
    if (panel && !this.root.activeElement && (this.#hadFocus || !this.#wasShown)) panel.focus();
    if (!isShown && this.#wasShown && this.#hadFocus) {
      const before = /** @type {HTMLElement | null | undefined} */ (session?.before);
      requestAnimationFrame(() => before?.focus()); // a button that calls is enabled by then
    }
    this.#wasShown = isShown;
  }

  /** @param {boolean} isRunning */
  #tick(isRunning) {
    if (isRunning === (this.#timer !== null)) return;
    clearInterval(this.#timer);
    this.#timer = isRunning ? setInterval(() => this.update(), SECOND) : null;
  }

  // --- Who and what ------------------------------------------------------------------------------------------------------

  /** @param {Store} store @param {Session} session @returns {Face} */
  #face(store, { call, asking, ended }) {
    const id = (call ?? asking ?? ended)?.conversationId ?? "";
    const conversation = store.conversation(id);
    const other = conversation?.other ?? (call?.userId ? store.user(call.userId) : null);
    return {
      id: other?.id ?? id,
      name: other?.name ?? conversation?.title_shown ?? call?.userId ?? "",
      avatar_url: other?.avatar_url ?? null,
    };
  }

  /** @param {Session} session */
  #kindOf({ call }) {
    return this.t(call?.media === "video" ? "call_incoming_video" : "call_incoming");
  }

  /** What is shown of the call's state, and what is said of it: the time is not said. @param {Store} store @param {Session} session */
  #status(store, { call, asking, ended }) {
    /** @param {string} said */
    const both = (said) => ({ said, shown: said });
    if (asking) return both(this.t(asking.media === "video" ? "call_allow_video" : "call_allow"));
    if (ended)
      return both(
        ended.error && ended.reason === "call_over_failed" ? this.because(ended.error) : this.t(ended.reason),
      );
    if (!call) return both("");
    if (call.state === "incoming") return both(this.#kindOf(/** @type {Session} */ (this.#session)));
    if (call.state === "calling") return both(this.t("call_calling"));
    if (call.state === "ringing") return both(this.t("call_ringing"));
    const link = call.peer?.connectionState;
    if (link === "disconnected" || link === "failed") return both(this.t("call_reconnecting"));
    if (link !== "connected" || call.answeredAt === null) return both(this.t("call_connecting"));
    return { said: this.t("call_connected"), shown: this.#time(store.now() - call.answeredAt) };
  }

  /** @param {number} ms */
  #time(ms) {
    const seconds = Math.max(0, Math.floor(ms / SECOND));
    const [whole, two] = [1, 2].map((digits) => new Intl.NumberFormat(this.language, { minimumIntegerDigits: digits }));
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    const parts = [hours && whole?.format(hours), (hours ? two : whole)?.format(minutes), two?.format(seconds % 60)];
    return parts.filter(Boolean).join(":");
  }

  // --- It rings ----------------------------------------------------------------------------------------------------------

  /** @param {Store} store @param {Session} session */
  #ringing(store, session) {
    const face = this.#face(store, session);
    return h(
      "dialog",
      {
        key: "ring",
        class: "dialog ring",
        part: "call",
        tabindex: "-1",
        "aria-labelledby": "who",
        "aria-describedby": "what",
        ref: (/** @type {HTMLDialogElement | null} */ dialog, /** @type {HTMLDialogElement} */ going) => {
          if (!dialog) return going.close();
          dialog.showModal();
          dialog.focus(); // no button: a person who is typing answers nothing by the next space
        },
        oncancel: (/** @type {Event} */ event) => {
          event.preventDefault();
          session.shrink(true);
        },
      },
      h(
        "button",
        {
          type: "button",
          class: "icon later",
          "aria-label": this.t("call_later"),
          title: this.t("call_later"),
          onclick: () => session.shrink(true),
        },
        icon("down"),
      ),
      h("span", { class: "pulse" }, avatar(face)),
      h("h2", { id: "who", class: "cut" }, h("bdi", null, face.name)),
      h("p", { id: "what", class: "soft" }, this.#kindOf(session)),
      h("div", { class: "choice" }, this.#answers(session, true)),
    );
  }

  /** @param {Session} session @param {boolean} [hasWords] */
  #answers(session, hasWords) {
    /** @param {string} words @param {import("../base/icons.js").IconName} name @param {string} kind @param {() => unknown} onclick */
    const button = (words, name, kind, onclick) =>
      h(
        "button",
        {
          type: "button",
          key: words,
          class: `round ${kind}`,
          "aria-label": this.t(words),
          title: hasWords ? null : this.t(words),
          onclick,
        },
        h("i", null, icon(name)),
        hasWords && h("span", { "aria-hidden": "true" }, this.t(words)),
      );
    return [
      button("call_decline", "phone", "end", () => session.hangUp()),
      button("call_accept", "phone", "go", () => session.answer("audio")),
      button("call_accept_video", "video", "go", () => session.answer("video")),
    ];
  }

  // --- It is spoken ------------------------------------------------------------------------------------------------------

  /** @param {Store} store @param {Session} session @param {string} status */
  #panel(store, session, status) {
    const { call, ended, isSmall, isSharing, hasCamera, hasPicture } = session;
    const face = this.#face(store, session);
    const isVideo = hasPicture || hasCamera || isSharing;
    const isIncoming = call?.state === "incoming" && !session.asking;
    return h(
      "div",
      {
        key: "panel",
        class: ["panel", isSmall && "small", isVideo && "video", hasPicture && "seen"].filter(Boolean).join(" "),
        part: "call",
        popover: "manual",
        role: "dialog",
        tabindex: "-1",
        "aria-label": this.t("call_with", { name: face.name }),
        ref: (/** @type {HTMLElement | null} */ element) => element?.showPopover(),
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key !== "Escape" || isSmall) return;
          event.stopPropagation();
          if (ended) session.dismiss();
          else session.shrink(true);
        },
      },
      h(
        "div",
        { class: "stage", key: "stage" },
        h("video", {
          class: "remote",
          key: "remote",
          autoplay: true,
          playsinline: true,
          hidden: !hasPicture,
          "aria-label": this.t("call_picture", { name: face.name }),
        }),
        h(
          "div",
          { class: "person", key: "person" },
          avatar(face),
          h("div", null, h("h2", { class: "cut" }, h("bdi", null, face.name)), h("p", { class: "status" }, status)),
        ),
        (hasCamera || isSharing) &&
          h("video", {
            class: isSharing ? "self shared" : "self",
            key: "self",
            autoplay: true,
            playsinline: true,
            muted: true,
            "aria-label": this.t("call_own_picture"),
          }),
      ),
      this.#notices(session),
      h(
        "div",
        { class: "controls", key: "controls" },
        ended ? this.#afterwards(session) : isIncoming ? this.#answers(session) : this.#controls(session),
      ),
    );
  }

  /** What the user can mend. @param {Session} session @returns {Content} */
  #notices(session) {
    const { trouble, call, isSilent, isSharing, ended } = session;
    if (ended) return null;
    return [
      trouble &&
        h(
          "div",
          { class: "bar", role: "alert", key: "trouble" },
          icon("alert"),
          h("span", null, this.t(trouble), !session.hasMicrophone && call && ` ${this.t("call_unheard")}`),
          h(
            "button",
            {
              type: "button",
              class: "link",
              onclick: () => (session.hasMicrophone ? session.dismiss() : session.toggleMicrophone()),
            },
            this.t(session.hasMicrophone ? "dismiss" : "retry"),
          ),
        ),
      isSilent &&
        h(
          "div",
          { class: "bar", key: "silent" },
          icon("mute"),
          h("button", { type: "button", class: "link", onclick: () => session.unsilence() }, this.t("call_sound")),
        ),
      isSharing && h("div", { class: "bar", key: "sharing" }, screen(), h("span", null, this.t("call_sharing"))),
    ];
  }

  /** @param {Session} session */
  #controls(session) {
    const { call, isMuted, hasCamera, hasMicrophone, isSharing, isSmall } = session;
    const isActive = call?.state === "active";
    const isOff = isMuted || !hasMicrophone;
    /** @param {string} key @param {string} words @param {Content} picture @param {string} kind @param {() => unknown} onclick @param {boolean} [isDisabled] */
    const button = (key, words, picture, kind, onclick, isDisabled) =>
      h(
        "button",
        {
          type: "button",
          key,
          class: `round ${kind}`,
          "aria-label": this.t(words),
          title: this.t(words),
          disabled: isDisabled,
          onclick,
        },
        h("i", null, picture),
      );
    return [
      button(
        "microphone",
        !hasMicrophone ? "call_microphone_on" : isMuted ? "call_unmute" : "call_mute",
        icon("mic"),
        isOff ? "off" : "",
        () => session.toggleMicrophone(),
        !call,
      ),
      !isSmall &&
        button(
          "camera",
          hasCamera ? "call_camera_off" : "call_camera_on",
          icon("video"),
          hasCamera ? "" : "off",
          () => session.toggleCamera(),
          !isActive,
        ),
      session.canShare &&
        (!isSmall || isSharing) &&
        button(
          "screen",
          isSharing ? "call_share_end" : "call_share",
          screen(),
          isSharing ? "on" : "",
          () => session.toggleScreen(),
          !isActive,
        ),
      button("size", isSmall ? "call_large" : "call_small", icon("down"), isSmall ? "up" : "", () =>
        session.shrink(!isSmall),
      ),
      button("end", "call_hang_up", icon("phone"), "end", () => session.hangUp()),
    ];
  }

  /** @param {Session} session */
  #afterwards(session) {
    const { ended } = session;
    if (!ended) return null;
    return [
      h(
        "button",
        {
          type: "button",
          class: "button main",
          key: "again",
          onclick: () => session.start(ended.conversationId, ended.media),
        },
        icon("phone"),
        this.t("call_again"),
      ),
      h("button", { type: "button", class: "button", key: "close", onclick: () => session.dismiss() }, this.t("close")),
    ];
  }
}

/** A screen, drawn as the other pictures are. */
function screen() {
  return h(
    "svg",
    {
      viewBox: "0 0 24 24",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.9",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
    },
    h("path", { d: "M3 4h18v12H3zM8 20h8m-4-4v4m0-7V8m-2.500 2L12 7.500 14.500 10" }),
  );
}

define("parley-calls-screen", ParleyCallsScreen);
