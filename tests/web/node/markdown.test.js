import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, plain } from "../../../web/components/base/markdown.js";

/** Writes a tree as a person would read it: `p(strong(bold), a[https://…](text))`. @param {any} part @returns {string} */
function shown(part) {
  if (typeof part === "string") return part;
  const { href, start, class: name, "data-language": language } = part.props;
  const about = href ?? start ?? name ?? language;
  return `${part.tag}${about === undefined ? "" : `[${about}]`}(${part.children.map(shown).join("")})`;
}

/** @param {string} text @param {string[]} [names] */
const tree = (text, names) =>
  parse(text, names ? { names } : {})
    .map(shown)
    .join(" ");

/** @type {[string, string][]} texts and trees: the examples of docs/reference/markdown.md, and what CommonMark says beside them */
const INLINE = [
  ["**bold**", "strong(bold)"],
  ["*italic*", "em(italic)"],
  ["_italic_", "em(italic)"],
  ["snake_case_name", "snake_case_name"],
  ["__init__", "__init__"],
  ["~~strike~~", "del(strike)"],
  ["~no~", "~no~"],
  ["`code`", "code(code)"],
  ["`**no**`", "code(**no**)"],
  ["`` a`b ``", "code(a`b)"],
  ["`open", "`open"],
  ["** no **", "** no **"],
  ["2 * 3 * 4", "2 * 3 * 4"],
  ["2*3*4", "2em(3)4"],
  ["****", "****"],
  ["a ******* word", "a ******* word"],
  ["(*****) and (*****)", "(*****) and (*****)"],
  ["***both***", "em(strong(both))"],
  ["**a *b* c**", "strong(a em(b) c)"],
  ["*a **b** c*", "em(a strong(b) c)"],
  ["**a *b** c*", "strong(a *b) c*"],
  ["*foo**bar*", "em(foo**bar)"],
  ["**a*", "*em(a)"],
  ["**open", "**open"],
  ["~~a **b~~", "del(a **b)"],
  ["\\*no\\*", "*no*"],
  ["\\a", "\\a"],
  ["`\\*`", "code(\\*)"],
  ["a\nb", "abr()b"],
  ["[text](https://example.com)", "a[https://example.com/](text)"],
  ["[**b** `c`](https://example.com)", "a[https://example.com/](strong(b) code(c))"],
  ["[a](https://example.com/(x))", "a[https://example.com/(x)](a)"],
  ["[a](https://example.com (t))", "[a](a[https://example.com/](https://example.com) (t))"],
  ["[](https://example.com)", "[](https://example.com)"],
  [
    "[a [b](https://b.example) c](https://c.example)",
    "[a a[https://b.example/](b) c](a[https://c.example/](https://c.example))",
  ],
  ["*[a*](https://b.example)", "*a[https://b.example/](a*)"],
  ["![a](https://example.com/a.png)", "![a](a[https://example.com/a.png](https://example.com/a.png))"],
  ["<https://example.com>", "a[https://example.com/](https://example.com)"],
  ["<mailto:a@b.example>", "a[mailto:a@b.example](mailto:a@b.example)"],
  ["see https://example.com.", "see a[https://example.com/](https://example.com)."],
  ["(https://example.com/a_(b))", "(a[https://example.com/a_(b)](https://example.com/a_(b)))"],
  ["**https://example.com**", "strong(a[https://example.com/](https://example.com))"],
  ["HTTPS://EXAMPLE.COM", "a[https://example.com/](HTTPS://EXAMPLE.COM)"],
  ["xhttps://example.com", "xhttps://example.com"],
  [
    "[https://bank.example](https://evil.example)",
    "a[https://evil.example/](https://bank.examplespan[host]( (evil.example)))",
  ],
  ["[bank.example](https://bank.example/a)", "a[https://bank.example/a](bank.example)"],
  [
    "https://bank.example@evil.example",
    "a[https://bank.example@evil.example/](https://bank.example@evil.examplespan[host]( (evil.example)))",
  ],
  [
    "https://bücher.example",
    "a[https://xn--bcher-kva.example/](https://bücher.examplespan[host]( (xn--bcher-kva.example)))",
  ],
  ...[
    "bank。com",
    "bank．com/login",
    "bank․com",
    "ｈttps://bank.com",
    "\u2063https://bank.com",
    "→ bank.com",
    "Go to bank.com",
  ].map(
    (text) =>
      /** @type {[string, string]} */ ([
        `[${text}](https://evil.example)`,
        `a[https://evil.example/](${text}span[host]( (evil.example)))`,
      ]),
  ),
  ["[see version 2.0 of it](https://docs.example)", "a[https://docs.example/](see version 2.0 of it)"],
  ["[a](javascript:alert(1))", "[a](javascript:alert(1))"],
  ["[a](JavaScript:alert(1))", "[a](JavaScript:alert(1))"],
  ["[a](//host)", "[a](//host)"],
  ["[a](/path)", "[a](/path)"],
  ["[a](data:text/html,x)", "[a](data:text/html,x)"],
  ["&amp; <b>x</b>", "&amp; <b>x</b>"],
  ["# no", "# no"],
  ["| a | b |", "| a | b |"],
];

