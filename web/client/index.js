/** The client alone: connection, replica, outbox. It draws nothing and needs no page. */
export { ParleyError } from "./errors.js";
