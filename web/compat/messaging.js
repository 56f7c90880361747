/**
 * The messaging context of craft-pattern marketplace C over Parley: `useMessaging` and `useWebSocket` with its names and the shapes of its objects.
 *
 *     const store = createStore(createClient({ url, socketUrl, token }));
 *     export const { MessagingProvider, useMessaging, useWebSocket } = messaging(React, store);
 */
import { reactHooks } from "../store/react.js";

/** @typedef {import("../store/store.js").Store} Store */
/** @typedef {import("../store/store.js").ShownConversation} ShownConversation */
/** @typedef {import("../store/store.js").ShownMessage} ShownMessage */
/**
 * What is used of React, beside what `reactHooks` uses.
 *
 * @typedef {import("../store/react.js").ReactApi & {Fragment: any, createElement: (type: any, props: any, ...children: any[]) => any}} ReactApi
 */
/**
 * A message as C has it. `attachmentId` takes the place of an address, which lives for a minute only: `store.attachmentUrls([attachmentId])`.
 *
 * @typedef {{id: string, conversationId: string, senderId: string, recipientId: string | null, content: string, attachmentId?: string,
 *   attachmentType?: "image" | "file", attachmentName?: string, isRead: boolean, sentAt: string, isPending: boolean, error: string | null}} OldMessage
 * @typedef {{id: string, patternId: string | null, participantIds: string[], lastMessageId: string | null, lastMessageAt: string, createdAt: string,
 *   updatedAt: string, title: string, isActive: boolean, unreadCount: number, lastMessage: string | null}} OldConversation
 * @typedef {{onMessageReceived?: (message: OldMessage) => void, onNotification?: (message: OldMessage) => void, onMessageRead?: (read: {conversationId: string,
 *   userId: string, messageId?: string}) => void, onUserTyping?: (typing: {conversationId: string, userId: string}) => void,
 *   onUserStoppedTyping?: (typing: {conversationId: string, userId: string}) => void}} Callbacks
 */

const STOPS_TYPING_MS = 2_000;

/**
 * @param {ReactApi} React
 * @param {Store} store
 * @param {{contextType?: string}} [options] the type of context that a pattern is in the deployment's policy
 */
export function messaging(React, store, { contextType = "pattern" } = {}) {
  const { useParley } = reactHooks(React);
  const acts = actsOf(store, contextType);

  /** Connects while it is shown. @param {{children?: any}} props */
  function MessagingProvider({ children }) {
    useParley(store);
    return React.createElement(React.Fragment, null, children);
  }

  function useMessaging() {
    const { conversations, current, thread, typingUsers, unread, isConnected, connection, error } = useParley(store);
    const listed = React.useMemo(() => conversations.map((one) => toConversation(one, contextType)), [conversations]);
    const currentConversation = React.useMemo(() => {
      if (!current) return null;
      const messages = (thread?.messages ?? []).map((message) => toMessage(store, current.id, message));
      return { ...toConversation(current, contextType), messages };
    }, [current, thread]);
    return {
      conversations: listed,
      currentConversation,
      unreadCount: unread,
      isConnected,
      connectionError: connection.error?.message ?? null,
      error: error?.message ?? null,
      typingUsers,
      ...acts,
    };
  }

  /**
   * The socket's hook: what it does, and callbacks for what comes.
   *
   * @param {Callbacks} [callbacks]
   */
  function useWebSocket(callbacks = {}) {
    const { isConnected, connection } = useParley(store);
    const latest = React.useRef(callbacks);
    latest.current = callbacks;
    React.useEffect(() => listen(store, () => latest.current), []);
    const { sendMessage, markAsRead, startTyping, stopTyping } = acts;
    return {
      isConnected,
      connectionError: connection.error?.message ?? null,
      joinConversation: acts.joinConversation,
      leaveConversation: acts.leaveConversation,
      sendMessage,
      markAsRead,
      startTyping,
      stopTyping,
    };
  }

  return { MessagingProvider, useMessaging, useWebSocket };
}

