/** The page at the root of `make run`: two people side by side, each in a frame of their own, and what they send and get. */

/**
 * @typedef {{user_id: string, name: string, role: string, title: string, system: string, screen: string}} Persona
 * @typedef {{path: string, socket_port: number, socket_path: string, personas: Persona[]}} Demo
 * @typedef {{user: string, screen: string}} Chosen
 */

const MOST_ROWS = 300;
const SCREENS = { chat: "Chat", page: "In a page", support: "Support", desk: "Desk", admin: "Admin" };
const SIDES = /** @type {const} */ (["left", "right"]);

/**
 * @template {Element} T
 * @param {string} selector
 * @returns {T}
 */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

const notice = /** @type {HTMLElement} */ (find("#notice"));
const settings = /** @type {HTMLFormElement} */ (find("#settings"));
const panes = /** @type {HTMLElement} */ (find("#panes"));
const choice = /** @type {HTMLElement} */ (find("#switch"));
const rows = /** @type {HTMLOListElement} */ (find("#rows"));
const count = /** @type {HTMLOutputElement} */ (find("#count"));
const pings = /** @type {HTMLInputElement} */ (find("#pings"));
const pause = /** @type {HTMLButtonElement} */ (find("#pause"));
const clear = /** @type {HTMLButtonElement} */ (find("#clear"));

const address = new URLSearchParams(location.search);

/**
 * Returns what this stack's own routes answer; throws with what they say.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 */
async function answered(path, options) {
  const answer = await fetch(path, options).catch(() => {
    throw new Error("The stack does not answer. Is `make run` still running?");
  });
  const text = await answer.text();
  const said = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

/** @param {Persona[]} personas */
function begin(personas) {
  const theme = /** @type {HTMLSelectElement} */ (settings.elements.namedItem("theme"));
  const lang = /** @type {HTMLSelectElement} */ (settings.elements.namedItem("lang"));
  theme.value = address.get("theme") ?? "";
  lang.value = address.get("lang") ?? "";
  const all = SIDES.map((side, index) => pane(side, personas, personas[index]?.user_id ?? ""));
  settings.addEventListener("change", () => {
    remember("theme", theme.value);
    remember("lang", lang.value);
    wear();
    for (const each of all) each.load();
  });
  wear();
  for (const each of all) each.load();
  show(address.get("shown") === "right" ? "right" : "left");
  for (const button of choice.querySelectorAll("button"))
    button.addEventListener("click", () => show(button.dataset.side ?? "left"));
  window.addEventListener("message", (event) => {
    const from = all.find((each) => each.frame.contentWindow === event.source);
    if (event.origin === location.origin && from && event.data?.heard) log(from.name(), event.data.heard);
  });
}

/** Puts the chosen theme on. */
function wear() {
  const theme = address.get("theme");
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/**
 * Keeps a choice in the page's address, so that it can be reloaded and sent to others.
 *
 * @param {string} name
 * @param {string} value
 */
function remember(name, value) {
  if (value) address.set(name, value);
  else address.delete(name);
  history.replaceState(null, "", address.size ? `?${address}` : location.pathname);
}

/**
 * Makes one person's pane, with its button in the switch that phones have.
 *
 * @param {typeof SIDES[number]} side
 * @param {Persona[]} personas
 * @param {string} first
 */
function pane(side, personas, first) {
  const frame = make("iframe", { allow: "microphone; camera; display-capture; autoplay" });
  const select = make("select", { "aria-label": `The person on the ${side}` });
  const initials = make("span", { class: "initials", "aria-hidden": "true" });
  const screens = make("div", { class: "screens", role: "group", "aria-label": "What is shown" });
  const own = make(
    "a",
    { class: "own-window", target: "_blank", rel: "noopener", title: "Open in a window of its own" },
    [make("span", { "aria-hidden": "true" }, ["↗"])],
  );
  own.setAttribute("aria-label", "Open in a window of its own");
  const button = make("button", { type: "button", "data-side": side });
  choice.append(button);
  for (const system of new Set(personas.map((each) => each.system))) {
    const members = personas.filter((each) => each.system === system);
    select.append(
      make(
        "optgroup",
        { label: system },
        members.map((each) => make("option", { value: each.user_id }, [`${each.name} · ${each.title}`])),
      ),
    );
  }
  select.value = address.get(side) ?? first;
  if (!select.value) select.value = first;
  panes.append(
    make("section", { class: "pane", "data-side": side, "aria-label": `The screen on the ${side}` }, [
      make("header", {}, [make("div", { class: "who" }, [initials, select]), screens, own]),
      frame,
    ]),
  );

  const person = () => /** @type {Persona} */ (personas.find((each) => each.user_id === select.value));
  const shown = () => {
    const wanted = address.get(`${side}-screen`) ?? "";
    return screensOf(person()).includes(wanted) ? wanted : "chat";
  };
  const load = () => {
    const { name, user_id } = person();
    const query = new URLSearchParams({ user: user_id, screen: shown() });
    for (const key of ["theme", "lang"]) if (address.get(key)) query.set(key, address.get(key) ?? "");
    frame.title = `${name}’s screen`;
    initials.textContent = initialsOf(name);
    button.textContent = name;
    own.href = `/web/demo/pane.html?${query}`;
    screens.replaceChildren(...screensOf(person()).map((each) => screenButton(each)));
    frame.src = own.href;
  };
  /** @param {string} name */
  const screenButton = (name) => {
    const pressed = String(name === shown());
    const made = make("button", { type: "button", "aria-pressed": pressed }, [
      SCREENS[/** @type {keyof typeof SCREENS} */ (name)],
    ]);
    made.addEventListener("click", () => {
      remember(`${side}-screen`, name);
      load();
    });
    return made;
  };
  select.addEventListener("change", () => {
    remember(side, select.value);
    load();
  });
  return { frame, load, name: () => person().name };
}

/**
 * Returns the screens that a person's role has a use for.
 *
 * @param {Persona} person
 */
function screensOf(person) {
  return ["chat", "page", ["desk", "admin"].includes(person.screen) ? person.screen : "support"];
}

/** @param {string} name */
function initialsOf(name) {
  const words = name.split(" ");
  const last = words.length > 1 ? words.at(-1) : "";
  // Letters that a script would join stay apart.
  return [words[0], last].map((word) => [...(word ?? "")][0] ?? "").join("\u200c");
}

/**
 * Shows one of the two panes, where there is room for one only.
 *
 * @param {string} side
 */
function show(side) {
  remember("shown", side === "left" ? "" : side);
  for (const each of panes.children)
    each.classList.toggle("shown", /** @type {HTMLElement} */ (each).dataset.side === side);
  for (const each of choice.children)
    each.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (each).dataset.side === side));
}

