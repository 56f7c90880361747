/** What is set for this browser alone: its sounds, its notifications, and the device by which pushes reach it. */

/**
 * `push` is the device that takes pushes: its id, whose it is, the address of its worker, and where the browser's push service reaches it.
 *
 * @typedef {{sounds: boolean, desktop: boolean, push: {id: string, user: string, worker: string, endpoint: string} | null}} OfDevice
 */

const KEY = "parley:device";
/** @type {OfDevice} */
const DEFAULTS = { sounds: true, desktop: false, push: null };
/** What the browser does not let the page keep, until it is left. @type {Partial<OfDevice> | null} */
let unkept = null;

/** @returns {OfDevice} */
export function ofDevice() {
  if (unkept) return { ...DEFAULTS, ...unkept };
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return DEFAULTS; // storage is forbidden, or another script has written there
  }
}

/** @param {Partial<OfDevice>} change */
export function setDevice(change) {
  const next = { ...ofDevice(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    unkept = next;
  }
}
