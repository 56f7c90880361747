/** What the tests of elements do on their pages, as properties of the window. */
import { Double } from "/given/double.js";
import { configure } from "/web/components/index.js";

const STYLE = `html, body { height: 100%; margin: 0 } main { display: flex; flex-direction: column; height: 100dvh }
  parley-thread { flex: 1; min-height: 0 }`;
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);
document.adoptedStyleSheets = [sheet];

const store = new Double();
const thread = document.querySelector("parley-thread");
const composer = document.querySelector("parley-composer");
const ago = (minutes) => new Date(store.now() - minutes * 60_000).toISOString();

/** Bytes as a file of the page's own. */
const addressOf = (bytes, type) => URL.createObjectURL(new Blob([bytes], { type }));
const pixel = addressOf(
  Uint8Array.from(atob(PIXEL), (letter) => letter.charCodeAt(0)),
  "image/png",
);

/** Two seconds of nothing, as a WAV file. */
function silence(seconds = 2) {
  const rate = 8000;
  const bytes = new Uint8Array(44 + rate * seconds).fill(128);
  const view = new DataView(bytes.buffer);
  const write = (at, text) => {
    [...text].forEach((letter, n) => {
      bytes[at + n] = letter.charCodeAt(0);
    });
  };
  write(0, "RIFF");
  write(8, "WAVEfmt ");
  write(36, "data");
  for (const [at, value] of [
    [4, bytes.length - 8],
    [16, 16],
    [24, rate],
    [28, rate],
    [40, rate * seconds],
  ]) {
    view.setUint32(at, value, true);
  }
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 1],
    [34, 8],
  ]) {
    view.setUint16(at, value, true);
  }
  return addressOf(bytes, "audio/wav");
}

const image = (id, more) => ({
  id,
  name: `${id}.png`,
  type: "image/png",
  kind: "image",
  size: 5,
  width: 640,
  height: 320,
  ...more,
});
const pdf = (id = "f") => ({ id, name: "plan.pdf", type: "application/pdf", kind: "file", size: 120_000, pages: 3 });
const voice = (id) => ({
  id,
  name: "voice.wav",
  type: "audio/wav",
  kind: "audio",
  size: 9,
  duration_ms: 2000,
  waveform: Array(64).fill(50),
});

/** A message of the outbox. */
const pending = (client_id, state, error = null, more = {}) => ({
  id: null,
  seq: null,
  client_id,
  conversation_id: "d_1",
  sender_id: "alice",
  kind: "text",
  text: client_id,
  mentions: [],
  attachments: [],
  reactions: [],
  created_at: ago(0),
  files: [],
  pending: { state, progress: 0, error },
  ...more,
});

/** Messages with their numbers in their texts. */
const numbered = (count) =>
  Array.from({ length: count }, (_, n) => ({
    text: `message ${n + 1}!${" and more words".repeat(n % 7)}`,
    sender_id: n % 3 ? "bob" : "alice",
  }));

const rows = () => [...thread.shadowRoot.querySelectorAll("[data-key]")];
const scroller = () => thread.shadowRoot.querySelector(".scroller");
const numberOf = (row) => Number(row.textContent.match(/message (\d+)/)?.[1]);

/** The numbers of the messages that are on the screen. */
const onScreen = () => {
  const box = scroller().getBoundingClientRect();
  const isSeen = ({ top, bottom }) => bottom > box.top + 1 && top < box.bottom - 1;
  return rows()
    .filter((row) => isSeen(row.getBoundingClientRect()))
    .map(numberOf)
    .filter(Boolean);
};

/** The first message of the screen, and where its bubble begins. */
const place = () => {
  const box = scroller().getBoundingClientRect();
  const row = rows().find((one) => one.getBoundingClientRect().bottom > box.top + 5);
  return [numberOf(row), Math.round(row.querySelector(".bubble").getBoundingClientRect().top)];
};

/** What has the focus: a message's number, or what a button says. */
const focused = () => {
  const at = thread.shadowRoot.activeElement;
  return at?.textContent.match(/message (\d+)/)?.[1] ?? at?.ariaLabel ?? at?.textContent;
};

/** Everything that a thread can show. */
function everything() {
  store.answers.set("a_1", { url: pixel, thumbnail_url: null, expires_at: ago(-9) });
  const messages = [
    { text: "Some **bold** `code` and https://example.com" },
    { sender_id: "alice", text: "mine @Bob Stone", mentions: ["bob"], pinned: true, edited_at: ago(1) },
    { text: "> quoted\n\n- list\n\n```\ncode\n```", mentions: ["alice"] },
    { deleted_at: ago(3) },
    { text: "x", blocked: true },
    { kind: "system", system: { event: "members_added", user_ids: ["carol"] } },
    { attachments: [pdf()] },
    { sender_id: "alice", attachments: [pdf()] },
    { attachments: [image("a_1")], reactions: [{ emoji: "👍", count: 3, mine: true }] },
    { kind: "voice", attachments: [voice("v")] },
    { sender_id: "alice", text: "answer", reply_to: "d_1.1", reactions: [{ emoji: "🎉", count: 1, mine: false }] },
    { text: "🎉" },
  ];
  store.addConversation("d_1", { members: ["alice", "bob", "carol"], read_seq: 9, unread: 3, messages });
  store.setTyping("d_1", ["bob"]);
  store.setPending("d_1", [pending("failed", "failed", { code: "network", detail: "x" })]);
}

Object.assign(window, { store, thread, composer, ago, pixel, silence, image, pdf, voice, pending, numbered, rows });
Object.assign(window, { scroller, onScreen, place, everything, focused, configure });
window.calls = (name) => store.calls.filter(([called]) => called === name).map(([, ...asked]) => asked);
/** A refusal, as the client throws it. */
window.refusal = (code, detail) => Object.assign(new Error(detail), { code, detail });
