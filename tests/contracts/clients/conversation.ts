// The README's conversation over REST, with openapi-fetch and the types that openapi-typescript makes with its defaults.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Message = components["schemas"]["Message"];

const [url, aliceToken, bobToken, bobId] = process.argv.slice(2) as [string, string, string, string];

function as(token: string) {
  return createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });
}

function answered<T>(reply: { data?: T; error?: { code: string } }): T {
  if (reply.data === undefined) throw new Error(`refused: ${reply.error?.code}`);
  return reply.data;
}

function same(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }
}

const alice = as(aliceToken);
const bob = as(bobToken);

const hello = { user_id: bobId, text: "Hello Bob!", client_id: "a-1" };
const sent = answered(await alice.POST("/messages", { body: hello }));
same(sent.replayed, false);
same(answered(await alice.POST("/messages", { body: hello })).replayed, true);
same(answered(await bob.GET("/unread-count")).total, 1);

const { conversations } = answered(await bob.GET("/conversations", { params: { query: { limit: 10 } } }));
same(conversations.map((one) => one.last_message?.text), ["Hello Bob!"]);
const path = { conversation_id: conversations[0]!.id };
same(answered(await bob.PATCH("/conversations/{conversation_id}/read-all", { params: { path } })).unread, 0);
const body = { text: "Hello Alice! 👋", client_id: "b-1" };
answered(await bob.POST("/conversations/{conversation_id}/messages", { params: { path }, body }));

const history = await alice.GET("/conversations/{conversation_id}/messages", { params: { path, query: { limit: 10 } } });
const messages: Message[] = answered(history).messages;
same(messages.map((one) => [one.seq, one.text]), [[1, "Hello Bob!"], [2, "Hello Alice! 👋"]]);
same(answered(await alice.GET("/search", { params: { query: { q: "hello" } } })).results.length, 2);

const refused = await alice.POST("/conversations/{conversation_id}/messages", { params: { path }, body: { text: " " } });
same(refused.error?.code, "invalid_request");
