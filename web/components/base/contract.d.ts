/** What the elements ask of a store: `web/store` keeps to it. */
import type { ConnectionState, Draft, NamedUser, Recipient } from "../../client/types.d.ts";
import type { components } from "../../client/wire.d.ts";

type Schemas = components["schemas"];
export type Message = Schemas["Message"];
export type Conversation = Schemas["Conversation"];
export type Me = Schemas["Me"];
export type Attachment = Schemas["MessageAttachment"];
export type { ConnectionState, Draft, NamedUser, Recipient };

export interface User {
  id: string;
  name: string | null;
  role: string;
  avatar_url?: string | null;
}
export type ShownConversation = Conversation & {
  title_shown: string;
  other: User | null;
  draft?: string | null;
  typing?: string[];
};
export interface Pending {
  state: "waiting" | "uploading" | "sending" | "failed";
  progress: number;
  error: { code: string; detail: string; status: number } | null;
}
/** A message of the wire, or one of the outbox at the end: that one has `pending`. */
export type ShownMessage = Message & { pending?: Pending | null };
export interface ShownThread {
  messages: ShownMessage[];
  foundOldest: boolean;
  foundNewest: boolean;
  isLoading: boolean;
  error: unknown;
  /** The message that `jump` asked for: another object each time. */
  goal?: { seq: number } | null;
}
export interface Presence {
  online: boolean | null;
  last_seen: string | null;
}
export interface ListOptions {
  state?: "active" | "archived";
  q?: string;
  filter?: "all" | "unread" | "pinned";
}

export interface Store {
  readonly client: any;
  readonly state: unknown;
  subscribe(listener: () => void): () => void;
  readonly connection: ConnectionState;
  readonly me: Me | null;
  readonly unread: number;
  readonly current: string | null;
  readonly notifications: { all: any[]; unseen: number | null };
  select(id: string | null): void;
  conversations(options?: ListOptions): ShownConversation[];
  conversation(id: string): ShownConversation | null;
  thread(id: string): ShownThread;
  user(id: string): User;
  presence(userId: string): Presence;
  typing(id: string): string[];
  [action: string]: any;
}
