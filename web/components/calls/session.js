/** The call of a page: its microphone, camera and screen, and what it shows. The signals are the client's. */
import { focusedElement } from "../base/dialog.js";
import { updateAll } from "../base/element.js";
import { ofDevice } from "../notify/device.js";
import { isQuiet, preferencesOf } from "../notify/quiet.js";
import { Ring } from "./ring.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../../client/calls.js").Call} Call */
/** @typedef {import("../../client/calls.js").CallManager} CallManager */
/** @typedef {"audio" | "video"} Media */
/** @typedef {{conversationId: string, media: Media, reason: string, error?: unknown}} Ended a call that did not come about, or broke */

/** After so long without an element that shows it a call ends: a page that moves an element takes it out and puts it back. */
const UNSEEN_MS = 5000;
const PREFERENCES_MS = 5 * 60_000; // another device may have changed them

/** @type {WeakMap<Store, Session>} those whose client passes signals on */
export const sessions = new WeakMap();
/** @type {Set<Session>} those with a call */
const busy = new Set();
addEventListener("pagehide", () => {
  for (const session of busy) if (session.call?.isHere) void session.hangUp();
});
/** @type {WeakMap<Store, Promise<Session>>} */
const making = new WeakMap();

/** @param {Store} store @returns {Promise<Session>} */
function sessionOf(store) {
  let made = making.get(store);
  if (!made) {
    made = Promise.resolve(store.client.calls()).then((manager) => {
      const session = new Session(store, manager);
      sessions.set(store, session);
      updateAll();
      return session;
    });
    making.set(store, made);
    made.catch(() => making.delete(store)); // whoever asked is told; the next one tries again
  }
  return made;
}

/** Takes a signal that came before the client's own listener was there. @param {Store} store @param {any} signal */
export async function hear(store, signal) {
  if (!sessions.has(store)) await (await sessionOf(store)).manager.hear(signal);
}

/** @param {Store} store @param {string} conversationId @param {Media} media */
export async function start(store, conversationId, media) {
  await (await sessionOf(store)).start(conversationId, media);
}

export class Session {
  /** @type {Call | null} */
  call = null;
  /** The browser asks the user for the microphone. @type {{conversationId: string, media: Media} | null} */
  asking = null;
  /** @type {Ended | null} */
  ended = null;
  /** What this device sends. @type {MediaStream} */
  local = new MediaStream();
  isMuted = false;
  isSharing = false;
  /** What had the focus before the call. @type {Element | null} */
  before = null;
  /** A bar in place of a panel. */
  isSmall = false;
  /** The browser does not let the page sound before a click. */
  isSilent = false;
  /** What the device lacks, as the key of a sentence; the call goes on without. @type {string | null} */
  trouble = null;
  #ring = new Ring();
  #hadCamera = false;
  #isLeaving = false;
  /** Whether an incoming call may be heard. */
  #mayRing = false;
  /** @type {Set<object>} the screens that could show the call; the first one does */
  #screens = new Set();
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {WeakSet<EventTarget>} */
  #watched = new WeakSet();