/** @type {[string, string][]} */
const BLOCKS = [
  ["a\n\nb", "p(a) p(b)"],
  ["```\n**x**\n```\nb", "pre(code(**x**)) p(b)"],
  ["```js\nlet a;", "pre(code[js](let a;))"],
  ["```x``` y", "p(code(x) y)"],
  ["> a\n> b", "blockquote(p(abr()b))"],
  ["> > > > a", "blockquote(blockquote(blockquote(p(> a))))"],
  [">no", "p(>no)"],
  ["- a\n* **b**\nc", "ul(li(a)li(strong(b))) p(c)"],
  ["3. a\n9. b", "ol[3](li(a)li(b))"],
  ["1. a\n- b", "ol(li(a)) ul(li(b))"],
  ["- ", "p(- )"],
  ["1\\. a", "p(1. a)"],
  ["\\> a", "p(> a)"],
  ["> - a\n> - b", "blockquote(ul(li(a)li(b)))"],
  ["    code", "p(    code)"],
  ["**a\n\nb**", "p(**a) p(b**)"],
];

for (const [text, wanted] of INLINE)
  test(`inline: ${JSON.stringify(text)}`, () => assert.equal(tree(text), `p(${wanted})`));
for (const [text, wanted] of BLOCKS) test(`blocks: ${JSON.stringify(text)}`, () => assert.equal(tree(text), wanted));

test("names that are mentioned are marked, the longest first, but not in code or links", () => {
  assert.equal(
    tree("@Ana B and @Ana, `@Ana` @Anabel [@Ana](https://a.example)", ["Ana", "Ana B"]),
    "p(span[mention](@Ana B) and span[mention](@Ana), code(@Ana) @Anabel a[https://a.example/](@Ana))",
  );
  assert.equal(tree("hi @a.*(b", ["a.*(b"]), "p(hi span[mention](@a.*(b))");
});

test("a preview has no markup and one line", () => {
  assert.equal(plain("**Hi** `x`\n> [a](https://b.example)\n\n- one\n- two"), "Hi x one two");
  assert.equal(plain("> all of it\n> is quoted"), "all of it is quoted");
});

const TAGS = new Set("p pre code blockquote ul ol li strong em del a br span".split(" "));
const PROPS = new Set("href target rel title start class data-language".split(" "));

