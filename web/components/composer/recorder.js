/** Records a voice message, and how loud it is. Loaded with the first recording. */

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
/** @type {Record<string, string>} */
const EXTENSIONS = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };
const STEP_MS = 90;
const SHORTEST_MS = 500; // less is a slip of the finger

export class Recorder {
  /** How loud it was, a number from 0 to 100 for each step. @type {number[]} */
  peaks = [];
  #most;
  #onStep;
  #onEnd;
  /** @type {MediaRecorder | null} */ #recorder = null;
  /** @type {MediaStream | null} */ #stream = null;
  /** @type {AudioContext | null} */ #sound = null;
  /** @type {Blob[]} */ #parts = [];
  #began = 0;
  /** @type {any} */ #timer = null;
  #type = "";

  /** @param {number} most milliseconds @param {() => void} onStep @param {() => void} onEnd when it is as long as it may be */
  constructor(most, onStep, onEnd) {
    this.#most = most;
    this.#onStep = onStep;
    this.#onEnd = onEnd;
  }

  get elapsed() {
    return performance.now() - this.#began;
  }

  /** Asks for the microphone. Throws what the browser says: `NotAllowedError`, `NotFoundError`. */
  async start() {
    const type =
      typeof MediaRecorder === "undefined" ? undefined : TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    if (!type || !navigator.mediaDevices) throw new DOMException("Nothing here records sound.", "NotSupportedError");
    this.#type = type.split(";")[0] ?? type;
    this.#stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true },
    });
    this.#recorder = new MediaRecorder(this.#stream, { mimeType: type, audioBitsPerSecond: 32_000 });
    this.#recorder.addEventListener("dataavailable", ({ data }) => data.size > 0 && this.#parts.push(data));
    this.#recorder.start(1000);
    this.#began = performance.now();
    this.#measure(this.#stream);
  }

  /** @param {MediaStream} stream */
  #measure(stream) {
    this.#sound = new AudioContext();
    const analyser = this.#sound.createAnalyser();
    analyser.fftSize = 1024;
    this.#sound.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      this.peaks.push(Math.round(Math.min(1, loudest * 1.6) * 100));
      this.#onStep();
      if (this.elapsed >= this.#most) this.#onEnd();
    }, STEP_MS);
  }

  /** Ends it. @returns {Promise<File | null>} null if it was too short */
  async stop() {
    const recorder = this.#recorder;
    const isLong = this.elapsed >= SHORTEST_MS;
    if (recorder && recorder.state !== "inactive") {
      await new Promise((resolve) => {
        recorder.addEventListener("stop", resolve, { once: true });
        recorder.stop();
      });
    }
    this.#release();
    if (!isLong || this.#parts.length === 0) return null;
    return new File(this.#parts, `voice.${EXTENSIONS[this.#type] ?? "webm"}`, { type: this.#type });
  }

  cancel() {
    if (this.#recorder && this.#recorder.state !== "inactive") this.#recorder.stop();
    this.#release();
    this.#parts = [];
    return null;
  }

  #release() {
    clearInterval(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    if (this.#sound && this.#sound.state !== "closed") void this.#sound.close();
  }
}
