/** What lies over the page: modal dialogs, popovers and menus. Escape closes each, and the focus goes back to where it was. */
import { h } from "./h.js";
import { icon } from "./icons.js";

/** @typedef {import("./h.js").Content} Content */
/** @typedef {import("./icons.js").IconName} IconName */

const WORD_MS = 700; // a longer pause begins a new word

let count = 0;
let word = ""; // what was typed in a menu, at `typedAt`
let typedAt = 0;
/** @type {WeakMap<Element, Element | null>} what had the focus before a popover came */
const focused = new WeakMap();

/**
 * A modal dialog: the browser keeps the focus within it. It is open as long as it is in the tree.
 *
 * @param {{title: string, close: string, onclose: () => void, footer?: Content, class?: string, key?: string}} options `close` is the label of its button
 * @param {...Content} body
 */
export function modal({ title, close, onclose, footer, key, class: more }, ...body) {
  const label = `title-${key ?? "dialog"}`;
  return h(
    "dialog",
    {
      key: key ?? "dialog",
      class: `dialog ${more ?? ""}`,
      part: "dialog",
      "aria-labelledby": label,
      ref: showModal,
      oncancel: (/** @type {Event} */ event) => {
        if (event.target !== event.currentTarget) return; // a file picker's
        event.preventDefault();
        onclose();
      },
      onclick: (/** @type {Event} */ event) => event.target === event.currentTarget && onclose(),
    },
    h(
      "header",
      null,
      h("h2", { id: label, class: "cut" }, title),
      h("button", { type: "button", class: "icon", "aria-label": close, onclick: onclose }, icon("close")),
    ),
    h("div", { class: "body" }, body),
    footer && h("footer", null, footer),
  );
}

/** @param {HTMLDialogElement | null} dialog @param {HTMLDialogElement} [going] */
function showModal(dialog, going) {
  if (dialog) {
    dialog.showModal();
    /** @type {HTMLElement | null} */ (dialog.querySelector("[autofocus]"))?.focus();
  } else going?.close();
}

/**
 * Something beside what opened it, over all else; a click elsewhere closes it. It is open as long as it is in the tree.
 *
 * @param {{anchor: Element | {x: number, y: number, held?: boolean}, onclose: () => void, props?: import("./h.js").Props, prefers?: "above" | "below"}} options
 * @param {...Content} body
 */
export function popover({ anchor, onclose, props, prefers }, ...body) {
  return h(
    "div",
    {
      key: "popover",
      // The browser closes others with the next end of a touch, which may be that of the touch that opened it.
      popover: "held" in anchor ? "manual" : "auto",
      part: "popover",
      ...props,
      class: `popover ${props?.["class"] ?? ""}`,
      ref: (/** @type {HTMLElement | null} */ element, /** @type {HTMLElement} */ going) => {
        if (!element) {
          const hadFocus = going.matches(":focus-within");
          if (going.matches(":popover-open")) going.hidePopover();
          if (hadFocus) /** @type {HTMLElement | null} */ (focused.get(going))?.focus();
          return;
        }
        if ("held" in anchor) closeElsewhere(element, onclose);
        focused.set(element, focusedElement());
        element.showPopover();
        place(element, anchor, prefers ?? "below");
        /** @type {HTMLElement | null} */ (
          element.querySelector("[autofocus], [role^=menuitem]:not(:disabled)")
        )?.focus();
      },
      ontoggle: (/** @type {ToggleEvent} */ event) => {
        if (event.newState === "closed" && /** @type {HTMLElement} */ (event.target).isConnected) onclose();
      },
    },
    body,
  );
}

/** @param {HTMLElement} element @param {() => void} onclose */
function closeElsewhere(element, onclose) {
  const close = (/** @type {Event & {key?: string}} */ event) => {
    const isThere = element.isConnected;
    if (isThere && event.key !== "Escape" && (event.key || event.composedPath().includes(element))) return;
    for (const type of ["pointerdown", "keydown"]) removeEventListener(type, close);
    if (isThere) onclose();
  };
  for (const type of ["pointerdown", "keydown"]) addEventListener(type, close);
}