// --- frames ------------------------------------------------------------------------------------------------------------

let total = 0;

/**
 * @param {string} who
 * @param {import("./frames.js").Heard} heard
 */
function log(who, heard) {
  if (pause.getAttribute("aria-pressed") === "true") return;
  if (!pings.checked && isPing(heard)) return;
  total += 1;
  count.textContent = String(total);
  const arrow = { out: "↑", in: "↓", rest: "⇅" }[heard.kind];
  const time = new Date(heard.at).toISOString().slice(11, 23);
  const row = make("details", { class: heard.kind }, [
    make("summary", {}, [
      make("span", { class: "time" }, [time]),
      make("span", { class: "who-sent" }, [who]),
      make("span", { class: "arrow" }, [arrow]),
      make("span", { class: "what" }, [heard.what]),
      make("span", { class: "body" }, [heard.text.slice(0, 300)]),
    ]),
  ]);
  row.addEventListener("toggle", () => {
    if (row.open && row.children.length === 1) row.append(make("pre", {}, [pretty(heard.text)]));
  });
  rows.prepend(make("li", {}, [row]));
  while (rows.children.length > MOST_ROWS) rows.lastElementChild?.remove();
}

/** @param {import("./frames.js").Heard} heard */
const isPing = (heard) => heard.what === "ping" || heard.what === "ack ping";

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

pause.addEventListener("click", () => {
  const isPaused = pause.getAttribute("aria-pressed") === "true";
  pause.setAttribute("aria-pressed", String(!isPaused));
  pause.textContent = isPaused ? "Pause" : "Go on";
});

clear.addEventListener("click", () => {
  rows.replaceChildren();
  total = 0;
  count.textContent = "0";
});

/**
 * Returns a new element.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} attributes
 * @param {(string | Node)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function make(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

try {
  /** @type {Demo} */
  const demo = await answered("/local/demo");
  await answered("/local/demo/seed", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  notice.hidden = true;
  begin(demo.personas);
} catch (error) {
  notice.classList.add("failed");
  notice.textContent = error instanceof Error ? error.message : String(error);
}
