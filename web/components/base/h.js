/**
 * A tree of elements and text, and what brings a page to it. It makes elements and text nodes only, so nothing that
 * people write is ever read as HTML; addresses are links only if `safeUrl` lets them.
 *
 * @typedef {{tag: string, props: Props, children: Child[], key: Key, node: Element | null}} Tree
 * @typedef {Tree | string} Child
 * @typedef {string | number | null} Key
 * @typedef {Child | number | boolean | null | undefined | readonly any[]} Content what `h` takes: lists are flattened, and
 * null, undefined and booleans are nothing
 * @typedef {Record<string, any>} Props
 */

const SVG = "http://www.w3.org/2000/svg";
const SCHEMES = new Set(["http:", "https:", "mailto:", "blob:"]);
/** What is set as a property: an attribute would only say how it begins. */
const PROPERTIES = new Set([
  "value",
  "checked",
  "disabled",
  "hidden",
  "indeterminate",
  "selected",
  "muted",
  "currentTime",
]);
const LINKS = new Set(["href", "src", "action", "formaction", "poster"]);

/** @type {WeakMap<Node, Child[]>} what a root shows */
const shown = new WeakMap();
/** @type {WeakMap<Node, Node[]>} the nodes of an element's children, in their order */
const nodesOf = new WeakMap();
/** @type {WeakMap<Element, Record<string, ((event: Event) => void) | null>>} what hears the events of an element */
const listenersOf = new WeakMap();
/** @type {(() => void)[]} what to do when everything is in its place */
let later = [];

/**
 * Describes an element. `key` tells it from its siblings, `ref` is called with the element when it is in its place
 * and with null before it goes, `on…` hear an event, `style` is an object of CSS properties; `data-`, `aria-` and others are
 * attributes (true: present; false, null and undefined: absent; of `aria-` the words), objects are properties.
 *
 * @param {string} tag
 * @param {Props | null} [props]
 * @param {...Content} children
 * @returns {Tree}
 */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: flat(children, []), key: props?.key ?? null, node: null };
}

/**
 * Makes the content of `root` what the tree says, with as few changes as it can: of siblings, elements of the same key
 * (or, without one, of the same tag, in order) stay. A tree that is the very one of before is left alone.
 *
 * @param {Node} root
 * @param {Content} tree
 */
export function patch(root, tree) {
  const next = flat([tree], []);
  reconcile(root, shown.get(root) ?? [], next, false);
  shown.set(root, next);
  const calls = later;
  later = [];
  for (const call of calls) call();
}

/**
 * Returns an address that a link may have (http, https, mailto, and a blob of the page's own), else null.
 *
 * @param {unknown} address
 * @returns {string | null}
 */
export function safeUrl(address) {
  try {
    const url = new URL(String(address), document.baseURI);
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null; // no address at all
  }
}

/** @param {Content[]} content @param {Child[]} into */
function flat(content, into) {
  for (const one of content) {
    if (Array.isArray(one)) flat(one, into);
    else if (typeof one === "number") into.push(String(one));
    else if (one && typeof one !== "boolean") into.push(/** @type {Child} */ (one));
  }
  return into;
}

/** @param {Child} child */
const named = (child) =>
  typeof child === "string" ? "" : child.key === null ? child.tag : `${child.tag} ${child.key}`;

/** @param {Node} parent @param {Child[]} olds @param {Child[]} news @param {boolean} isSvg */
function reconcile(parent, olds, news, isSvg) {
  const nodes = nodesOf.get(parent) ?? [];
  /** @type {Map<string, number[]>} places of what is there, by name */
  const there = new Map();
  for (let index = olds.length - 1; index >= 0; index--) {
    const name = named(/** @type {Child} */ (olds[index]));
    const places = there.get(name);
    if (places) places.push(index);
    else there.set(name, [index]);
  }
  const matched = news.map((child) => there.get(named(child))?.pop() ?? -1);
  const kept = new Set(matched);
  olds.forEach((old, index) => {
    if (kept.has(index)) return;
    release(old);
    /** @type {ChildNode} */ (nodes[index]).remove();
  });
  let at = parent.firstChild;
  const placed = news.map((child, index) => {
    const before = /** @type {number} */ (matched[index]);
    const node =
      before < 0
        ? create(child, isSvg)
        : update(/** @type {Node} */ (nodes[before]), /** @type {Child} */ (olds[before]), child, isSvg);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
    return node;
  });
  nodesOf.set(parent, placed);
}

