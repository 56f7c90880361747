/** The documented snippets of the old systems' front ends, over Parley. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { memoryStorage } from "../../../../web/client/index.js";
import { ChatService, chatService } from "../../../../web/compat/chat-service.js";
import { messaging } from "../../../../web/compat/messaging.js";
import { createStore } from "../../../../web/store/index.js";
import { reactHooks } from "../../../../web/store/react.js";
import { device, people, until } from "./people.js";

const installed = createRequire(`${process.cwd()}/package.json`); // of web/, where React is
const React = installed("react");
const { create } = installed("react-test-renderer");

const { PARLEY_URL = "", PARLEY_SOCKET_URL = "" } = process.env;
const HERE = { url: PARLEY_URL, socketUrl: PARLEY_SOCKET_URL, locks: null };

/** @param {string} name */
const person = (name) => /** @type {{id: string, name: string, token: string}} */ (people[name]);

/** Renders what a component returns, and hands out its newest values. @param {any} Component */
function rendered(Component) {
  const root = create(React.createElement(Component));
  return { end: () => root.unmount() };
}

test("A: chatService connects, sends with files, and hears", async (t) => {
  const b = createStore(device("bob"));
  t.after(() => {
    b.client.close();
    chatService.disconnect();
  });
  await b.load();
  const id = await b.openContext({ user_id: person("alice").id });
  await b.open(id);

  // As its documents have it.
  /** @type {any[]} */
  const heard = [];
  chatService.configure({ ...HERE, storage: memoryStorage() });
  await chatService.connect(person("alice").token);
  chatService.on("new_message", (message) => heard.push(message));
  const files = [new File(["a,b"], "list.csv", { type: "text/csv" })];
  const sent = await chatService.sendMessage(id, { message: "Hello", files });

  assert.deepEqual([sent.message, sent.attachments[0]?.name], ["Hello", "list.csv"]);
  await until("Bob has it", () => b.thread(id).messages.at(-1)?.text === "Hello");
  await b.send(id, { text: "Hi" }).message;
  await until("chatService says so, also without joining", () => heard.length === 1);
  assert.deepEqual([heard[0].message, heard[0].sender_id, heard[0].conversation_id], ["Hi", person("bob").id, id]);

  /** @type {any[]} */
  const typing = [];
  chatService.on("user_typing", (data) => typing.push(data.user_id));
  const history = await chatService.joinConversation(id);
  assert.deepEqual(
    history.map((one) => one.message),
    ["Hello", "Hi"],
  );
  b.startTyping(id);
  await until("it hears typing", () => typing.includes(person("bob").id));
  await chatService.markAsRead(heard[0].id);
  assert.equal(chatService.getConversations()[0]?.unread, 0);
  assert.equal((await chatService.requestUserStatus([person("bob").id]))[person("bob").id]?.online, true);
  chatService.startTyping(id);
  await until("Bob sees typing", () => b.typing(id).length === 1);
  chatService.stopTyping(id);
  await until("and its end", () => b.typing(id).length === 0);
  chatService.leaveConversation(id);
});

test("A: listeners stay across connections, end by what `on` returned and by `off`, and hear of the connection", async () => {
  const service = new ChatService().configure({ ...HERE, storage: memoryStorage() });
  /** @type {string[]} */
  const heard = [];
  const end = service.on("connect", () => heard.push("first"));
  const second = () => heard.push("second");
  service.on("connect", second);
  service.on("disconnect", () => heard.push("gone"));
  await service.connect(person("carol").token);
  end();
  service.off("connect", second);
  assert.equal(service.isConnected, true);
  await service.connect(() => person("carol").token);
  assert.deepEqual(heard, ["first", "second", "gone"]);
  service.disconnect();
  await assert.rejects(service.sendMessage("d_1", { message: "x" }), /connect\(token\) first/);
});

test("A: a refused token rejects, and a message to a person opens the conversation", async () => {
  const service = new ChatService().configure({ ...HERE, storage: memoryStorage() });
  await assert.rejects(service.connect("no.token.atall"), { name: "ParleyError" });
  await service.connect(person("carol").token);
  const sent = await service.sendMessage({ user_id: person("dave").id }, { message: "Hello, Dave" });
  assert.match(sent.conversation_id, /^d_/);
  service.disconnect();
});