/** Returns the element that has the focus, through shadow roots. */
export function focusedElement() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
}

/** Puts a popover where it is whole on the screen. @param {HTMLElement} element @param {Element | {x: number, y: number, held?: boolean}} anchor @param {"above" | "below"} prefers */
function place(element, anchor, prefers) {
  const at = anchor instanceof Element ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y, 0, 0);
  const { offsetWidth: width, offsetHeight: height } = element;
  const isRtl = getComputedStyle(element).direction === "rtl";
  const fitsBelow = at.bottom + 6 + height <= innerHeight - 8;
  const fitsAbove = at.top - 6 - height >= 8;
  const isBelow = prefers === "below" ? fitsBelow || !fitsAbove : !fitsAbove && fitsBelow;
  const x = isRtl ? at.right - width : at.left;
  const y = isBelow ? at.bottom + 6 : at.top - 6 - height;
  element.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
  element.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
}

/**
 * @typedef {{label: string, icon?: IconName, act: () => void, isDanger?: boolean, isDisabled?: boolean, isChecked?: boolean, key?: string} | null | false | undefined} Item
 */

/**
 * A menu beside its button. Arrows, Home, End and typed words move in it; items that are nothing are left out.
 *
 * @param {{anchor: Element | {x: number, y: number, held?: boolean}, label: string, onclose: () => void, items: Item[], head?: Content}} options `head` is above the items
 */
export function menu({ anchor, label, onclose, items, head }) {
  const shown = items.filter((item) => !!item);
  return popover(
    { anchor, onclose, props: { class: "menu" } },
    head,
    h(
      "div",
      { role: "menu", "aria-label": label, onkeydown: moveInMenu },
      shown.map((item) =>
        h(
          "button",
          {
            type: "button",
            key: item.key ?? item.label,
            class: item.isDanger ? "danger" : null,
            role: item.isChecked === undefined ? "menuitem" : "menuitemcheckbox",
            "aria-checked": item.isChecked,
            tabindex: "-1",
            disabled: item.isDisabled,
            onclick: () => {
              onclose();
              item.act();
            },
          },
          item.icon && icon(item.icon),
          h("span", null, item.label),
        ),
      ),
    ),
  );
}

/** @param {KeyboardEvent} event */
export function moveInMenu(event) {
  const all = [.../** @type {Element} */ (event.currentTarget).querySelectorAll("[role^=menuitem]:not(:disabled)")];
  const now = all.findIndex((item) => item.matches(":focus"));
  const { key } = event;
  let next = -1;
  if (key === "ArrowDown") next = (now + 1) % all.length;
  else if (key === "ArrowUp") next = (now - 1 + all.length) % all.length;
  else if (key === "Home") next = 0;
  else if (key === "End") next = all.length - 1;
  else if (key === "Tab") return event.preventDefault();
  else if (key.length === 1) {
    if (event.timeStamp - typedAt > WORD_MS) word = "";
    if (key === " " && !word) return; // it presses the item
    word += key.toLocaleLowerCase();
    typedAt = event.timeStamp;
    if (word.length > 1) next = startsWith(all, word, Math.max(now, 0));
    if (next < 0 && !word.replaceAll(word.charAt(0), "")) next = startsWith(all, word.charAt(0), now + 1);
    if (key === " ") event.preventDefault();
  }
  if (next < 0) return;
  event.preventDefault();
  /** @type {HTMLElement} */ (all[next]).focus();
}

/** Returns the place of the first item, from one on and round, that starts with a text; -1 without one. @param {Element[]} all @param {string} text @param {number} from */
function startsWith(all, text, from) {
  const found = [...all.slice(from), ...all.slice(0, from)].find((item) =>
    item.textContent?.trim().toLocaleLowerCase().startsWith(text),
  );
  return found ? all.indexOf(found) : -1;
}

/** Returns an id that nothing else in the document has. @param {string} prefix */
export function unique(prefix) {
  count += 1;
  return `${prefix}-${count}`;
}