/** Fails unless the tree has only what a message may have. @param {any} part */
function harmless(part) {
  if (typeof part === "string") return;
  assert.ok(TAGS.has(part.tag), part.tag);
  for (const name of Object.keys(part.props)) assert.ok(PROPS.has(name), name);
  if ("href" in part.props) {
    assert.match(part.props.href, /^(https?|mailto):/);
    assert.equal(part.props.rel, "noopener noreferrer nofollow");
  }
  part.children.forEach(harmless);
}

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "</textarea><svg/onload=alert(1)>",
  "{{constructor.constructor('alert(1)')()}}",
  "[x](javascript:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](vbscript:x)",
  "[x](file:///etc/passwd)",
  "[x](blob:https://a.example/1)",
  "<javascript:alert(1)>",
  '[x](https://a.example/"onmouseover=alert(1))',
  "[<img src=x onerror=alert(1)>](https://a.example)",
  "[x](https:javascript:alert(1))",
  "[x](https://)",
  "```<script>\nalert(1)\n```",
  "\u202e[x](https://a.example)\u202c",
  "[a](mailto:x?body=<script>)",
];
for (const text of HOSTILE)
  test(`harmless: ${JSON.stringify(text)}`, () => parse(text, { names: ["<b>"] }).forEach(harmless));

/** @type {[string, string][]} */
const LONG = [
  ...[
    "*",
    "_",
    "~",
    "[",
    "]",
    ">",
    "`",
    "(",
    ")",
    "<",
    "\\",
    "!",
    "\n",
    "- ",
    "> ",
    "1. ",
    "[](",
    "](",
    "[a](",
    "![",
    "<h",
    "~~a",
  ].map((part) => /** @type {[string, string]} */ ([`${part} in a row`, part])),
  ["alternating marks", "*a_"],
  ["pairs", "*a**b"],
  ["bold and strike", "**a~~b"],
  ["nested links", "[a](http:[a]("],
  ["bare links", "http://["],
  ["backticks of all lengths", "` `` ``` ```` "],
  ["closed quotes", "> > > a\n"],
  ["a letter under marks", "\u0301"],
  ["right to left", "\u202e*א* "],
  ["brackets that open links", "[[[[https://a.example](https://"],
];
/** The processor's own time for a text, in µs: the least of some tries, because a busy machine only adds to it. @param {string} text */
function costOf(text) {
  let least = Number.POSITIVE_INFINITY;
  for (let number = 0; number < 3; number++) {
    const before = process.cpuUsage();
    parse(text, { names: ["a", "b"] }).forEach(harmless);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return least;
}

for (const [name, part] of LONG) {
  test(`a text that is eight times as long does not cost its square: ${JSON.stringify(name)}`, () => {
    const text = part.repeat(Math.ceil(10_000 / part.length)).slice(0, 10_000);
    costOf(text); // the first one also compiles
    const ratio = costOf(text) / Math.max(costOf(text.slice(0, 1250)), 500);
    assert.ok(ratio < 40, `${ratio} times the cost`);
  });
}

test("nothing that was written is lost, whatever the marks are", () => {
  let seed = 42;
  const random = (/** @type {number} */ below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed % below;
  };
  const parts = [
    "*",
    "**",
    "_",
    "~~",
    "`",
    "``",
    "[",
    "](https://a.example)",
    "]",
    "(",
    ")",
    "a",
    "b ",
    " ",
    "\n",
    "> ",
    "- ",
    "\\",
  ];
  /** @param {any} node @returns {string} */
  const letters = (node) => (typeof node === "string" ? node : node.children.map(letters).join(""));
  for (let n = 0; n < 2_000; n++) {
    const text = Array.from({ length: random(30) }, () => parts[random(parts.length)]).join("");
    const nodes = parse(text);
    nodes.forEach(harmless);
    if (/^[> -]*```/m.test(text)) continue; // what follows the marks of a block of code names its language
    const kept = nodes.map(letters).join("").replace(/[^ab]/g, "");
    const written = text.replace(/]\(https:\/\/a\.example\)/g, "").replace(/[^ab]/g, "");
    assert.ok(kept.length >= written.length, JSON.stringify(text));
  }
});
