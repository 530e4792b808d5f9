import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, bindings } from "../../../testing/cms.js";
import { CmsError, createClient } from "../src/index.js";

/** A client whose requests reach the real worker, in this process. */
function client(env = bindings(), options = {}) {
  const fetch = (address, init) => ask(env, address.pathname, init);
  return createClient({ url: "https://cms.test", fetch, ...options });
}

const answering = (response) => createClient({ url: "https://cms.test", fetch: async () => response });

test("health is what the cms says of itself", async () => {
  const health = await client().health();
  assert.equal(health.status, "ok");
  assert.equal(health.commit, "4f2c1ab");
});

test("a degraded cms is an answer, not an error", async (t) => {
  t.mock.method(console, "error", () => {});
  const MCP = { fetch: () => Promise.reject(new Error("no such service")) };
  assert.equal((await client(bindings({ MCP })).health()).status, "degraded");
});

test("pages are the published ones", async () => {
  assert.deepEqual((await client().pages()).map(({ title }) => title), ["Welcome", "Shipping & returns", "About us"]);
});

test("another status is an error that carries it", async () => {
  const pages = answering(new Response("gone", { status: 410 })).pages();
  await assert.rejects(pages, (error) => error instanceof CmsError && error.status === 410);
});

test("a page of HTML instead of JSON is an error that says so", async () => {
  await assert.rejects(answering(new Response("<html>")).health(), /\/api\/health answered 200 without JSON/);
});

test("no answer at all is an error without a status", async () => {
  const fetch = () => Promise.reject(new TypeError("fetch failed", { cause: new Error("connection refused") }));
  const health = createClient({ url: "https://cms.test", fetch }).health();
  await assert.rejects(health, { name: "CmsError", status: null, message: /does not answer: connection refused/ });
});

test("a path in the address is kept, and headers are sent", async () => {
  const seen = [];
  const fetch = async (address, init) => {
    seen.push(String(address), init.headers.authorization);
    return Response.json({ pages: [] });
  };
  await createClient({ url: "https://example.com/cms", fetch, headers: { authorization: "Bearer x" } }).pages();
  assert.deepEqual(seen, ["https://example.com/cms/api/pages", "Bearer x"]);
});
