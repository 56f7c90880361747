/** One person's screen: what an application's page does to take the web client in, and no more. */
import { listen } from "./frames.js";

/** @typedef {import("./demo.js").Demo} Demo */

const wanted = new URLSearchParams(location.search);
const userId = wanted.get("user") ?? "";
const screen = /** @type {HTMLElement} */ (document.querySelector("#screen"));

// A window of its own has nobody to tell.
listen((heard) => window.parent !== window && window.parent.postMessage({ heard }, location.origin));
if (wanted.get("lang")) document.documentElement.lang = wanted.get("lang") ?? "";
if (wanted.get("lang") === "ar") document.documentElement.dir = "rtl";
if (wanted.get("theme")) document.documentElement.dataset.theme = wanted.get("theme") ?? "";

async function show() {
  const loading = import("../parley.js"); // while the server answers
  /** @type {[Demo, string]} */
  const [demo, token] = await Promise.all([fetch("/local/demo").then((answer) => answer.json()), signedIn()]);
  document.title = `${demo.personas.find((each) => each.user_id === userId)?.name} · Parley`;
  /** @type {string | null} */
  let first = token;
  const { configure } = await loading;
  configure({
    url: location.origin + demo.path,
    socketUrl: `ws://${location.hostname}:${demo.socket_port}${demo.socket_path}`,
    token: () => {
      const given = first ?? signedIn();
      first = null;
      return given;
    },
  });
  const name = wanted.get("screen") ?? "chat";
  const make = (Object.hasOwn(SCREENS, name) && SCREENS[name]) || (() => [element("parley-chat")]);
  const made = make();
  const missing = made.find((each) => each.localName.includes("-") && !customElements.get(each.localName));
  if (missing) throw new Error(`web/ has no <${missing.localName}> yet.`);
  screen.replaceChildren(...made);
}

/** Returns a token of this pane's person; throws with what the server says. */
async function signedIn() {
  const answer = await fetch("/local/demo/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user_id: userId }),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return /** @type {string} */ (said.token);
}

/** @type {Record<string, () => HTMLElement[]>} */
const SCREENS = {
  chat: () => [element("parley-chat", { mode: "integrated", address: "" })],
  support: () => [element("parley-support")],
  desk: () => [element("parley-desk")],
  admin: () => [element("parley-admin")],
  page: () => [
    element("div", { class: "site" }, [
      element("header", {}, [
        element("strong", {}, ["A page of yours"]),
        element("parley-unread", { href: "?" }),
        element("parley-notifications"),
      ]),
      element("article", {}, [
        element("h2", {}, ["Fair Isle shawl No. 12"]),
        element("p", {}, ["A pattern by Cleo Marchetti, in three colours. 24 pages, for experienced knitters."]),
        element("parley-message-button", {
          user: userId === "demo-cleo" ? "demo-basil" : "demo-cleo",
          context: "pattern:shawl-12",
          title: "Fair Isle shawl No. 12",
        }),
      ]),
    ]),
    element("parley-toasts"),
    element("parley-chat", { mode: "floating" }),
  ],
};

/**
 * Returns a new element.
 *
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(string | HTMLElement)[]} children
 */
function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** @param {string} text */
function say(text) {
  screen.replaceChildren(element("p", { class: "message", role: "alert" }, [text]));
}

try {
  await show();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
}
screen.removeAttribute("aria-busy");