/** @param {Store} store @param {string} contextType */
function actsOf(store, contextType) {
  /** @type {Map<string, any>} */
  const timers = new Map();
  /** @param {string} conversationId */
  const stopTyping = (conversationId = store.current ?? "") => {
    clearTimeout(timers.get(conversationId));
    timers.delete(conversationId);
    store.stopTyping(conversationId);
  };
  return {
    /** Reads the list; it follows by itself afterwards. */
    loadConversations: async () => {
      await store.load();
      return store.conversations().map((one) => toConversation(one, contextType));
    },
    /** Selects a conversation and reads its newest messages. @param {string} conversationId */
    loadConversation: async (conversationId) => {
      store.select(conversationId);
      await store.open(conversationId).finally(() => store.close(conversationId));
      const shown = store.conversation(conversationId);
      if (!shown) return null;
      const messages = store.thread(conversationId).messages.map((one) => toMessage(store, conversationId, one));
      return { ...toConversation(shown, contextType), messages };
    },
    /** Sends to a conversation: shown at once, and written once. @param {string} conversationId @param {string} content @param {File[] | File | null} [files] */
    sendMessage: async (conversationId, content, files = []) => {
      const sent = store.send(conversationId, { text: content, files: files ? [files].flat() : [] });
      return toMessage(store, conversationId, await sent.message);
    },
    /** Marks a conversation as read, or one message and those before it. @param {string} [id] of either; the selected conversation */
    markAsRead: async (id = store.current ?? "") => {
      const [, conversationId = id, seq] = /^(.+)\.(\d+)$/.exec(id) ?? [];
      await store.markRead(conversationId, seq === undefined ? undefined : Number(seq));
    },
    /** Finds or opens the conversation about a pattern with its creator, who may be left out if the pattern has only one; selects it, and returns its id. @param {string} patternId @param {string} [creatorId] @param {string} [title] */
    createPatternConversation: async (patternId, creatorId, title) => {
      const context = { type: contextType, id: patternId };
      const id = await store.openContext(/** @type {any} */ ({ user_id: creatorId, context, title }));
      store.select(id);
      return id;
    },
    /** A key was pressed: it ends two seconds after the last one. @param {string} [conversationId] the selected one */
    startTyping: (conversationId = store.current ?? "") => {
      store.startTyping(conversationId);
      clearTimeout(timers.get(conversationId));
      timers.set(
        conversationId,
        setTimeout(() => stopTyping(conversationId), STOPS_TYPING_MS),
      );
    },
    stopTyping,
    /** @param {string} conversationId */
    joinConversation: (conversationId) => store.open(conversationId),
    /** @param {string} conversationId */
    leaveConversation: (conversationId) => store.close(conversationId),
  };
}

/** @param {Store} store @param {() => Callbacks} callbacks @returns {() => void} */
function listen(store, callbacks) {
  return store.client.on("event", ({ event, data }) => {
    const { onMessageReceived, onNotification, onMessageRead, onUserTyping, onUserStoppedTyping } = callbacks();
    const told = { conversationId: data.conversation_id, userId: data.user_id };
    if (event === "new_message") onMessageReceived?.(toMessage(store, data.conversation_id, data.message));
    else if (event === "message_notification") onNotification?.(toMessage(store, data.conversation_id, data.message));
    else if (event === "message_read") onMessageRead?.({ ...told, messageId: data.message_id });
    else if (event === "conversation_read") onMessageRead?.(told);
    else if (event === "user_typing") onUserTyping?.(told);
    else if (event === "user_stopped_typing") onUserStoppedTyping?.(told);
  });
}

/** @param {ShownConversation} conversation @param {string} contextType @returns {OldConversation} */
function toConversation({ id, context, members, last_message, last_activity_at, created_at, ...one }, contextType) {
  return {
    id,
    patternId: context?.type === contextType ? context.id : null,
    participantIds: members.map(({ user_id }) => user_id),
    lastMessageId: last_message?.id ?? null,
    lastMessageAt: last_activity_at,
    createdAt: created_at,
    updatedAt: last_activity_at,
    title: one.title_shown,
    isActive: one.state === "open" && !one.archived,
    unreadCount: one.unread,
    lastMessage: last_message?.text ?? null,
  };
}

/** @param {Store} store @param {string} conversationId @param {ShownMessage} message @returns {OldMessage} */
function toMessage(store, conversationId, message) {
  const conversation = store.conversation(conversationId);
  const { sender_id, seq } = message;
  const isOwn = sender_id === store.userId;
  const recipient = conversation?.members.find(({ user_id }) => user_id !== sender_id)?.user_id ?? null;
  const isRead = isOwn
    ? seq !== null && store.receipt(conversationId, seq) === "read"
    : (conversation?.read_seq ?? 0) >= (seq ?? 0);
  const [attachment] = message.attachments;
  return {
    id: message.id ?? /** @type {string} */ (message.client_id),
    conversationId,
    senderId: sender_id,
    recipientId: recipient,
    content: message.text,
    ...(attachment
      ? {
          attachmentId: attachment.id,
          attachmentType: attachment.kind === "image" ? "image" : "file",
          attachmentName: attachment.name,
        }
      : {}),
    isRead,
    sentAt: message.created_at,
    isPending: message.pending !== undefined,
    error: message.pending?.error?.detail ?? null,
  };
}
