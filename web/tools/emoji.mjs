/**
 * Makes emoji/: the list of common emoji in their groups, and their names in each language. It is run by hand, in development only:
 *
 *   npm install --prefix /tmp/emoji unicode-emoji-json@0.9.0 cldr-annotations-modern@45.0.0
 *   node tools/emoji.mjs /tmp/emoji
 *
 * Left out: emoji that many devices cannot draw yet, and those made of several people or of a sex, which double the list.
 */
import { readFileSync, writeFileSync } from "node:fs";

const LANGUAGES = ["en", "es", "fr", "de", "ar", "ja"];
const NEWEST = 14; // the version of Emoji of 2021
const MOST_WORDS = 5; // beside the name
/** @type {Record<string, string>} */
const GROUPS = {
  "Smileys & Emotion": "smileys",
  "People & Body": "people",
  "Animals & Nature": "nature",
  "Food & Drink": "food",
  "Travel & Places": "travel",
  Activities: "activities",
  Objects: "objects",
  Symbols: "symbols",
  Flags: "flags",
};

const packages = `${process.argv[2] ?? "."}/node_modules`;
/** @param {string} path @returns {any} */
const read = (path) => JSON.parse(readFileSync(`${packages}/${path}`, "utf8"));
/** @type {{name: string, emojis: {emoji: string, emoji_version: string}[]}[]} */
const groups = read("unicode-emoji-json/data-by-group.json");

/** @param {{emoji: string, emoji_version: string}} entry */
function isCommon({ emoji, emoji_version: version }) {
  if (Number(version) > NEWEST) return false;
  const parts = emoji.split("\u200d");
  return (
    parts.length === 1 || ["👁️", "❤️", "🏳️", "🏴"].includes(String(parts[0])) || parts[1] === "💫" || parts[1] === "🔥"
  );
}

const lists = groups.map((group) => ({
  id: String(GROUPS[group.name]),
  emoji: group.emojis.filter(isCommon).map((entry) => entry.emoji),
}));
const head = "/** Made by tools/emoji.mjs from Unicode's data (Unicode License v3). */\n";
const rows = lists.map(({ id, emoji }) => `  ["${id}", "${emoji.join(" ")}"],\n`).join("");
const root = new URL("../emoji/", import.meta.url);
writeFileSync(
  new URL("list.js", root),
  `${head}/** @type {[string, string][]} the groups, each with its emoji */\nexport default [\n${rows}];\n`,
);

/** @param {string} language @returns {Record<string, any>} */
const annotationsOf = (language) =>
  read(`cldr-annotations-modern/annotations/${language}/annotations.json`).annotations.annotations;
/** @param {Record<string, any>} annotations @param {string} emoji */
const of = (annotations, emoji) => annotations[emoji] ?? annotations[emoji.replaceAll("\ufe0f", "")];
const english = annotationsOf("en");
for (const language of LANGUAGES) {
  const annotations = annotationsOf(language);
  const lines = lists
    .filter(({ id }) => id !== "flags")
    .flatMap(({ emoji }) => emoji.map((one) => line(of(annotations, one) ?? of(english, one))));
  const text = JSON.stringify(lines.join("\n"));
  writeFileSync(
    new URL(`${language}.js`, root),
    `${head}/** A line for each emoji of list.js but the flags: its name, then words by which it is found. */\nexport default ${text};\n`,
  );
}

/** @param {{default?: string[], tts?: string[]} | undefined} entry */
function line(entry) {
  const name = entry?.tts?.[0] ?? "";
  const known = new Set(name.toLowerCase().split(/[\s:,]+/));
  const words = (entry?.default ?? [])
    .filter((word) => word !== name && !known.has(word.toLowerCase()))
    .slice(0, MOST_WORDS);
  return [name, ...words].join("|").replaceAll("\n", " ");
}
