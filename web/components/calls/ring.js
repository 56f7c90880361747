/** The sounds of a call, made of tones: no file is loaded. */

/** Hertz, and when in a turn of how many seconds. @type {Record<"ring" | "ringback", {tones: [number, number, number][], turn: number, volume: number}>} */
const SOUNDS = {
  ring: {
    tones: [
      [659, 0, 0.18],
      [784, 0.2, 0.18],
      [988, 0.4, 0.4],
      [659, 1, 0.18],
      [784, 1.2, 0.18],
      [988, 1.4, 0.4],
    ],
    turn: 3,
    volume: 0.18,
  },
  ringback: { tones: [[425, 0, 1]], turn: 4, volume: 0.06 },
};
const SHOWN_FIRST_MS = 400;

export class Ring {
  #end = new AbortController();
  #sound = "";

  /**
   * Sounds until it is told otherwise.
   *
   * @param {"ring" | "ringback" | null} sound
   * @param {string} [lock] one tab of the browser holds it and sounds; if that one is closed, another one does
   */
  set(sound, lock) {
    if (this.#sound === (sound ?? "")) return;
    this.#sound = sound ?? "";
    this.#end.abort();
    if (!sound) return;
    this.#end = new AbortController();
    const { signal } = this.#end;
    if (!lock || !navigator.locks) this.#play(sound, signal);
    // The tab that is looked at comes first.
    else setTimeout(() => this.#wait(sound, lock, signal), document.visibilityState === "visible" ? 0 : SHOWN_FIRST_MS);
  }

  /** @param {"ring" | "ringback"} sound @param {string} lock @param {AbortSignal} signal */
  #wait(sound, lock, signal) {
    if (signal.aborted) return;
    navigator.locks
      .request(lock, { signal }, () => {
        this.#play(sound, signal);
        return new Promise((resolve) => signal.addEventListener("abort", resolve));
      })
      .catch(() => {}); // it stopped ringing while another tab did
  }

  /** @param {"ring" | "ringback"} sound @param {AbortSignal} signal */
  #play(sound, signal) {
    if (signal.aborted) return;
    const { tones, turn, volume } = SOUNDS[sound];
    // A browser may keep a page silent that nobody has touched: then the call is seen, and heard after the first click or key.
    const audio = made();
    if (!audio) return;
    const wake = () => void audio.resume();
    for (const type of ["pointerdown", "keydown"]) addEventListener(type, wake, { signal, capture: true });
    const play = () => {
      if (audio.state !== "running") return;
      for (const [hertz, from, seconds] of tones) tone(audio, hertz, audio.currentTime + from, seconds, volume);
    };
    audio.addEventListener("statechange", play, { signal });
    const timer = setInterval(play, turn * 1000);
    play();
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      void audio.close();
    });
  }
}

/** Null on a device without sound: its call is seen. */
function made() {
  try {
    return new AudioContext();
  } catch {
    return null;
  }
}

/** @param {AudioContext} audio @param {number} hertz @param {number} at @param {number} seconds @param {number} volume */
function tone(audio, hertz, at, seconds, volume) {
  const gain = audio.createGain();
  const source = audio.createOscillator();
  source.frequency.value = hertz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(volume, at + 0.02);
  gain.gain.setValueAtTime(volume, at + seconds - 0.06);
  gain.gain.linearRampToValueAtTime(0, at + seconds);
  source.connect(gain).connect(audio.destination);
  source.start(at);
  source.stop(at + seconds);
}
