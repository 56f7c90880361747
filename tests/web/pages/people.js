/** A store for tests of the elements around a thread: lists, a directory, a search, notifications and tickets beside what double.js has. */
import { Double } from "/given/double.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export class PeopleDouble extends Double {
  state = { isListed: true };
  notifications = { all: [], unseen: 0 };
  more = { active: false, archived: false };
  people = [];
  hits = [];
  drafts = new Map();
  #messages = new Set();

  constructor(people) {
    super(people);
    this.client = {
      userId: this.userId,
      rest: async (method, path, asked) => {
        this.calls.push([method, path, asked]);
        const answer = this.answers.get(`${method} ${path}`);
        if (answer instanceof Error) throw answer;
        return typeof answer === "function" ? answer(asked) : (answer ?? {});
      },
      on: (type, listener) => {
        if (type === "message") this.#messages.add(listener);
        return () => this.#messages.delete(listener);
      },
    };
  }

  /** An entry of the list with one last message. */
  addEntry(id, { ago = MINUTE, text = "Hello", from = "bob", last = {}, settings = {}, unread = 0, ...more } = {}) {
    const at = new Date(this.now() - ago).toISOString();
    return this.addConversation(id, {
      messages: [{ sender_id: from, text, created_at: at }],
      unread,
      unread_mentions: 0,
      created_at: at,
      last_activity_at: at,
      last_message: { seq: 1, sender_id: from, kind: "text", text, created_at: at, deleted_at: null, attachments: null, system: null, ...last },
      settings: { pinned: false, muted_until: null, notifications: "all", ...settings },
      ...more,
    });
  }

  /** Another person's message, as the client tells of it. */
  arrive(id, message) {
    const whole = this.receive(id, message);
    for (const listener of this.#messages) listener({ message: whole, conversation: this.conversation(id) });
  }

  conversations({ state = "active", q = "", filter = "all" } = {}) {
    return super
      .conversations({ q })
      .filter((one) => one.archived === (state === "archived"))
      .filter((one) => filter !== "unread" || one.unread > 0)
      .filter((one) => filter !== "pinned" || one.settings.pinned)
      .sort((a, b) => Number(b.settings.pinned) - Number(a.settings.pinned) || (a.last_activity_at < b.last_activity_at ? 1 : -1));
  }

  hasMore(state = "active") {
    return this.more[state];
  }

  #asked(name, asked, answer) {
    this.calls.push([name, ...asked]);
    const error = this.failing.get(name);
    return error ? Promise.reject(error) : new Promise((done) => setTimeout(() => done(answer()), this.delay));
  }

  loadMore(state) {
    return this.#asked("loadMore", [state], () => {
      this.more[state] = false;
      this.loads?.(state);
      this.tell();
    });
  }

  directory(query) {
    return this.#asked("directory", [query], () => ({
      users: this.people.filter(({ name }) => !query.q || name.toLowerCase().includes(query.q.toLowerCase())),
      next: null,
    }));
  }

  search(query) {
    return this.#asked("search", [query], () => ({ results: this.hits, next: null }));
  }

  findConversations(q) {
    return this.#asked("findConversations", [q], () => this.finds ?? []);
  }

  begin(recipient) {
    return this.#asked("begin", [recipient], () => this.idWith(recipient));
  }

  openContext(recipient) {
    return this.#asked("openContext", [recipient], () => {
      if (!this.conversation("d_new")) this.addEntry("d_new", { members: ["alice", recipient.user_id], text: "" });
      return "d_new";
    });
  }

  createGroup(group) {
    return this.#asked("createGroup", [group], () => {
      this.addEntry("g_new", { type: "group", title: group.title, title_shown: group.title, members: ["alice", ...group.member_ids] });
      return "g_new";
    });
  }

  explain(recipient) {
    return this.#asked("explain", [recipient], () => this.explanation ?? { allowed: true, code: "allowed", detail: "", conversation_id: null });
  }

  setSettings(id, settings) {
    return this.#asked("setSettings", [id, settings], () => this.change(id, { settings: { ...this.conversation(id).settings, ...settings } }));
  }

  mute(id, until) {
    const muted_until = until === null ? null : new Date(Math.min(until, this.now() + 365 * DAY)).toISOString();
    return this.setSettings(id, { muted_until });
  }

  archive(id, archived) {
    return this.#asked("archive", [id, archived], () => this.change(id, { archived }));
  }

  pins(id) {
    return this.#asked("pins", [id], () => ({ messages: this.pinned ?? [], next: null }));
  }

  setRole(...asked) {
    return this.#asked("setRole", asked, () => ({}));
  }

  removeMember(...asked) {
    return this.#asked("removeMember", asked, () => ({}));
  }

  addMembers(...asked) {
    return this.#asked("addMembers", asked, () => ({}));
  }

  updateConversation(id, change) {
    return this.#asked("updateConversation", [id, change], () => this.change(id, change));
  }

  send(to, draft) {
    if (typeof to === "string") return super.send(to, draft);
    return {
      clientId: "c1",
      message: this.openContext(to).then((id) => super.send(id, draft).message),
    };
  }

  loadNotifications(cursor) {
    return this.#asked("loadNotifications", [cursor], () => ({ notifications: this.notifications.all, next: null }));
  }

  seeNotification(id) {
    return this.#asked("seeNotification", [id], () => {
      const all = this.notifications.all.map((one) => (id === undefined || one.id === id ? { ...one, seen: true } : one));
      this.notifications = { all, unseen: all.filter(({ seen }) => !seen).length };
      this.tell();
    });
  }
}

