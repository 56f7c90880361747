/**
 * The service worker of Web Push: it shows what comes, and a click opens the conversation. It stands alone, and a page serves it from its own
 * origin. The page says the rest in the query of its address: `page`, which a click opens, the name of its `parameter` for a conversation,
 * the `words` for a push that cannot be read, and `silent` if this device makes no sounds.
 *
 * It handles no requests of pages, so its scope does not matter, and it does not take the place of a worker of the host's own.
 */

/** The types of the page have none of a worker's. @type {any} */
const worker = self;
const told = new URL(location.href).searchParams;
const ANSWER_MS = 500; // within which a page that is awake answers

worker.addEventListener("install", () => void worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("push", (/** @type {any} */ event) => event.waitUntil(show(read(event.data))));
worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data ?? {}));
});
// Only a page has a token, and registers the new subscription: one that is open at once, any other one as it starts.
worker.addEventListener("pushsubscriptionchange", (/** @type {any} */ event) => {
  event.waitUntil(ask({ parley: "renew" }));
});

/** @param {any} data */
function read(data) {
  try {
    return Object(data?.json());
  } catch {
    return {};
  }
}

/** @param {any} push */
async function show(push) {
  // Whoever looks at the messages sees this one, too. Browsers ask for a notice only while no page can be seen.
  if (await ask({ parley: "visible" })) return;
  const { badge } = push;
  const [conversation_id, message_id, title, text] = ["conversation_id", "message_id", "title", "text"].map((name) =>
    typeof push[name] === "string" ? push[name] : undefined,
  );
  const tag = conversation_id || "parley";
  const before = await worker.registration.getNotifications({ tag });
  const isKnown = before.some((/** @type {any} */ one) => message_id && one.data?.message_id === message_id); // a page has shown it already
  /** @type {any} */ // renotify is not in every browser, and not in the types
  const options = {
    body: text ?? "",
    tag,
    dir: "auto",
    data: { conversation_id, message_id },
    renotify: !isKnown,
    silent: isKnown || told.has("silent"),
  };
  await worker.registration.showNotification(title ?? told.get("words") ?? "…", options);
  // Badges belong to installed pages: elsewhere there is none.
  if (Number.isInteger(badge)) await /** @type {any} */ (navigator).setAppBadge?.(badge).catch(() => {});
}

/** @param {{conversation_id?: string, message_id?: string | null}} about */
async function open({ conversation_id, message_id }) {
  const seq = Number(message_id?.split(".").at(-1)) || null;
  const page = await ask({ parley: "there" });
  if (page) {
    page.postMessage({ parley: "open", conversation_id, message_seq: seq });
    await page.focus().catch(() => {}); // it shows the conversation, also if the browser does not let it come to the front
    return;
  }
  const url = new URL(told.get("page") ?? worker.registration.scope);
  if (conversation_id) url.searchParams.set(told.get("parameter") ?? "conversation", conversation_id);
  await worker.clients.openWindow(url.href);
}

/**
 * Asks the pages of this origin; the first one that says yes comes back, or null.
 *
 * @param {object} question
 * @returns {Promise<any>}
 */
async function ask(question) {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (pages.length === 0) return null;
  return new Promise((answer) => {
    setTimeout(() => answer(null), ANSWER_MS);
    for (const page of pages) {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => data && answer(page);
      page.postMessage(question, [port2]);
    }
  });
}
