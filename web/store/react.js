/**
 * React hooks over a store. React comes from the page that uses it, so this file depends on nothing:
 *
 *     const { useParley, useStore } = reactHooks(React);
 */

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../client/types.d.ts").Draft} Draft */
/** @typedef {import("../client/types.d.ts").Recipient} Recipient */
/**
 * What is used of React (18 or later).
 *
 * @typedef {object} ReactApi
 * @property {(subscribe: (listener: () => void) => () => void, get: () => any, getOnServer?: () => any) => any} useSyncExternalStore
 * @property {(effect: () => void | (() => void), dependencies?: readonly any[]) => void} useEffect
 * @property {<T>(make: () => T, dependencies: readonly any[]) => T} useMemo
 * @property {<T>(first: T) => {current: T}} useRef
 */

/** @param {ReactApi} React */
export function reactHooks({ useSyncExternalStore, useEffect, useMemo, useRef }) {
  /**
   * What a selector returns of a store; the component is drawn again whenever that, or a field of it, becomes another value.
   *
   * @template T
   * @param {Store} store
   * @param {(store: Store) => T} selector
   * @returns {T}
   */
  // biome-ignore lint/correctness/noComponentHookFactories: a page calls the factory once, because the file does not import React
  function useStore(store, selector) {
    const kept = useRef(/** @type {T | undefined} */ (undefined));
    const get = () => {
      const value = selector(store);
      if (kept.current === undefined || !isAlike(kept.current, value)) kept.current = value;
      return kept.current;
    };
    return useSyncExternalStore(store.subscribe, get, get);
  }

  /**
   * A chat's screen: the list, the selected conversation with its thread, and what a person does there. While a component with it is shown, the client connects
   * and the selected conversation is followed.
   *
   * @param {Store} store
   */
  // biome-ignore lint/correctness/noComponentHookFactories: as above
  function useParley(store) {
    const shown = useStore(store, (now) => ({
      conversations: now.conversations(),
      currentId: now.current,
      current: now.current === null ? null : now.conversation(now.current),
      thread: now.current === null ? null : now.thread(now.current),
      typingUsers: now.current === null ? NOBODY : typingIn(now, now.current),
      unread: now.unread,
      connection: now.connection,
      failure: now.state.error,
    }));
    const { currentId } = shown;
    useEffect(() => {
      store.load().catch(ignore); // `connection.error` says why
    }, [store]);
    useEffect(() => {
      if (currentId === null) return;
      store.open(currentId).catch(ignore); // the thread says why
      return () => store.close(currentId);
    }, [store, currentId]);
    const acts = useMemo(() => actsOf(store), [store]);
    const error = shown.thread?.error ?? shown.connection.error ?? shown.failure;
    return { ...shown, ...acts, isConnected: shown.connection.status === "online", error };
  }

  return { useStore, useParley };
}

/** @type {string[]} */
const NOBODY = [];

/** An error that the state shows. */
const ignore = () => {};

/** Who types: the same array as long as it is the same people. @type {WeakMap<Store, string[]>} */
const lastTyping = new WeakMap();

/** @param {Store} store @param {string} conversationId */
function typingIn(store, conversationId) {
  const typing = store.typing(conversationId);
  const last = lastTyping.get(store);
  if (last && isAlike(last, typing)) return last;
  lastTyping.set(store, typing);
  return typing;
}

/** @param {Store} store */
function actsOf(store) {
  return {
    load: () => store.load(),
    loadMore: () => store.loadMore(),
    /** @param {string} conversationId */
    loadOlder: (conversationId) => store.loadOlder(conversationId),
    /** @param {string | null} conversationId */
    select: (conversationId) => store.select(conversationId),
    /** @param {string | Recipient} to @param {Draft} draft */
    send: (to, draft) => store.send(to, draft),
    /** @param {string} conversationId @param {number} [seq] */
    markRead: (conversationId, seq) => store.markRead(conversationId, seq),
    /** Opens the conversation with a person about something, selects it, and returns its id. @param {Recipient & {title?: string}} recipient */
    openContext: async (recipient) => {
      const id = await store.openContext(recipient);
      store.select(id);
      return id;
    },
    /** @param {string} conversationId */
    startTyping: (conversationId) => store.startTyping(conversationId),
    /** @param {string} conversationId */
    stopTyping: (conversationId) => store.stopTyping(conversationId),
  };
}

/** Whether two values are the same, or have the same fields. @param {any} a @param {any} b */
function isAlike(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b || Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.is(a[name], b[name]));
}
