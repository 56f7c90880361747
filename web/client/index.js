/** The client alone: connection, replica, outbox. It draws nothing and needs no page. */
import { Client } from "./client.js";

export { Client } from "./client.js";
export { ParleyError } from "./errors.js";
export { indexedDbStorage, memoryStorage } from "./storage.js";

/** Makes a client; `connect` starts it. @param {import("./client.js").ClientOptions} options */
export function createClient(options) {
  return new Client(options);
}
