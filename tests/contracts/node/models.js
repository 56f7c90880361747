// Says which classes and enumerations of an AsyncAPI document have a name, and which have none; as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const named = new Set();
const anonymous = new Set();
for (const schema of document?.allSchemas().all() ?? []) {
  const isModel = schema.properties() !== undefined || schema.enum() !== undefined;
  const isMap = schema.type() === "object" && !schema.properties(); // a map, or any object: generators make no class
  if (isModel && !isMap) (schema.id().startsWith("<anonymous") ? anonymous : named).add(schema.id());
}
const problems = diagnostics.filter((one) => one.severity < 2).map((one) => `${one.path.join(".")}: ${one.message}`);
console.log(JSON.stringify({ problems, named: [...named], anonymous: [...anonymous].map(String) }));
