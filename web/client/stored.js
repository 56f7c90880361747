const MOST_PAGES = 20; // of history looked through for a message that is too old to be repeated

/**
 * Looks for a message whose `client_id` the server may have forgotten.
 *
 * @param {import("./client.js").Client} client
 * @param {() => number} now milliseconds of the reader's clock
 * @param {import("./types.d.ts").OutboxEntry} entry
 */
export async function isStored(client, now, { client_id, conversation_id, created_at }) {
  if (conversation_id === null) return false;
  /** @type {any} */
  let query = { limit: 100 };
  for (let number = 0; number < MOST_PAGES; number++) {
    const { messages, found_oldest } = await client.rest("GET", "/conversations/{conversation_id}/messages", {
      path: { conversation_id },
      query,
    });
    if (messages.some((message) => message.client_id === client_id)) return true;
    const oldest = messages[0];
    const skewMs = client.now() - now();
    if (!oldest || found_oldest || Date.parse(oldest.created_at) < created_at + skewMs - 3_600_000) return false;
    query = { limit: 100, before: oldest.seq };
  }
  return false;
}
