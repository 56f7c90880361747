/** The sound of a new message: two short tones, made here and not fetched. */

const LEAST_MS = 1000; // between two sounds: a flood of messages is no siren
const TONES = /** @type {const} */ ([
  [587, 0],
  [880, 0.09],
]);
/** @type {AudioContext | null} */
let context = null;
let last = Number.NEGATIVE_INFINITY;

/** Makes the sound, unless it was heard a moment ago. Browsers allow none before the person has touched the page. */
export function play() {
  const now = performance.now();
  if (now - last < LEAST_MS || !("AudioContext" in globalThis)) return;
  last = now;
  try {
    context ??= new AudioContext();
  } catch {
    return; // a device without sound
  }
  // A browser that still forbids it stays silent: there is nothing to tell anyone.
  if (context.state === "suspended") void context.resume().catch(() => {});
  for (const [pitch, begin] of TONES) {
    const at = context.currentTime + begin;
    const tone = new OscillatorNode(context, { type: "sine", frequency: pitch });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(0.12, at + 0.012);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.22);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.25);
  }
}
