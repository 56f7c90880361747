import assert from "node:assert/strict";
import { test } from "node:test";
import { payloadOf, Tokens } from "../../../web/client/tokens.js";
import { tokenUntil } from "./doubles.js";

test("the host is asked again before a token ends, and calls at the same time share the question", async (t) => {
  let now = 0;
  const source = t.mock.fn(async () => tokenUntil(now / 1000 + 100, { n: source.mock.callCount() }));
  const tokens = new Tokens(source, () => now);
  const [first, same] = await Promise.all([tokens.get(), tokens.get()]);
  assert.equal(first, same);
  now = 60_000;
  assert.equal(await tokens.get(), first);
  now = 71_000; // 29 s before its end
  assert.notEqual(await tokens.get(), first);
  assert.equal(source.mock.callCount(), 2);
});

test("a token that the server refused is asked for once more; if it is the same, the sign-in has ended", async (t) => {
  const token = tokenUntil(1000);
  const source = t.mock.fn(() => token);
  const tokens = new Tokens(source, () => 0);
  await tokens.get();
  await assert.rejects(tokens.renew(token), { code: "no_token" });
  assert.equal(source.mock.callCount(), 2);
});

test("a token of which another request has got a newer one is not asked for again", async (t) => {
  const source = t.mock.fn(async () => tokenUntil(1000, { n: source.mock.callCount() }));
  const tokens = new Tokens(source, () => 0);
  const old = await tokens.get();
  const [one, two] = await Promise.all([tokens.renew(old), tokens.renew(old)]);
  assert.equal(one, two);
  assert.equal(await tokens.renew(old), one);
  assert.equal(source.mock.callCount(), 2);
});

test("a token that ends soon is taken if the host has no newer one: the server alone knows what time it is", async () => {
  let now = 0;
  const token = tokenUntil(400);
  const tokens = new Tokens(token, () => now);
  await tokens.get();
  now = 100_000;
  assert.equal(await tokens.get(360_000), token);
  now = 400_000;
  assert.equal(await tokens.get(), token);
  await assert.rejects(tokens.renew(token), { code: "no_token" });
});

for (const [hours, is] of /** @type {const} */ ([
  [2, "ahead"],
  [-2, "behind"],
])) {
  test(`a clock that is two hours ${is} does not ask the host again and again`, async (t) => {
    let now = (100 + hours * 3600) * 1000;
    const source = t.mock.fn(async () => tokenUntil(3700, { iat: 100, n: source.mock.callCount() }));
    const tokens = new Tokens(source, () => now);
    await tokens.get();
    await tokens.get();
    tokens.skewMs = -hours * 3_600_000;
    await tokens.get();
    assert.equal(source.mock.callCount(), 1);
    now += 3_590_000; // ten seconds before its end
    await tokens.get();
    assert.equal(source.mock.callCount(), 2);
  });
}

for (const source of [async () => "", async () => undefined, async () => Promise.reject(new Error("of the host"))]) {
  test(`a host without a token: ${source}`, async () => {
    await assert.rejects(new Tokens(/** @type {any} */ (source), () => 0).get(), { code: "no_token" });
  });
}

test("claims are read in UTF-8, and an opaque token has none", () => {
  assert.deepEqual(payloadOf(`h.${Buffer.from('{"sub":"Zoë ✓"}').toString("base64url")}.s`), { sub: "Zoë ✓" });
  for (const opaque of ["", "opaque", "a.b.c", "a.bnVsbA.c"]) assert.deepEqual(payloadOf(opaque), {});
});

test("another person's token is refused at once, also while one's own is still good, and no token comes after it", async (t) => {
  let now = 0;
  let token = tokenUntil(100);
  const onOther = t.mock.fn();
  const tokens = new Tokens(
    () => token,
    () => now,
    onOther,
  );
  const own = await tokens.get();
  token = tokenUntil(1000, { sub: "bob" });
  now = 80_000;
  await assert.rejects(tokens.get(), { code: "other_person" });
  token = tokenUntil(1000);
  await assert.rejects(tokens.get(), { code: "other_person" });
  await assert.rejects(tokens.renew(own), { code: "other_person" });
  assert.equal(onOther.mock.callCount(), 1);
});
