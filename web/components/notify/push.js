/** This browser as a device that takes pushes: it is registered, renewed and taken away. */
import { ofDevice, setDevice } from "./device.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {{worker?: string | null, page?: string | null, words: string}} Asked `words`: of a push that cannot be read */

const DEVICE = "/me/devices/{device_id}";
// Beside the entry of the package: the sources have it two folders up, the bundle, whose chunks are in a folder, one.
const BESIDE = import.meta.url.includes("/chunks/") ? "../worker.js" : "../../worker.js";
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "CrOS", "Linux"];
const BROWSERS = ["Edg", "OPR", "SamsungBrowser", "Firefox", "FxiOS", "CriOS", "Chrome", "Safari"];
/** @type {Record<string, string>} */
const NAMES = {
  Edg: "Edge",
  OPR: "Opera",
  SamsungBrowser: "Samsung",
  FxiOS: "Firefox",
  CriOS: "Chrome",
  "Mac OS": "macOS",
  CrOS: "ChromeOS",
};
/** @type {{createScriptURL(url: string): any} | null} */
let policy = null;

/** Whether this browser can take pushes at all. */
export const canPush = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/** Begins the pushes to this browser. Call it after a click: the browser asks the person. @param {Store} store @param {Asked} asked */
export async function turnOn(store, { worker, page, words }) {
  if ((await Notification.requestPermission()) !== "granted") return false;
  const parameter = document.querySelector("parley-chat")?.getAttribute("address") || "conversation";
  const shown = new URL(page ?? location.href, document.baseURI);
  if (!page) shown.searchParams.delete(parameter);
  shown.hash = "";
  const address = new URL(worker ?? BESIDE, worker ? document.baseURI : import.meta.url);
  address.searchParams.set("page", shown.href);
  address.searchParams.set("parameter", parameter);
  address.searchParams.set("words", words);
  const before = ofDevice().push;
  const id = before && before.user === store["userId"] ? before.id : newId();
  const push = { id, user: store["userId"], worker: address.href, endpoint: "" };
  try {
    await put(store, push, () => true);
  } catch (error) {
    if (!before) await end(await registered(push.worker)).catch(() => {}); // nothing stays of a try that failed
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    // The browser has no sentence for people: no push service is reached, or the worker is not where it should be.
    throw Object.assign(new Error(error.message), { code: "push_failed" });
  }
  return true;
}

/**
 * Registers this browser again, as it may have another subscription than before. A device that the person has removed elsewhere stays away.
 *
 * @param {Store} store
 */
export async function renew(store) {
  const { push } = ofDevice();
  if (!push || push.user !== store["userId"]) return;
  const registration = await registered();
  const endpoint = (await registration?.pushManager?.getSubscription())?.endpoint;
  const { devices } = await store.client.rest("GET", "/me/devices");
  const isKnown = devices.some((/** @type {any} */ { device_id }) => device_id === push.id);
  if (Notification.permission !== "granted" || (!isKnown && endpoint === push.endpoint)) await turnOff(store);
  // The switch was turned off, or the person has signed out meanwhile: the renewal takes nothing of that back.
  else await put(store, push, () => ofDevice().push?.id === push.id);
}

/** Ends the pushes to this browser. @param {Store} store */
export async function turnOff(store) {
  const { push } = ofDevice();
  if (!push || push.user !== store["userId"]) return;
  setDevice({ push: null });
  // The subscription ends first: without it nothing comes, whatever the server is still told.
  await end(await registered(push.worker));
  await store.client.rest("DELETE", DEVICE, { path: { device_id: push.id } });
}

/** The worker of this browser's pushes, if it has one. @param {string} [worker] its address @returns {Promise<ServiceWorkerRegistration | null>} */
export async function registered(worker = ofDevice().push?.worker) {
  if (!worker || !("serviceWorker" in navigator)) return null;
  return (await navigator.serviceWorker.getRegistration(worker)) ?? null;
}

/** @param {ServiceWorkerRegistration | null} registration */
async function end(registration) {
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  await registration?.unregister();
}

/**
 * @param {Store} store
 * @param {NonNullable<import("./device.js").OfDevice["push"]>} push
 * @param {() => boolean} isWanted whether it still is, after all that takes time
 */
async function put(store, push, isWanted) {
  const address = new URL(push.worker);
  if (ofDevice().sounds) address.searchParams.delete("silent");
  else address.searchParams.set("silent", "1");
  const registration = await navigator.serviceWorker.register(trusted(address.href));
  await active(registration);
  const subscription = await subscribed(registration, store.me?.notifications.web_push_public_key ?? "");
  const { endpoint = "", keys } = subscription.toJSON();
  const body = { kind: "web_push", endpoint, keys };
  const path = { device_id: push.id };
  await store.client.rest("PUT", DEVICE, { path, body });
  if (isWanted()) return setDevice({ push: { ...push, endpoint } });
  await end(await registered(push.worker));
  await store.client.rest("DELETE", DEVICE, { path });
}

/** @param {ServiceWorkerRegistration} registration @param {string} applicationServerKey */
async function subscribed({ pushManager }, applicationServerKey) {
  const options = { userVisibleOnly: true, applicationServerKey };
  try {
    return await pushManager.subscribe(options);
  } catch (error) {
    // A subscription is bound to the key of its deployment, and this one has another key.
    const before = await pushManager.getSubscription();
    if (!before) throw error;
    await before.unsubscribe();
    return pushManager.subscribe(options);
  }
}

/** Waits until a worker runs: before that, browsers give no subscription. @param {ServiceWorkerRegistration} registration */
function active(registration) {
  return new Promise((/** @type {(value?: unknown) => void} */ done) => {
    const worker = registration.installing ?? registration.waiting;
    if (registration.active || !worker) return done();
    worker.addEventListener("statechange", () => /activated|redundant/.test(worker.state) && done());
  });
}

/** @param {string} url */
function trusted(url) {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  policy ??= types?.createPolicy("parley", { createScriptURL: (/** @type {string} */ one) => one }) ?? null;
  return policy?.createScriptURL(url) ?? url;
}

/** An id that says in words which browser it is: the server keeps no name beside it. */
function newId() {
  const agent = navigator.userAgent;
  const found = [BROWSERS, SYSTEMS].map((list) => list.find((one) => agent.includes(one)) ?? "");
  const [browser, system] = found.map((one) => (NAMES[one] ?? one).replaceAll(" ", "_"));
  return `web:${browser || "Browser"}:${system}:${crypto.randomUUID().slice(0, 13)}`;
}
