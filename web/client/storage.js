/** @typedef {import("./types.d.ts").Storage} Storage */
/** @typedef {import("./types.d.ts").OutboxEntry} OutboxEntry */

const STORES = /** @type {const} */ (["conversations", "outbox", "meta"]);

/** Keeps everything as long as the program runs. @returns {Storage} */
export function memoryStorage() {
  /** @type {Record<string, Map<string, any>>} */
  const kept = {};
  const clear = async () => {
    for (const store of STORES) kept[store] = new Map();
  };
  void clear();
  return {
    async load() {
      return structuredClone(loaded(STORES.map((store) => [...(kept[store] ?? [])])));
    },
    async write(changes) {
      for (const store of STORES) {
        for (const [key, value] of changes[store] ?? []) {
          if (value === null) kept[store]?.delete(key);
          else kept[store]?.set(key, structuredClone(value));
        }
      }
    },
    clear,
    close() {},
  };
}

/**
 * Keeps everything in a database of the browser, one for each person and API.
 *
 * @param {string} name
 * @param {IDBFactory} [factory]
 * @returns {Storage}
 */
export function indexedDbStorage(name, factory = globalThis.indexedDB) {
  /** @type {Promise<IDBDatabase> | null} */
  let opened = null;
  const database = () => {
    const forget = () => {
      opened = null; // the next call tries again
    };
    opened ??= open(factory, name, forget).catch((error) => {
      forget();
      throw error;
    });
    return opened;
  };
  return {
    async load() {
      const transaction = (await database()).transaction(STORES, "readonly");
      return loaded(await Promise.all(STORES.map((store) => entriesOf(transaction.objectStore(store)))));
    },
    async write(changes) {
      const transaction = (await database()).transaction(STORES, "readwrite");
      for (const store of STORES) {
        for (const [key, value] of changes[store] ?? []) {
          if (value === null) transaction.objectStore(store).delete(key);
          else transaction.objectStore(store).put(value, key);
        }
      }
      await done(transaction);
    },
    async clear() {
      const transaction = (await database()).transaction(STORES, "readwrite");
      for (const store of STORES) transaction.objectStore(store).clear();
      await done(transaction);
    },
    close() {
      opened?.then((database) => database.close()).catch(() => {}); // it never opened
      opened = null;
    },
  };
}

/** @param {[string, any][][]} stores */
function loaded([conversations = [], outbox = [], meta = []]) {
  return { conversations, outbox: outbox.map(([, entry]) => /** @type {OutboxEntry} */ (entry)), meta };
}

/**
 * @param {IDBFactory} factory
 * @param {string} name
 * @param {() => void} onEnd
 * @returns {Promise<IDBDatabase>}
 */
function open(factory, name, onEnd) {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store);
    };
    request.onsuccess = () => {
      // The browser has deleted it, or another tab deletes it or upgrades it.
      request.result.onclose = request.result.onversionchange = () => {
        request.result.close();
        onEnd();
      };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("The database is in use by an older page."));
  });
}

/**
 * @param {IDBObjectStore} store
 * @returns {Promise<[string, unknown][]>}
 */
function entriesOf(store) {
  return new Promise((resolve, reject) => {
    const keys = store.getAllKeys();
    const values = store.getAll();
    values.onsuccess = () => resolve(keys.result.map((key, index) => [String(key), values.result[index]]));
    values.onerror = () => reject(values.error);
  });
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}
