/** Observable state over a client, and what a user can do. */
export { createStore, Store } from "./store.js";
