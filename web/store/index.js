/** Observable state over a client. */
export {};
