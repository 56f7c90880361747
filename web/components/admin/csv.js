/** Tables as CSV (RFC 4180), as the API writes its own: a line of names, then one for each row; fields of fields are `a.b`. */

const FORMULA = /^[\t\r]|^\s*[=+\-@＝＋－＠]/u; // also in the wide forms of East Asian keyboards

/** @param {Record<string, any>} value @param {string} [prefix] @returns {[string, any][]} */
function flat(value, prefix = "") {
  return Object.entries(value).flatMap(([name, inner]) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? flat(inner, `${prefix}${name}.`)
      : [/** @type {[string, any]} */ ([prefix + name, inner])],
  );
}

/** A text that a spreadsheet would run as a formula begins with an apostrophe. @param {unknown} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  const said = Array.isArray(value) ? value.join("; ") : String(value);
  const text = typeof value !== "number" && FORMULA.test(said) ? `'${said}` : said;
  return /[,"\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {Record<string, any>[]} rows */
export function csv(rows) {
  const plain = rows.map((row) => new Map(flat(row)));
  const names = [...new Set(plain.flatMap((row) => [...row.keys()]))];
  const lines = [names.map(cell), ...plain.map((row) => names.map((name) => cell(row.get(name))))];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

/** Hands a file to the browser's downloads. @param {string} name @param {string} text */
export function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the download has begun by then
}