test("C: useMessaging and useWebSocket have what its components use", async (t) => {
  const store = createStore(device("buyer"));
  const other = createStore(device("creator"));
  const { MessagingProvider, useMessaging, useWebSocket } = messaging(React, store);
  /** @type {any} */
  let shown = {};
  /** @type {any} */
  let socket = {};
  /** @type {any[]} */
  const heard = [];

  // As its documents have it.
  function Page() {
    shown = useMessaging();
    socket = useWebSocket({
      onMessageReceived: (message) => heard.push(["message", message.content]),
      onNotification: (message) => heard.push(["notification", message.content]),
      onMessageRead: (read) => heard.push(["read", read.userId]),
      onUserTyping: (typing) => heard.push(["typing", typing.userId]),
    });
    return null;
  }
  const page = rendered(() => React.createElement(MessagingProvider, null, React.createElement(Page)));
  t.after(() => {
    page.end();
    for (const one of [store, other]) one.client.close();
  });

  await until("it is connected", () => shown.isConnected);
  assert.deepEqual([socket.isConnected, shown.connectionError, shown.unreadCount], [true, null, 0]);
  const id = await shown.createPatternConversation("shawl", person("creator").id);
  await until("it is the current one", () => shown.currentConversation?.id === id);
  assert.equal(shown.currentConversation.patternId, "shawl");
  const sending = shown.sendMessage(id, "Is the pattern for beginners?");
  await until(
    "it is shown at once",
    () => shown.currentConversation.messages[0]?.content === "Is the pattern for beginners?",
  );
  const sent = await sending;
  assert.deepEqual([sent.senderId, sent.recipientId, sent.isRead], [person("buyer").id, person("creator").id, false]);

  await other.load();
  await other.open(id);
  await other.markRead(id);
  await until("it is read", () => shown.currentConversation.messages[0]?.isRead === true);
  other.startTyping(id);
  await until("the creator types", () => shown.typingUsers.includes(person("creator").id));
  await other.send(id, { text: "Yes" }).message;
  await until("the answer is unread", () => shown.unreadCount === 1 && shown.currentConversation.messages.length === 2);
  assert.deepEqual(shown.typingUsers, []);
  assert.equal(shown.conversations[0].lastMessage, "Yes");
  assert.deepEqual(shown.conversations[0].participantIds.sort(), [person("buyer").id, person("creator").id].sort());
  await shown.markAsRead(id);
  await until("nothing is unread", () => shown.unreadCount === 0);
  for (const one of [
    ["message", "Yes"],
    ["read", person("creator").id],
    ["typing", person("creator").id],
  ])
    assert.ok(
      heard.some((other) => String(other) === String(one)),
      String(one),
    );

  shown.startTyping(id);
  await until("the creator sees it", () => other.typing(id).length === 1);
  await until("and its end after two seconds", () => other.typing(id).length === 0, 4500);
  assert.equal((await shown.loadConversations())[0].id, id);
  assert.equal((await shown.loadConversation(id)).messages.length, 2);
});

test("React: a component is drawn again for what it shows, and for nothing else", async (t) => {
  const store = createStore(device("grace"));
  const other = createStore(device("dave"));
  const { useStore, useParley } = reactHooks(React);
  let draws = 0;
  /** @type {any} */
  let parley = {};
  const counter = rendered(() => {
    draws++;
    return String(useStore(store, (now) => now.unread));
  });
  const page = rendered(() => {
    parley = useParley(store);
    return null;
  });
  t.after(() => {
    counter.end();
    page.end();
    for (const one of [store, other]) one.client.close();
  });
  await until("it connects by being shown", () => parley.isConnected);
  await other.load();
  const id = await parley.openContext({ user_id: person("dave").id });
  await until("it is selected and read", () => parley.thread?.foundOldest === true);
  const before = draws;
  await parley.send(id, { text: "Hello" }).message;
  await until("it is shown", () => parley.thread.messages.length === 1);
  assert.equal(draws, before, "nothing is unread");
  await other.open(id);
  await other.send(id, { text: "Hi" }).message;
  await until("one is unread", () => parley.unread === 1);
  assert.equal(draws, before + 1);
  await parley.markRead(id);
  await until("none", () => parley.unread === 0);
  parley.select(null);
  await until("the conversation is closed", () => parley.current === null && parley.thread === null);
});

/** An example of the guide, as the pytest has put it. @param {string} name @returns {Promise<any>} */
const example = (name) => import(`${process.env.PARLEY_EXAMPLES}/${name}.mjs`);

/** What a rendered tree shows. @param {any} root */
const wordsOf = (root) => JSON.stringify(root.toJSON());

/** @param {any} root @param {string} words */
const press = (root, words) =>
  root.root
    .findAll((/** @type {any} */ one) => one.type === "button" && one.props.children === words)[0]
    .props.onClick();

test("the guide's React example shows a list, a thread and what is typed", async (t) => {
  const { Inbox, Unread } = await example("inbox");
  const [store, other] = [createStore(device("erin")), createStore(device("frank"))];
  await other.load();
  const id = await other.openContext({ user_id: person("erin").id });
  await other.send(id, { text: "Are you there?" }).message;
  const page = create(React.createElement(Inbox, { store }));
  const badge = create(React.createElement(Unread, { store }));
  t.after(() => {
    page.unmount();
    badge.unmount();
    for (const one of [store, other]) one.client.close();
  });
  await until("the list is there", () => wordsOf(page).includes("Frank (1)"));
  assert.match(wordsOf(badge), /"1"|1/);
  press(page, "Frank (1)");
  await until("the thread is there", () => wordsOf(page).includes("Are you there?"));
  press(page, "Read");
  await until("it is read", () => wordsOf(page).includes("Frank (0)"));
  press(page, "Say hello");
  await until("it is sent", () => other.conversation(id)?.last_message?.text === "Hello");
});

test("the guide's examples of the façades run", async (t) => {
  const { say, start } = await example("panel");
  const [buyer, creator] = [createStore(device("buyer")), createStore(device("creator"))];
  /** @type {any} */ (globalThis).example = { store: buyer };
  const { Page } = await example("messaging");
  const page = create(React.createElement(Page, { patternId: "shawl", creatorId: person("creator").id }));
  t.after(() => {
    page.unmount();
    chatService.disconnect();
    for (const one of [buyer, creator]) one.client.close();
  });
  await creator.load();
  await until("it is connected", () => buyer.connection.status === "online");
  press(page, "Ask (0)");
  await until("it is shown", () => wordsOf(page).includes("Is it for beginners?"));

  chatService.configure({ ...HERE, storage: memoryStorage() }); // the example has the addresses of `make run`
  /** @type {string[]} */
  const shown = [];
  await start(person("frank").token, (/** @type {string} */ text) => shown.push(text));
  const erin = createStore(device("erin"));
  t.after(() => erin.client.close());
  await erin.load();
  const id = await erin.openContext({ user_id: person("frank").id });
  await erin.send(id, { text: "Hello, panel" }).message;
  await until("the panel shows it", () => shown.includes("Hello, panel"));
  await say(id, "Hello back", []);
  await until("Erin has it", () => erin.conversation(id)?.last_message?.text === "Hello back");
});
