/** Everything: the client, the store and the custom elements. */
export * from "./client/index.js";
export * from "./store/index.js";