/** @param {Child} child @param {boolean} isSvg @returns {Node} */
function create(child, isSvg) {
  if (typeof child === "string") return document.createTextNode(child);
  const inSvg = isSvg || child.tag === "svg";
  const element = inSvg ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
  child.node = element;
  for (const name in child.props) set(element, name, undefined, child.props[name]);
  reconcile(element, [], child.children, inSvg);
  // A select knows its options only now, and an option that an empty value differs from its text.
  if (child.tag === "select" || (child.tag === "option" && "value" in child.props))
    set(element, "value", undefined, child.props["value"]);
  if (child.props["ref"]) later.push(() => child.props["ref"](element));
  return element;
}

/** @param {Node} node @param {Child} old @param {Child} child @param {boolean} isSvg */
function update(node, old, child, isSvg) {
  if (old === child) return node;
  if (typeof child === "string" || typeof old === "string") {
    if (node.nodeValue !== child) node.nodeValue = String(child);
    return node;
  }
  const element = /** @type {Element} */ (node);
  const inSvg = isSvg || child.tag === "svg";
  child.node = element;
  for (const name in old.props) if (!(name in child.props)) set(element, name, old.props[name], undefined);
  reconcile(element, old.children, child.children, inSvg);
  for (const name in child.props) set(element, name, old.props[name], child.props[name]);
  return node;
}

/** Tells the `ref`s of what goes. @param {Child} child */
function release(child) {
  if (typeof child === "string") return;
  child.props["ref"]?.(null, child.node);
  child.children.forEach(release);
}

/** @param {Element} element @param {string} name @param {any} old @param {any} value */
function set(element, name, old, value) {
  if (name === "key" || name === "ref") return;
  if (name.startsWith("on")) return listen(element, name.slice(2), value);
  if (PROPERTIES.has(name)) {
    // What a person typed may differ from what was drawn before: the element itself is asked.
    const property = /** @type {any} */ (element);
    if (property[name] !== (value ?? "")) property[name] = value ?? (name === "value" ? "" : false);
    return;
  }
  if (old === value) return;
  if (name === "style") return restyle(/** @type {HTMLElement} */ (element), old ?? {}, value ?? {});
  if ((typeof value === "object" && value) || typeof value === "function") {
    /** @type {any} */ (element)[name] = value;
    return;
  }
  let shown = value;
  if (LINKS.has(name) && value != null) shown = safeUrl(value);
  if (name === "srcdoc") shown = null;
  if (typeof shown === "boolean") shown = name.startsWith("aria-") ? String(shown) : shown ? "" : null;
  if (shown === null || shown === undefined) element.removeAttribute(name);
  else element.setAttribute(name, shown);
}

/** @param {HTMLElement} element @param {Record<string, any>} old @param {Record<string, any>} next */
function restyle(element, old, next) {
  for (const name in old) if (!(name in next)) element.style.removeProperty(name);
  for (const name in next) if (old[name] !== next[name]) element.style.setProperty(name, next[name]);
}

/** @param {Element} element @param {string} type @param {((event: Event) => void) | null | undefined} listener */
function listen(element, type, listener) {
  const listeners = listenersOf.get(element) ?? {};
  listenersOf.set(element, listeners);
  if (!(type in listeners)) element.addEventListener(type, (event) => listeners[type]?.call(element, event));
  listeners[type] = listener ?? null;
}