/** A list as a person has it. */
export function inboxOf(Store = PeopleDouble) {
  const store = new Store({
    bob: "Bob Stone",
    carol: "Carol Díaz",
    dora: "Dóra Kovács",
    yuki: "田中ゆき",
    layla: "ليلى حداد",
    otto: "Otto Brandt",
    mia: "Mia Rossi",
  });
  store.addEntry("d_1", { ago: 2 * MINUTE, text: "Shall we meet at **four** then? I have the *drawings* with me.", unread: 3, members: ["alice", "bob"] });
  store.addEntry("d_2", { ago: 64 * MINUTE, from: "alice", text: "Thank you, that helps a lot 🙏", members: ["alice", "carol"], settings: { pinned: true } });
  store.addEntry("g_1", {
    ago: 3 * 60 * MINUTE,
    type: "group",
    title: "Spring fair 🌷",
    title_shown: "Spring fair 🌷",
    members: ["alice", "bob", "dora", "mia"],
    from: "dora",
    text: "",
    unread: 12,
    unread_mentions: 1,
    last: { text: "", attachments: { count: 2, kind: "image", name: "tent.png" } },
  });
  store.addEntry("d_3", { ago: 20 * 60 * MINUTE, from: "yuki", text: "橋が閉まらない 😮", members: ["alice", "yuki"], settings: { muted_until: "2027-01-01T00:00:00.000Z" }, unread: 1 });
  store.addEntry("d_4", { ago: 2 * DAY, from: "layla", text: "شكرا جزيلا، أراك غدا", members: ["alice", "layla"] });
  store.addEntry("d_5", { ago: 9 * DAY, from: "otto", text: "", members: ["alice", "otto"], title: "Fair Isle shawl No. 12", title_shown: "Fair Isle shawl No. 12", last: { kind: "voice", text: "", attachments: { count: 1, kind: "audio", name: "voice.webm" } } });
  store.addEntry("d_6", { ago: 12 * DAY, from: "mia", text: "", members: ["alice", "mia"], last: { deleted_at: "2026-11-17T12:00:00.000Z", text: "" } });
  store.setPresence("bob", true);
  store.setPresence("carol", false, new Date(store.now() - 40 * MINUTE).toISOString());
  store.change("d_4", { draft: "Yes, I will" });
  store.people = ["bob", "carol", "dora", "yuki", "layla", "otto", "mia"].map((id) => store.user(id));
  return store;
}
