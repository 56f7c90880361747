import assert from "node:assert/strict";
import { test } from "node:test";
import { csv } from "../../../web/components/admin/csv.js";

test("a table has a column for each field, and fields of fields are a.b", () => {
  const rows = [
    { day: "2026-11-28", messages: 3, contexts: { block: 1 } },
    { day: "2026-11-29", messages: 0, contexts: { block: 0, pattern: 2 } },
  ];
  assert.equal(csv(rows), "day,messages,contexts.block,contexts.pattern\r\n2026-11-28,3,1,\r\n2026-11-29,0,0,2\r\n");
});

test("what a spreadsheet would run begins with an apostrophe, and numbers do not", () => {
  const hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"];
  const lines = csv(hostile.map((name) => ({ name, count: -5 }))).split("\r\n");
  assert.deepEqual(lines.slice(1, 6), ["'=1+1,-5", "'+1,-5", "'-1,-5", "'@SUM(A1),-5", "'\t=1,-5"]);
  assert.equal(lines[6], '"\'\r=1",-5');
});

test("a list, a wide sign and a sign after spaces are no formulas either", () => {
  const hostile = [["=1+1", "x"], "＝1+1", " =1+1", ["safe"]];
  const lines = csv(hostile.map((name) => ({ name }))).split("\r\n");
  assert.deepEqual(lines.slice(1, 5), ["'=1+1; x", "'＝1+1", "' =1+1", "safe"]);
});

test("commas, quotes and ends of lines stay within their field", () => {
  assert.equal(csv([{ 'a"b': 'x,"y"\n', c: null }]), '"a""b",c\r\n"x,""y""\n",\r\n');
});