  /** @param {Store} store @param {CallManager} manager */
  constructor(store, manager) {
    this.store = store;
    this.manager = manager;
    manager.on("call", (call) => this.#rings(call));
    manager.on("change", (call) => this.#changed(call));
    manager.on("end", (call) => this.#over(call));
    store.client.on("state", (/** @type {{status: string}} */ { status }) => {
      if (status === "closed" || status === "signed_out") void this.hangUp();
    });
  }

  /** Whether there is a call here, or is about to be. */
  get isBusy() {
    return !!this.call || !!this.asking;
  }

  /** The picture that the other person sends. */
  get hasPicture() {
    return !!this.call?.remote?.getVideoTracks().some((one) => !one.muted && one.readyState === "live");
  }

  get hasCamera() {
    return !this.isSharing && this.local.getVideoTracks().length > 0;
  }

  get hasMicrophone() {
    return this.local.getAudioTracks().length > 0;
  }

  get canShare() {
    return !!navigator.mediaDevices?.getDisplayMedia;
  }

  /** @param {() => void} listener @returns {() => void} ends it */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether this screen shows the call. @param {object} screen */
  isShownBy(screen) {
    if (!this.#screens.has(screen)) {
      this.#screens.add(screen);
      this.#sound();
    }
    return [...this.#screens][0] === screen;
  }

  /** The screen is gone. @param {object} screen */
  leave(screen) {
    this.#screens.delete(screen);
    this.#tell();
    if (!this.#screens.size) setTimeout(() => !this.#screens.size && this.call?.isHere && this.hangUp(), UNSEEN_MS);
  }

  // --- What the user does ------------------------------------------------------------------------------------------------

  /** @param {string} conversationId @param {Media} media */
  async start(conversationId, media) {
    this.isSmall = false;
    // A page without <parley-chat>: its first call brings what shows it, unless that is being drawn now.
    setTimeout(() => {
      const { store } = this;
      if (!this.#screens.size) document.body.append(Object.assign(document.createElement("parley-calls"), { store }));
    });
    if (this.isBusy) return this.#tell();
    const asking = { conversationId, media };
    if (!this.ended) this.before = focusedElement();
    this.ended = null;
    if (!(await this.#ask(asking))) return;
    if (!this.hasMicrophone) {
      this.ended = { conversationId, media, reason: this.trouble ?? "call_failed" };
      this.#release();
      return this.#tell();
    }
    // Why it was refused, if it was, is in the call's end.
    await this.manager.start(conversationId, { media, stream: this.local }).catch(() => {});
  }

  /** @param {Media} media */
  async answer(media) {
    const { call } = this;
    if (call?.state !== "incoming" || this.asking) return;
    this.isSmall = false;
    if (!(await this.#ask({ conversationId: call.conversationId, media }))) return;
    // Without a microphone they cannot hear the user, who hears them.
    const stream = this.local.getTracks().length ? this.local : null;
    await call.answer(stream).catch(() => {}); // as above
  }

  async hangUp() {
    this.asking = null;
    this.#isLeaving = true;
    const hungUp = this.call?.hangUp();
    this.#isLeaving = false;
    if (!this.call) this.#release();
    this.#tell();
    await hungUp;
  }

  /** Takes away what is said of a call that is over. */
  dismiss() {
    this.ended = null;
    this.trouble = null;
    this.#tell();
  }

  /** @param {boolean} isSmall */
  shrink(isSmall) {
    this.isSmall = isSmall;
    this.#tell();
  }

  async toggleMicrophone() {
    if (!this.hasMicrophone) {
      const track = await this.#take("audio");
      this.isMuted = false;
      if (track) await this.#send();
      return;
    }
    this.isMuted = !this.isMuted;
    for (const track of this.local.getAudioTracks()) track.enabled = !this.isMuted;
    this.#tell();
  }

  async toggleCamera() {
    if (this.hasCamera) this.#drop("video");
    else {
      if (!(await this.#take("video"))) return;
      this.isSharing = false;
    }
    await this.#send();
  }

  async toggleScreen() {
    if (this.isSharing) return this.#endSharing();
    const { call } = this;
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: true }).catch((error) => {
      // A user who closes the browser's window has changed their mind, and is told nothing.
      if (error?.name !== "NotAllowedError") this.#trouble("call_screen_failed");
      return null;
    });
    const track = stream?.getVideoTracks()[0];
    if (!track) return;
    if (call !== this.call) return track.stop();
    this.#hadCamera = this.hasCamera;
    this.#drop("video");
    this.local.addTrack(track);
    this.isSharing = true;
    track.addEventListener("ended", () => this.isSharing && this.#endSharing()); // the browser's own bar
    await this.#send();
  }

  /** The user has clicked: the page may sound now. */
  unsilence() {
    this.isSilent = false;
    this.#tell();
  }

  /** The page may not sound yet. */
  silence() {
    if (this.isSilent) return;
    this.isSilent = true;
    this.#tell();
  }

  // --- What comes --------------------------------------------------------------------------------------------------------

  /** @param {Call} call */
  #rings(call) {
    if (this.call) return;
    if (!this.asking && !this.ended) this.before = focusedElement();
    this.asking = null; // both called at once, and theirs was first
    this.ended = null;
    this.call = call;
    this.isSmall = false;
    this.#mayRing = false;
    this.#tell();
    void this.#learnQuiet();
  }

  /** Rings, unless the user has switched off the sounds of this browser, or it is quiet hours. */
  async #learnQuiet() {
    if (!ofDevice().sounds) return;
    const userId = this.store["userId"];
    let preferences = preferencesOf.get(userId);
    if (!preferences || Date.now() - preferences.at > PREFERENCES_MS) {
      const data = await this.store.client.rest("GET", "/me/notification-preferences").catch(() => null); // to miss a call is worse
      if (data) preferencesOf.set(userId, { data, at: Date.now() });
      preferences = preferencesOf.get(userId);
    }
    this.#mayRing = !preferences || !isQuiet(preferences.data, this.store["now"]());
    this.#tell();
  }

  /** @param {Call} call */
  #changed(call) {
    if (call.isHere && !this.call) this.call = call;
    if (call !== this.call) return;
    if (call.remote) this.#watch(call.remote, ["addtrack", "removetrack"]);
    for (const track of call.remote?.getTracks() ?? []) this.#watch(track, ["mute", "unmute", "ended"]);
    this.#tell();
  }

  /** @param {Call} call */
  #over(call) {
    if (call !== this.call) return;
    const { conversationId, media, reason, error, isOutgoing } = call;
    this.call = null;
    this.asking = null;
    // The others end a call that the user knows of, or that a message in the thread tells of.
    const isNews = reason === "failed" || (isOutgoing && reason !== "hung_up" && !this.#isLeaving);
    this.ended = isNews ? { conversationId, media, reason: `call_over_${reason}`, error } : null;
    this.#release();
    this.#tell();
  }

  // --- Within ------------------------------------------------------------------------------------------------------------

  /** Gets what the call needs of the device. Returns whether there still is a call to go on with. @param {{conversationId: string, media: Media}} asking */
  async #ask(asking) {
    this.asking = asking;
    this.trouble = null;
    this.#tell();
    const { call } = this;
    const found = await capture(asking.media);
    if (this.asking !== asking || this.call !== call) {
      for (const track of found.tracks) track.stop();
      return false;
    }
    this.asking = null;
    this.trouble = found.trouble;
    for (const track of found.tracks) this.#add(track);
    this.#tell();
    return true;
  }

  /** Adds the microphone or the camera in mid-call. @param {Media} kind */
  async #take(kind) {
    const { call } = this;
    const { tracks, trouble } = await captureOne(kind);
    const [track] = tracks;
    if (call !== this.call) track?.stop();
    else if (trouble) this.#trouble(trouble);
    if (!track || call !== this.call) return null;
    this.trouble = null;
    this.#drop(kind);
    this.#add(track);
    return track;
  }

  /** @param {MediaStreamTrack} track */
  #add(track) {
    this.local.addTrack(track);
    // The device was unplugged, or the user has taken the permission back.
    track.addEventListener("ended", () => {
      if (!this.local.getTracks().includes(track)) return;
      this.#drop(track.kind);
      this.trouble = track.kind === "audio" ? "call_microphone_missing" : "call_camera_missing";
      void this.#send();
    });
  }

  /** @param {string} kind */
  #drop(kind) {
    for (const track of this.local.getTracks()) {
      if (track.kind !== kind) continue;
      this.local.removeTrack(track);
      track.stop();
    }
  }

  async #endSharing() {
    this.isSharing = false;
    this.#drop("video");
    if (this.#hadCamera) await this.#take("video");
    await this.#send();
  }

  /** Sends what the stream has now. */
  async #send() {
    this.#tell();
    await this.call?.send(this.local);
  }

  /** @param {string} trouble */
  #trouble(trouble) {
    this.trouble = trouble;
    this.#tell();
  }

  #release() {
    for (const track of this.local.getTracks()) track.stop();
    this.local = new MediaStream();
    this.isMuted = false;
    this.isSharing = false;
    this.isSilent = false;
    if (!this.ended) this.trouble = null;
  }

  /** @param {EventTarget} target @param {string[]} types */
  #watch(target, types) {
    if (this.#watched.has(target)) return;
    this.#watched.add(target);
    for (const type of types) target.addEventListener(type, () => this.#tell());
  }

  /** Rings while it can be seen what rings. */
  #sound() {
    const state = this.asking ? null : this.call?.state;
    const isRinging = state === "incoming" && !this.isSmall && this.#mayRing && this.#screens.size > 0;
    this.#ring.set(
      isRinging ? "ring" : state === "ringing" ? "ringback" : null,
      isRinging ? `parley:ring:${this.store["userId"]}` : undefined,
    );
  }

