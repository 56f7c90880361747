/** One player for all voice messages: a message that plays goes on when it leaves the screen, and a second one ends it. */
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { duration } from "../base/times.js";

/** @typedef {import("../base/contract.d.ts").Attachment} Attachment */
/** @typedef {import("../base/element.js").ParleyElement} Host */

const RATES = [1, 1.5, 2];
const HEIGHT = 28;

class Player {
  /** @type {string | null} the attachment that is loaded */
  id = null;
  rate = 1;
  isFailed = false;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {HTMLAudioElement | null} */
  #audio = null;

  /** @param {() => void} listener @returns {() => void} */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get isPlaying() {
    return this.#audio !== null && !this.#audio.paused;
  }

  get time() {
    return (this.#audio?.currentTime ?? 0) * 1000;
  }

  /** Plays a file, or stops it. @param {string} id @param {() => Promise<string | null>} address @param {number} [share] where to begin */
  async toggle(id, address, share) {
    const audio = this.#ready();
    if (this.id === id && share === undefined && this.isPlaying) return audio.pause();
    if (this.id !== id || this.isFailed) {
      audio.pause();
      this.id = id;
      this.isFailed = false;
      const url = await address();
      if (this.id !== id) return;
      if (url === null) return this.#fail();
      audio.src = url;
    }
    audio.playbackRate = this.rate;
    if (share !== undefined && Number.isFinite(audio.duration)) audio.currentTime = share * audio.duration;
    try {
      await audio.play();
    } catch (error) {
      if (/** @type {DOMException} */ (error).name !== "AbortError") this.#fail();
    }
  }

  /** @param {number} ms */
  seek(ms) {
    this.#ready().currentTime = ms / 1000;
    this.#tell();
  }

  nextRate() {
    this.rate = RATES[(RATES.indexOf(this.rate) + 1) % RATES.length] ?? 1;
    if (this.#audio) this.#audio.playbackRate = this.rate;
    this.#tell();
  }

  #ready() {
    if (this.#audio) return this.#audio;
    const audio = new Audio();
    for (const type of ["play", "pause", "timeupdate", "ended"]) audio.addEventListener(type, () => this.#tell());
    audio.addEventListener("ended", () => {
      audio.currentTime = 0;
    });
    this.#audio = audio;
    return audio;
  }

  #fail() {
    this.isFailed = true;
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

export const player = new Player();

/** What of the player a row shows, for its memory. @param {Attachment[]} attachments */
export function playing(attachments) {
  return attachments.some(({ id }) => id === player.id)
    ? `${player.isPlaying} ${player.time} ${player.rate} ${player.isFailed}`
    : "";
}

/**
 * @param {Host} host
 * @param {Attachment} attachment
 * @param {() => Promise<string | null>} address
 */
export function voice(host, attachment, address) {
  const isThis = player.id === attachment.id;
  const isPlaying = isThis && player.isPlaying;
  const whole = attachment.duration_ms ?? 0;
  const now = isThis ? Math.min(player.time, whole) : 0;
  const seek = (/** @type {Event} */ event) => {
    const ms = Number(/** @type {HTMLInputElement} */ (event.target).value);
    if (player.id === attachment.id) player.seek(ms);
    else void player.toggle(attachment.id, address, whole ? ms / whole : 0);
  };
  const failed = isThis && player.isFailed;
  return h(
    "div",
    { class: "voice", part: "voice" },
    h(
      "button",
      {
        type: "button",
        class: "play",
        "aria-label": host.t(isPlaying ? "pause" : "play"),
        onclick: () => player.toggle(attachment.id, address),
      },
      icon(isPlaying ? "pause" : "play"),
    ),
    h(
      "div",
      { class: "wave", style: { "--p": whole ? `${(now / whole) * 100}%` : "0%" } },
      wave(attachment.waveform ?? [], "rest"),
      wave(attachment.waveform ?? [], "done"),
      h("input", {
        type: "range",
        min: "0",
        max: String(Math.max(1, whole)),
        step: "100",
        value: String(now),
        "aria-label": host.t("position"),
        "aria-valuetext": `${duration(now)} / ${duration(whole)}`,
        oninput: seek,
      }),
    ),
    h(
      "span",
      { class: "length" },
      failed ? host.t("no_sound") : duration(isThis && (isPlaying || now > 0) ? now : whole),
    ),
    isThis &&
      h(
        "button",
        { type: "button", class: "rate", "aria-label": host.t("speed"), onclick: () => player.nextRate() },
        `${player.rate}×`,
      ),
  );
}

/** The peaks of a sound as bars. @param {readonly number[]} peaks @param {string} name */
export function wave(peaks, name) {
  const shown = peaks.length ? peaks : Array(40).fill(8);
  const path = shown.map((peak, index) => {
    const height = Math.max(2, (peak / 100) * HEIGHT);
    return `M${index * 4 + 2} ${(HEIGHT - height) / 2}v${height}`;
  });
  return h(
    "svg",
    { class: name, viewBox: `0 0 ${shown.length * 4} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    h("path", {
      d: path.join(""),
      stroke: "currentColor",
      "stroke-width": "2.2",
      "stroke-linecap": "round",
      fill: "none",
    }),
  );
}
