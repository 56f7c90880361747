/** The client's own types, over those of the wire. */
import type { components, paths } from "./wire.d.ts";

export type Schemas = components["schemas"];
export type Message = Schemas["Message"];
export type Conversation = Schemas["Conversation"];
export type NamedUser = Schemas["NamedUser"];
export type Hello = Schemas["Hello"];

export type WireEvents = Schemas["WireEvents"];
export type WireActions = Schemas["WireActions"];
export type WireAcks = Schemas["WireAcks"];
export type Action = keyof WireActions & keyof WireAcks;

export type HttpMethod = "get" | "post" | "put" | "patch" | "delete";
export type Path = keyof paths;
/** The methods of a path, as `fetch` names them. */
export type MethodOf<P extends Path> = {
  [M in HttpMethod]: paths[P][M] extends { responses: unknown } ? Uppercase<M> : never;
}[HttpMethod];

type Operation<P extends Path, M extends string> = paths[P][Lowercase<M> & HttpMethod & keyof paths[P]];
type Content<R> = R extends { content: { "application/json": infer T } }
  ? T
  : R extends { content?: never }
    ? null
    : never;
type Good<R> = { [S in keyof R]: S extends 200 | 201 | 202 | 204 ? Content<R[S]> : never }[keyof R];
/** What a route answers if it does not refuse: an object, or null for 204. */
export type Answer<P extends Path, M extends string> = Operation<P, M> extends { responses: infer R } ? Good<R> : never;
type Parameters<P extends Path, M extends string, In extends string> =
  Operation<P, M> extends { parameters: infer A } ? (In extends keyof A ? A[In] : never) : never;
type BodyOf<P extends Path, M extends string> =
  Operation<P, M> extends { requestBody?: { content: { "application/json": infer B } } } ? B : never;

/** What a request of a route carries: `path` fills the braces of the path. */
export interface Asked<P extends Path, M extends string> {
  path?: Parameters<P, M, "path">;
  query?: Parameters<P, M, "query">;
  body?: BodyOf<P, M>;
  signal?: AbortSignal | undefined;
}

/** The state of the connection, and what the user can do about it. */
export type Status = "idle" | "connecting" | "online" | "offline" | "signed_out" | "suspended" | "closed";
export interface ConnectionState {
  status: Status;
  /** The reason of the last failure; null while there is none. */
  error: import("./errors.js").ParleyError | null;
  /** When the next try begins, in milliseconds of the reader's clock; null if none is planned. */
  retryAt: number | null;
  /** Whether this tab owns the connection of all tabs. */
  isLeader: boolean;
  hello: Hello | null;
}

/** A direct conversation that may not exist yet: the person, and what it is about. */
export interface Recipient {
  user_id: string;
  context?: { type: string; id: string; title?: string } | null;
}
export interface Draft {
  text?: string;
  kind?: "text" | "voice";
  reply_to?: string | null;
  mentions?: string[];
  custom_type?: string | null;
  metadata?: Record<string, unknown> | null;
  files?: (File | Blob)[];
  /** Ids of attachments that are uploaded already. */
  attachment_ids?: string[];
}

export type OutboxState = "waiting" | "uploading" | "sending" | "failed";
export interface OutboxFile {
  name: string;
  type: string;
  size: number;
  /** Absent after a reload in which the browser kept no files. */
  blob: Blob | null;
  client_id: string;
  attachment_id: string | null;
}
/** A message that no ack has confirmed. */
export interface OutboxEntry {
  client_id: string;
  conversation_id: string | null;
  to: Recipient | null;
  body: Omit<Draft, "files">;
  files: OutboxFile[];
  /** Milliseconds of the reader's clock. */
  created_at: number;
  state: OutboxState;
  /** 0 to 1 while files are uploaded. */
  progress: number;
  error: { code: string; detail: string; status: number } | null;
}

export type Input = import("./replica/replica.js").Input;

/** Where a client keeps what outlives it. Every method may reject: the client then continues without. */
export interface Storage {
  load(): Promise<{ conversations: [string, unknown][]; outbox: OutboxEntry[]; meta: [string, unknown][] }>;
  write(changes: {
    conversations?: [string, unknown][];
    outbox?: [string, OutboxEntry | null][];
    meta?: [string, unknown][];
  }): Promise<void>;
  clear(): Promise<void>;
  close(): void;
}