  #tell() {
    this.#sound();
    for (const listener of this.#listeners) listener();
    if (this.isBusy === busy.has(this)) return;
    if (this.isBusy) busy.add(this);
    else busy.delete(this);
    updateAll(); // the buttons that call
  }
}

/** @typedef {{tracks: MediaStreamTrack[], trouble: string | null}} Captured */

/** The microphone, and the camera of a video call; without a camera the microphone alone. @param {Media} media @returns {Promise<Captured>} */
async function capture(media) {
  if (media === "audio") return captureOne("audio");
  if (!navigator.mediaDevices) return { tracks: [], trouble: "call_insecure" };
  try {
    // One question for both.
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    return { tracks: stream.getTracks(), trouble: null };
  } catch (error) {
    const found = await captureOne("audio");
    return found.tracks.length ? { ...found, trouble: troubleOf("video", error) } : found;
  }
}

/** @param {Media} kind @returns {Promise<Captured>} */
async function captureOne(kind) {
  if (!navigator.mediaDevices) return { tracks: [], trouble: "call_insecure" };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ [kind]: true });
    return { tracks: stream.getTracks(), trouble: null };
  } catch (error) {
    return { tracks: [], trouble: troubleOf(kind, error) };
  }
}

/** The sentence for what the browser has said. @param {Media} kind @param {unknown} error */
function troubleOf(kind, error) {
  const name = /** @type {any} */ (error)?.name;
  const why =
    name === "NotAllowedError" || name === "SecurityError" ? "denied" : name === "NotFoundError" ? "missing" : "busy";
  return `call_${kind === "video" ? "camera" : "microphone"}_${why}`;
}
