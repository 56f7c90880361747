/**
 * The subset of Markdown of docs/reference/markdown.md, as a tree of plain objects. Nothing here makes HTML: a text can only become the tags
 * below, whatever it holds. The time is linear in the length of the text.
 */

/** @typedef {{tag: string, props: Record<string, any>, children: (Node | string)[], key: null, node: null}} Node a tree of base/h.js, which makes the elements */
/** @typedef {{kind: "node", node: Node} | {kind: "text", text: string} | {kind: "mark", char: string, count: number, opens: boolean, closes: boolean} | {kind: "open"} | {kind: "close", href: URL | null, raw: string}} Token */
/** @typedef {{char: string, count: number, original: number, closes: boolean, nodes: (Node | string)[]}} Frame an open mark and what came after it */

const MOST_OPEN = 100; // marks in a paragraph; later ones are shown as written
const DEEPEST_QUOTE = 3;
/** Characters of an address that is written without marks; so many addresses in a row cost no more than as many of these. */
const MOST_OF_ADDRESS = 2100;
const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const WORD = /[\p{L}\p{N}]/u;
const TRAILING = /[.,:;!?'"*~]/;
const ITEM = /^(?:[-*]|(\d{1,9})\.) +(?=\S)/;

/**
 * @param {string} tag
 * @param {Record<string, any>} props
 * @param {(Node | string)[]} children
 * @returns {Node}
 */
function node(tag, props, children) {
  return { tag, props, children, key: null, node: null };
}

/**
 * Returns the blocks of a text: `p`, `pre`, `blockquote`, `ul`, `ol`, with inline `strong`, `em`, `del`, `code`, `a`, `br` and, for the names of
 * people who are mentioned, `span` of the class `mention`.
 *
 * @param {string} text as it was written
 * @param {{names?: string[]}} [options] names of the people in the message's `mentions`
 * @returns {Node[]}
 */
export function parse(text, { names = [] } = {}) {
  const blocks = blocksOf(text.split(/\r\n?|\n/), 0);
  if (names.length) for (const block of blocks) mention(block, mentionPattern(names));
  return blocks;
}

/**
 * Returns what a text says without its markup, in one line, for lists and notifications.
 *
 * @param {string} text
 */
export function plain(text) {
  const blocks = blocksOf(text.split(/\r\n?|\n/), 0);
  // A quotation stands before an answer, which is what counts in one line.
  const own = blocks.filter(({ tag }) => tag !== "blockquote");
  return (own.length ? own : blocks).map(words).join(" ").replace(/\s+/g, " ").trim();
}

/** @param {Node | string} part @returns {string} */
function words(part) {
  if (typeof part === "string") return part;
  if (part.tag === "br") return " ";
  if (part.props.class === "host") return "";
  return part.children.map(words).join(part.tag === "ul" || part.tag === "ol" || part.tag === "blockquote" ? " " : "");
}

/** @param {string[]} lines @param {number} depth of quotes @returns {Node[]} */
function blocksOf(lines, depth) {
  /** @type {Node[]} */
  const blocks = [];
  for (let n = 0; n < lines.length; ) {
    const line = /** @type {string} */ (lines[n]);
    const fence = /^```([^`]*)$/.exec(line);
    const start = n;
    if (fence) {
      n++;
      while (n < lines.length && !/^```\s*$/.test(/** @type {string} */ (lines[n]))) n++;
      const language = fence[1]?.trim().split(/\s/)[0];
      const code = node("code", language ? { "data-language": language } : {}, [lines.slice(start + 1, n).join("\n")]);
      blocks.push(node("pre", {}, [code]));
      n++;
    } else if (!line.trim()) {
      n++;
    } else if (depth < DEEPEST_QUOTE && isQuote(line)) {
      while (n < lines.length && isQuote(/** @type {string} */ (lines[n]))) n++;
      const inner = lines.slice(start, n).map((quoted) => quoted.slice(2));
      blocks.push(node("blockquote", {}, blocksOf(inner, depth + 1)));
    } else if (ITEM.test(line)) {
      const number = ITEM.exec(line)?.[1];
      /** @type {Node[]} */
      const items = [];
      for (; n < lines.length; n++) {
        const found = ITEM.exec(/** @type {string} */ (lines[n]));
        if (!found || (found[1] === undefined) !== (number === undefined)) break;
        items.push(node("li", {}, inline(found.input.slice(found[0].length))));
      }
      const first = Number(number);
      blocks.push(
        node(number === undefined ? "ul" : "ol", number === undefined || first === 1 ? {} : { start: first }, items),
      );
    } else {
      // The first line is taken whatever it is: a quote that is too deep is shown as written.
      n++;
      while (n < lines.length && isParagraph(/** @type {string} */ (lines[n]), depth)) n++;
      blocks.push(node("p", {}, inline(lines.slice(start, n).join("\n"))));
    }
  }
  return blocks;
}

/** @param {string} line */
function isQuote(line) {
  return line === ">" || line.startsWith("> ");
}

/** @param {string} line @param {number} depth */
function isParagraph(line, depth) {
  return (
    line.trim() !== "" && !/^```[^`]*$/.test(line) && !(depth < DEEPEST_QUOTE && isQuote(line)) && !ITEM.test(line)
  );
}

/** @param {string} text one paragraph @returns {(Node | string)[]} */
function inline(text) {
  return /[\\`*_~[<\n]|:\/\//.test(text) ? build(linked(tokens(text))) : [text];
}

/**
 * Parts a paragraph into tokens. A `close` has an address only if it ends a link for whose text a `[` is open.
 *
 * @param {string} text
 * @returns {Token[]}
 */
function tokens(text) {
  /** @type {Token[]} */
  const found = [];
  const ticks = backticks(text);
  const pairs = parentheses(text);
  let open = 0; // brackets that a link may still close
  let plainFrom = 0;
  let at = 0;
  /** Takes what was read since the last token as text. @param {Token} token @param {number} next */
  const take = (token, next) => {
    if (plainFrom < at) found.push({ kind: "text", text: text.slice(plainFrom, at) });
    found.push(token);
    plainFrom = at = next;
  };
  while (at < text.length) {
    const char = /** @type {string} */ (text[at]);
    if (char === "\\" && PUNCTUATION.test(text[at + 1] ?? "")) {
      take({ kind: "text", text: /** @type {string} */ (text[at + 1]) }, at + 2);
    } else if (char === "\n") {
      take({ kind: "node", node: node("br", {}, []) }, at + 1);
    } else if (char === "`") {
      const length = run(text, at);
      const end = ticks(at, length);
      if (end < 0) at += length;
      else take({ kind: "node", node: node("code", {}, [codeWithin(text.slice(at + length, end))]) }, end + length);
    } else if (char === "[") {
      if (text[at - 1] === "!" && text[at - 2] !== "\\") {
        at++; // a picture is shown as written; its address may still be a link
      } else {
        open++;
        take({ kind: "open" }, at + 1);
      }
    } else if (char === "]") {
      const last = text[at + 1] === "(" ? pairs.get(at + 1) : undefined;
      const href = open && last ? address(text.slice(at + 2, last)) : null;
      if (href) {
        open = 0; // there is no link within a link
        take(
          { kind: "close", href, raw: text.slice(at, /** @type {number} */ (last) + 1) },
          /** @type {number} */ (last) + 1,
        );
      } else {
        if (open) open--;
        take({ kind: "close", href: null, raw: "]" }, at + 1);
      }
    } else if (char === "<") {
      const enclosed = /^<([^\s<>]+)>/.exec(text.slice(at, at + MOST_OF_ADDRESS));
      const url = enclosed ? address(/** @type {string} */ (enclosed[1])) : null;
      if (enclosed && url)
        take({ kind: "node", node: link(url, [/** @type {string} */ (enclosed[1])]) }, at + enclosed[0].length);
      else at++;
    } else if (char === ":" && text.startsWith("://", at)) {
      const scheme = /https?$/i.exec(text.slice(Math.max(plainFrom, at - 5), at));
      const from = at - (scheme?.[0].length ?? 0);
      const before = from > plainFrom ? text.slice(Math.max(plainFrom, from - 2), from) : "";
      const bare = scheme && !WORD.test([...before].at(-1) ?? "") ? bareEnd(text, from, open > 0) : 0;
      const url = bare ? address(text.slice(from, bare)) : null;
      if (url) {
        at = from;
        take({ kind: "node", node: link(url, [text.slice(from, bare)]) }, bare);
      } else at += 3;
    } else if (char === "*" || char === "_" || char === "~") {
      const length = run(text, at);
      if (char === "*" ? length > 3 : length !== (char === "_" ? 1 : 2)) at += length;
      else take(mark(text, at, char, length), at + length);
    } else at++;
  }
  if (plainFrom < at) found.push({ kind: "text", text: text.slice(plainFrom) });
  return found;
}

/** @param {string} text @param {number} at @returns {number} how often the character stands there in a row */
function run(text, at) {
  let end = at + 1;
  while (text[end] === text[at]) end++;
  return end - at;
}

/**
 * Says whether marks open or close: they touch what they mark, and `_` is not within a word.
 *
 * @param {string} text
 * @param {number} at
 * @param {string} char
 * @param {number} count
 * @returns {Token}
 */
function mark(text, at, char, count) {
  const before = text.slice(Math.max(0, at - 2), at);
  const after = text.slice(at + count, at + count + 2);
  const opens = /^\S/.test(after) && !(char === "_" && WORD.test([...before].at(-1) ?? ""));
  const closes = /\S$/.test(before) && !(char === "_" && WORD.test([...after][0] ?? ""));
  return { kind: "mark", char, count, opens, closes };
}

/**
 * Returns a function that finds where code ends: the next run of as many backticks, or -1.
 *
 * @param {string} text
 */
function backticks(text) {
  /** @type {Map<number, number[]>} */
  const byLength = new Map();
  for (const found of text.matchAll(/`+/g)) {
    const starts = byLength.get(found[0].length) ?? [];
    starts.push(found.index);
    byLength.set(found[0].length, starts);
  }
  /** @type {Map<number, number>} */
  const passed = new Map();
  return (/** @type {number} */ at, /** @type {number} */ length) => {
    const starts = byLength.get(length) ?? [];
    let n = passed.get(length) ?? 0;
    while (n < starts.length && /** @type {number} */ (starts[n]) <= at) n++;
    passed.set(length, n);
    return starts[n] ?? -1;
  };
}

/** Returns where each `(` is closed within a word. @param {string} text @returns {Map<number, number>} */
function parentheses(text) {
  /** @type {Map<number, number>} */
  const pairs = new Map();
  /** @type {number[]} */
  let open = [];
  for (let at = 0; at < text.length; at++) {
    const char = /** @type {string} */ (text[at]);
    if (char === "\\" && PUNCTUATION.test(text[at + 1] ?? "")) at++;
    else if (char === "(") open.push(at);
    else if (char === ")") {
      const from = open.pop();
      if (from !== undefined) pairs.set(from, at);
    } else if (/\s/.test(char)) open = [];
  }
  return pairs;
}

/** One space beside the backticks is not the code's own, if both sides have one. @param {string} code */
function codeWithin(code) {
  return /^ .*[^ ].* $/s.test(code) ? code.slice(1, -1) : code;
}

/**
 * Returns the address if a person may open it: the browser's own parser says the scheme.
 *
 * @param {string} written
 * @returns {URL | null}
 */
function address(written) {
  const text = written.replace(/\\([!-/:-@[-`{-~])/g, "$1");
  if (!/^(https?:\/\/|mailto:)[^\s]/i.test(text)) return null;
  try {
    const url = new URL(text);
    return SCHEMES.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/**
 * Returns where a bare address ends.
 *
 * @param {string} text
 * @param {number} from
 * @param {boolean} isInBrackets
 */
function bareEnd(text, from, isInBrackets) {
  const near = text.slice(from, from + MOST_OF_ADDRESS);
  const stop = near.search(/[\s<`]/);
  const last = from + (stop < 0 ? near.length : stop);
  let end = from;
  let depth = 0; // `)` without a `(` of their own
  while (end < last) {
    if (isInBrackets && text[end] === "]" && text[end + 1] === "(") break;
    if (text[end] === "(") depth--;
    if (text[end] === ")") depth++;
    end++;
  }
  for (; end > from; end--) {
    const char = /** @type {string} */ (text[end - 1]);
    if (char === ")" && depth > 0) depth--;
    else if (!TRAILING.test(char)) break;
  }
  return end;
}

/**
 * @param {URL} url
 * @param {(Node | string)[]} children
 * @returns {Node}
 */
function link(url, children) {
  const text = children.map(words).join("");
  const host = misleading(text, url);
  const shown = host ? [...children, node("span", { class: "host" }, [` (${host})`])] : children;
  return node("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow", title: url.href }, shown);
}

/** A name of a host, with the dots of other scripts made plain. */
const HOST = /[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}(?::\d+)?/gu;

/**
 * Returns where a link leads if its text names another host, or if people cannot tell from it: an empty text otherwise.
 *
 * @param {string} text
 * @param {URL} url
 */
function misleading(text, url) {
  const place = url.protocol === "mailto:" ? url.pathname : url.host;
  // Forms that look alike are one (NFKC), characters without a look are none, and ․ 。 are dots.
  const seen = text
    .slice(0, MOST_OF_ADDRESS)
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/[\u3002\uff61]/g, ".");
  // An address names its host first; what comes after may look like more of them (a.png).
  const hosts = (seen.toLowerCase().match(HOST) ?? []).slice(0, /^\s*[a-z][a-z0-9+.-]*:/i.test(seen) ? 1 : undefined);
  const isSame = hosts.every((host) => place.toLowerCase() === host || place.toLowerCase().endsWith(`@${host}`));
  return isSame && !(url.username && hosts.length > 0) ? "" : place;
}

/**
 * Makes the links with a text of their own: what is between `[` and `](address)` is built by itself, so that no mark reaches over its edge.
 *
 * @param {Token[]} list
 * @returns {Token[]}
 */
function linked(list) {
  /** @type {Token[]} */
  const out = [];
  /** @type {number[]} */
  let open = [];
  for (const token of list) {
    if (token.kind === "open") {
      open.push(out.length);
      out.push(token);
    } else if (token.kind === "close") {
      const from = open.pop();
      if (token.href && from !== undefined && from < out.length - 1) {
        const inner = build(out.splice(from).slice(1)).map(unlinked);
        out.push({ kind: "node", node: link(token.href, inner) });
        open = [];
      } else {
        out.push({ kind: "text", text: token.raw });
      }
    } else out.push(token);
  }
  return out;
}

/** @param {Node | string} part @returns {Node | string} the same, its links as their texts */
function unlinked(part) {
  if (typeof part === "string") return part;
  if (part.tag === "a") return part.children.filter((child) => typeof child === "string").join("");
  return { ...part, children: part.children.map(unlinked) };
}

/**
 * Builds the tree of a paragraph: each mark closes the last one that is open and like it; those opened after that one stay as written.
 *
 * @param {Token[]} list
 * @returns {(Node | string)[]}
 */
function build(list) {
  /** @type {Frame[]} */
  const frames = [{ char: "", count: 0, original: 0, closes: false, nodes: [] }];
  for (const token of list) {
    const top = /** @type {Frame} */ (frames.at(-1));
    if (token.kind === "node") top.nodes.push(token.node);
    else if (token.kind === "text") add(top.nodes, token.text);
    else if (token.kind === "open") add(top.nodes, "[");
    else if (token.kind === "mark") {
      const left = token.closes ? close(frames, token) : token.count;
      const last = /** @type {Frame} */ (frames.at(-1));
      if (!left) continue;
      if (token.opens && frames.length <= MOST_OPEN)
        frames.push({ char: token.char, count: left, original: token.count, closes: token.closes, nodes: [] });
      else add(last.nodes, token.char.repeat(left));
    }
  }
  while (frames.length > 1) collapse(frames);
  return /** @type {Frame} */ (frames[0]).nodes;
}

/**
 * Closes what a mark closes.
 *
 * @param {Frame[]} frames
 * @param {Extract<Token, {kind: "mark"}>} token
 * @returns {number} how many of its characters closed nothing
 */
function close(frames, token) {
  let left = token.count;
  while (left) {
    const n = opener(frames, token, (frame) => frame.count === left) || opener(frames, token, () => true);
    if (n === 0) break;
    while (frames.length - 1 > n) collapse(frames);
    const frame = /** @type {Frame} */ (frames[n]);
    const used = token.char === "*" && Math.min(frame.count, left) === 1 ? 1 : Math.min(2, frame.count, left);
    const tag = token.char === "~" ? "del" : used === 2 ? "strong" : "em";
    frame.nodes = [node(tag, {}, frame.nodes)];
    frame.count -= used;
    left -= used;
    if (!frame.count) {
      frames.pop();
      const below = /** @type {Frame} */ (frames.at(-1));
      for (const part of frame.nodes) add(below.nodes, part);
    }
  }
  return left;
}

/**
 * Returns the place of the last open mark that this one may close, or 0. One of the same length goes first.
 *
 * @param {Frame[]} frames
 * @param {Extract<Token, {kind: "mark"}>} token
 * @param {(frame: Frame) => boolean} fits
 */
function opener(frames, token, fits) {
  let n = frames.length - 1;
  for (; n > 0; n--) {
    const frame = /** @type {Frame} */ (frames[n]);
    if (fits(frame) && closes(frame, token, n === frames.length - 1)) break;
  }
  return n;
}

/** @param {Frame} frame @param {Extract<Token, {kind: "mark"}>} token @param {boolean} isTop */
function closes(frame, token, isTop) {
  if (frame.char !== token.char || (isTop && !frame.nodes.length)) return false;
  // CommonMark's rule of three: of `*a**b*` the inner marks are text.
  const isEither = frame.closes || token.opens;
  return !isEither || (frame.original + token.count) % 3 !== 0 || (frame.original % 3 === 0 && token.count % 3 === 0);
}

/** Takes back the last open mark: it is shown as written. @param {Frame[]} frames */
function collapse(frames) {
  const frame = /** @type {Frame} */ (frames.pop());
  const below = /** @type {Frame} */ (frames.at(-1));
  add(below.nodes, frame.char.repeat(frame.count));
  for (const part of frame.nodes) add(below.nodes, part);
}

/** Adds a part, and joins texts that meet. @param {(Node | string)[]} nodes @param {Node | string} part */
function add(nodes, part) {
  const last = nodes.length - 1;
  if (typeof part === "string" && typeof nodes[last] === "string") nodes[last] += part;
  else nodes.push(part);
}

/** @param {string[]} names */
function mentionPattern(names) {
  const sorted = names.filter(Boolean).sort((a, b) => b.length - a.length);
  const escaped = sorted.map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
  return new RegExp(`@(?:${escaped.join("|")})(?![\\p{L}\\p{N}])`, "gu");
}

/** Marks the names that follow an `@`. @param {Node} part @param {RegExp} pattern */
function mention(part, pattern) {
  if (part.tag === "code" || part.tag === "a") return;
  part.children = part.children.flatMap((child) => {
    if (typeof child !== "string") {
      mention(child, pattern);
      return [child];
    }
    /** @type {(Node | string)[]} */
    const parts = [];
    let at = 0;
    for (const found of child.matchAll(pattern)) {
      if (found.index > at) parts.push(child.slice(at, found.index));
      parts.push(node("span", { class: "mention" }, [found[0]]));
      at = found.index + found[0].length;
    }
    return at < child.length ? [...parts, child.slice(at)] : parts;
  });
}
