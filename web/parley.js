/** Everything: the client, the store and the custom elements, with `configure`, which connects a page's elements. */
import { createClient } from "./client/index.js";
import { makeStoresWith, tokenFrom } from "./components/base/element.js";
import { createStore } from "./store/index.js";

export * from "./client/index.js";
export * from "./components/index.js";
export * from "./store/index.js";

makeStoresWith(({ url = "", socketUrl = "", token: given = "", tokenUrl }) => {
  const token = tokenUrl ? () => tokenFrom(tokenUrl) : given;
  const store = createStore(createClient({ url, socketUrl, token }));
  store.load().catch(() => {}); // `store.connection` says why, and the elements show it
  return /** @type {any} */ (store);
});
