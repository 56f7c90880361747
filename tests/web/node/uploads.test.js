import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, ParleyError } from "../../../web/client/errors.js";
import { typeOf, Uploads } from "../../../web/client/uploads.js";

/** @typedef {import("../../../web/client/uploads.js").Attachment} Attachment */

const PLACE = { conversation_id: "d_1" };
const UPLOAD = { url: "https://bucket/", fields: { key: "a1", policy: "p" }, expires_at: "2026-11-29T12:15:00.000Z" };
const file = () => new File(["hello"], "note.txt", { type: "text/plain" });

/** @param {Partial<Attachment>} fields */
const attachment = (fields) => /** @type {Attachment} */ ({ id: "a1", state: "pending", ...fields });

/**
 * A server and a bucket: `answers` of POST in order, `looks` of GET in order, `statuses` of the bucket in order (0: no answer). `isPatient`: nobody looks.
 *
 * @param {{answers?: any[], looks?: any[], statuses?: number[], xhr?: any, isPatient?: boolean}} [script]
 */
function stage({
  answers = [{ attachment: attachment({}), upload: UPLOAD }],
  looks = [],
  statuses = [],
  xhr,
  isPatient = false,
} = {}) {
  /** @type {{method: string, path: string, body: any}[]} */
  const asked = [];
  /** @type {FormData[]} */
  const forms = [];
  let posted = 0;
  const uploads = new Uploads({
    rest: async (method, path, { body } = {}) => {
      asked.push({ method, path, body });
      if (method === "DELETE") return {};
      const answer = method === "POST" ? answers[Math.min(posted++, answers.length - 1)] : looks.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
    fetch: async (_url, options) => {
      forms.push(/** @type {FormData} */ (options?.body));
      options?.signal?.throwIfAborted();
      const status = statuses.shift() ?? 204;
      if (!status) throw new TypeError("failed");
      return new Response(status === 204 ? null : "<Error/>", { status });
    },
    XMLHttpRequest: xhr,
    setTimeout: (run) => isPatient || setTimeout(run, 1),
  });
  return { uploads, asked, forms };
}

/** @param {Promise<unknown>} promise @returns {Promise<ParleyError>} */
const refused = (promise) =>
  promise.then(
    () => assert.fail("it was not refused"),
    (error) => {
      assert.ok(error instanceof ParleyError, String(error));
      return error;
    },
  );

test("a file goes to the bucket by the form, and is there once it is clean", async () => {
  const { uploads, asked, forms } = stage({ looks: [{ attachment: attachment({ state: "clean" }) }] });
  /** @type {number[]} */
  const progress = [];
  const done = await uploads.upload(PLACE, file(), { clientId: "c1", onProgress: (one) => progress.push(one) });
  assert.equal(done.state, "clean");
  assert.deepEqual(asked[0], {
    method: "POST",
    path: "/conversations/d_1/attachments",
    body: { name: "note.txt", type: "text/plain", size: 5, client_id: "c1" },
  });
  assert.deepEqual([...(forms[0]?.keys() ?? [])], ["key", "policy", "file"], "the file is the last field");
  assert.deepEqual(progress, [1]);
});

test("a file before its conversation, or its ticket, names for whom it is", async () => {
  const { uploads, asked } = stage({ answers: [{ attachment: attachment({ state: "clean" }), upload: null }] });
  await uploads.upload({ user_id: "bob" }, file(), { clientId: "c1" });
  assert.equal(asked[0]?.path, "/attachments");
  assert.equal(asked[0]?.body.user_id, "bob");
});

test("the event ends the wait, whatever the order", async () => {
  const { uploads } = stage({ looks: [] });
  const done = uploads.upload(PLACE, file());
  uploads.hear(attachment({ state: "clean", name: "note.txt" }));
  uploads.hear(attachment({ state: "scanning" }));
  assert.equal((await done).name, "note.txt");
  const late = stage({ isPatient: true });
  const waited = late.uploads.upload(PLACE, file());
  await new Promise(setImmediate);
  late.uploads.hear(attachment({ state: "clean", name: "late.txt" }));
  assert.equal((await waited).name, "late.txt");
});

test("after a reload, the same clientId goes on where the upload was", async () => {
  const { uploads, forms } = stage({
    answers: [{ attachment: attachment({ state: "scanning" }), upload: null }],
    looks: [{ attachment: attachment({ state: "clean" }) }],
  });
  await uploads.upload(PLACE, file(), { clientId: "c1" });
  assert.equal(forms.length, 0);
});

test("a form that has ended is asked for again with a new client_id, once", async () => {
  const clean = { attachment: attachment({ state: "clean" }), upload: null };
  const { uploads, asked } = stage({ answers: [{ attachment: attachment({}), upload: null }, clean] });
  await uploads.upload(PLACE, file(), { clientId: "c1" });
  assert.notEqual(asked[1]?.body.client_id, "c1");
  const ended = stage({ answers: [{ attachment: attachment({}), upload: null }] });
  assert.equal((await refused(ended.uploads.upload(PLACE, file()))).code, "attachment_expired");
});

test("a failure on the way is tried again with the same client_id, and then may pass", async () => {
  const once = stage({ statuses: [0, 503], looks: [{ attachment: attachment({ state: "clean" }) }] });
  await once.uploads.upload(PLACE, file(), { clientId: "c1" });
  assert.deepEqual(
    once.asked.filter((one) => one.method === "POST").map((one) => one.body.client_id),
    ["c1", "c1", "c1"],
  );
  const always = stage({ statuses: [0, 0, 0, 0] });
  const error = await refused(always.uploads.upload(PLACE, file()));
  assert.deepEqual([error.code, error.mayPass], ["network", true]);
});

test("what the bucket refuses is not tried again", async () => {
  const { uploads, forms } = stage({ statuses: [400] });
  const error = await refused(uploads.upload(PLACE, file()));
  assert.deepEqual([error.code, error.mayPass, forms.length], ["upload_refused", false, 1]);
});

test("an infected and a rejected file are refusals that say so", async () => {
  const infected = stage({ looks: [{ attachment: attachment({ state: "infected" }) }] });
  assert.equal((await refused(infected.uploads.upload(PLACE, file()))).code, "attachment_infected");
  const rejected = stage({ looks: [{ attachment: attachment({ state: "rejected", code: "not_utf8" }) }] });
  const error = await refused(rejected.uploads.upload(PLACE, file()));
  assert.deepEqual([error.code, error.problem.reason], ["attachment_rejected", "not_utf8"]);
});

test("a type that the content denies is derived from the extension, once", async () => {
  const mismatch = { attachment: attachment({ state: "rejected", code: "type_mismatch" }) };
  const { uploads, asked } = stage({ looks: [mismatch, { attachment: attachment({ state: "clean" }) }] });
  const odd = new File(["hello"], "voice.webm", { type: "video/webm" });
  await uploads.upload(PLACE, odd, { clientId: "c1" });
  const types = asked.filter((one) => one.method === "POST").map((one) => one.body.type);
  assert.deepEqual(types, ["video/webm", "audio/webm"]);
  const same = stage({ looks: [mismatch] });
  assert.equal((await refused(same.uploads.upload(PLACE, file()))).problem.reason, "type_mismatch");
});

test("a file without a type gets that of its extension", async () => {
  assert.equal(typeOf("a.b.CSV"), "text/csv");
  assert.equal(typeOf("unknown"), "application/octet-stream");
  const { uploads, asked } = stage({ looks: [{ attachment: attachment({ state: "clean" }) }] });
  await uploads.upload(PLACE, new Blob(["a"]), { name: "a.md" });
  assert.equal(asked[0]?.body.type, "text/markdown");
});

test("an abort ends the upload at each step, and discards what there is", async () => {
  const early = stage();
  const aborted = await refused(early.uploads.upload(PLACE, file(), { signal: AbortSignal.abort() }));
  assert.equal(aborted.code, "aborted");
  assert.equal(early.asked.length, 0);
  const late = stage({ looks: [{ attachment: attachment({ state: "scanning" }) }] });
  const controller = new AbortController();
  const upload = refused(
    late.uploads.upload(PLACE, file(), { signal: controller.signal, onProgress: () => controller.abort() }),
  );
  assert.equal((await upload).code, "aborted");
  assert.deepEqual(late.asked.at(-1), { method: "DELETE", path: "/attachments/a1", body: undefined });
});

test("looks go on through failures that may pass, and end with others", async () => {
  const clean = { attachment: attachment({ state: "clean" }) };
  const { uploads } = stage({ looks: [failure("network", "gone"), clean] });
  assert.equal((await uploads.upload(PLACE, file())).state, "clean");
  const gone = new ParleyError({ status: 404, code: "attachment_not_found", detail: "gone" });
  assert.equal((await refused(stage({ looks: [gone] }).uploads.upload(PLACE, file()))).code, "attachment_not_found");
});

test("progress is told where there is an XMLHttpRequest, and an abort reaches it", async () => {
  /** A browser's, as far as uploads use it. */
  class Request {
    /** @type {any} */ upload = {};
    /** @type {any} */ onload;
    /** @type {any} */ onabort;
    /** @type {any} */ onloadend;
    status = 204;
    open() {}
    send() {
      this.upload.onprogress?.({ loaded: 2, total: 4 });
      if (!Request.holds) queueMicrotask(() => this.#end(this.onload));
    }
    abort() {
      this.#end(this.onabort);
    }
    /** @param {() => void} first */
    #end(first) {
      first();
      this.onloadend();
    }
    static holds = false;
  }
  const { uploads } = stage({ xhr: Request, looks: [{ attachment: attachment({ state: "clean" }) }] });
  /** @type {number[]} */
  const progress = [];
  await uploads.upload(PLACE, file(), { onProgress: (one) => progress.push(one) });
  assert.deepEqual(progress, [0.5, 1]);
  Request.holds = true;
  const controller = new AbortController();
  const held = stage({ xhr: Request });
  const upload = refused(
    held.uploads.upload(PLACE, file(), { signal: controller.signal, onProgress: () => controller.abort() }),
  );
  assert.equal((await upload).code, "aborted");
});
