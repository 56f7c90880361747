/** Conversations that do not exist yet: an id that begins with `to:` stands for one in a store, until the first message makes it. */
import { ParleyError } from "../client/errors.js";
import { recipientKey } from "../client/outbox.js";

/** @typedef {import("../client/types.d.ts").Recipient} Recipient */

/** @param {string} id */
export const isBeginning = (id) => id.startsWith("to:");

/** @param {Recipient} recipient */
export function idOf(recipient) {
  const title = recipient.context?.title;
  const id = recipientKey(recipient);
  return title ? `${id.slice(0, -1)},${JSON.stringify(title)}]` : id;
}

/** The person whom an id names, and what it is about; the id may come from a page's address. @param {string} id @returns {Recipient | null} */
export function recipientOf(id) {
  try {
    const [user_id, type, about, title] = JSON.parse(id.slice("to:".length)).map((/** @type {unknown} */ one) =>
      typeof one === "string" ? one : null,
    );
    const context = type ? { type, id: about, ...(title ? { title } : {}) } : null;
    return user_id ? { user_id, context } : null;
  } catch {
    return null;
  }
}

/** The conversation with a person about something, if the device holds it. @param {import("../client/client.js").Client} client @param {Recipient} recipient */
export function heldWith({ replica }, { user_id, context }) {
  const same = (/** @type {{type: string, id: string | null} | null | undefined} */ other) =>
    (other?.type ?? "general") === (context?.type ?? "general") && (other?.id ?? null) === (context?.id ?? null);
  for (const { object } of replica?.conversations.values() ?? [])
    if (object.type === "direct" && object.members.some((one) => one.user_id === user_id) && same(object.context))
      return object.id;
  return null;
}

/**
 * Asks whether the user may write to a person, and reads the conversation if there is one. Throws ParleyError with the policy's reason.
 *
 * @param {import("./store.js").Store} store
 * @param {Recipient} recipient
 */
export async function ask(store, recipient) {
  const said = await store.explain(recipient);
  const id = said.conversation_id;
  if (id) {
    await store.client.rest("GET", "/conversations/{conversation_id}", { path: { conversation_id: id } });
  } else if (!said.allowed) {
    const { code, detail, rule } = said;
    throw new ParleyError({ status: 403, code, detail, rule });
  }
  const { user_id } = recipient;
  if (!store.user(user_id).name) await store.directory(/** @type {any} */ ({ ids: user_id })).catch(() => {}); // the id is shown
}

/** What stands for the conversation. @param {string} id @param {Recipient} recipient @param {number} at ms @param {boolean} isRefused @param {unknown} last */
export function beginning(id, { user_id, context }, at, isRefused, last) {
  const created_at = new Date(at).toISOString();
  return /** @type {any} */ ({
    id,
    type: "direct",
    title: context?.title ?? null,
    description: null,
    context: context ?? null,
    state: "open",
    posting: "everyone",
    slow_mode_s: 0,
    role: "member",
    members: [{ user_id, name: null }],
    member_count: 2,
    settings: { pinned: false, muted_until: null, notifications: "all" },
    archived: false,
    capabilities: isRefused ? [] : ["send_message"],
    last_message: last,
    last_activity_at: created_at,
    created_at,
    ...{ last_seq: 0, read_seq: 0, unread: 0, unread_mentions: 0 },
  });
}
