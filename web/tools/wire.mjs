/** Writes client/wire.d.ts: the types of every request, answer, action and event, from docs/openapi.json and docs/asyncapi.json. It is not kept in git: it follows from those two. */
import { readFile, writeFile } from "node:fs/promises";
import openapi, { astToString } from "openapi-typescript";

const DOCS = new URL("../../docs/", import.meta.url);
const OUT = new URL("../client/wire.d.ts", import.meta.url);

/** @param {string} name */
async function document(name) {
  return JSON.parse(await readFile(new URL(name, DOCS), "utf8"));
}

/** Returns an OpenAPI document with both documents' schemas: AsyncAPI's are JSON Schema, too, and those of one name are one type. */
async function both() {
  const rest = await document("openapi.json");
  const socket = await document("asyncapi.json");
  const messages = socket.components.messages;
  /** @type {Record<string, unknown>} */
  const events = {};
  /** @type {Record<string, unknown>} */
  const actions = {};
  /** @type {Record<string, unknown>} */
  const acks = {};
  for (const [name, message] of Object.entries(messages)) {
    const frame = socket.components.schemas[message.payload.$ref?.split("/").at(-1)] ?? message.payload;
    const data = frame.properties?.data ?? {};
    if (name.endsWith("_event")) events[name.slice(0, -6)] = data;
    else if (name.endsWith("_ack")) acks[name.slice(0, -4)] = data;
    else actions[name] = data;
  }
  const maps = { WireEvents: asObject(events), WireActions: asObject(actions), WireAcks: asObject(acks) };
  return {
    ...rest,
    components: { ...rest.components, schemas: { ...socket.components.schemas, ...rest.components.schemas, ...maps } },
  };
}

/** @param {Record<string, unknown>} properties */
function asObject(properties) {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

const HEADER = "/* Made by `make setup` from docs/openapi.json and docs/asyncapi.json. */\n";
const made = `${HEADER}${astToString(await openapi(await both(), { alphabetize: false }))}`;

await writeFile(OUT, made);
