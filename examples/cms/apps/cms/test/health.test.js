import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, bindings } from "../../../testing/cms.js";
import { database, quiet, unreachable } from "../../../testing/d1.js";
import manifest from "../package.json" with { type: "json" };

test("health is ok and names version, commit and Cloudflare's version id", async () => {
  const response = await ask(bindings(), "/api/health");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    status: "ok",
    version: manifest.version,
    commit: "4f2c1ab",
    versionId: "v-1",
    checks: { database: "ok", mcp: "ok" },
  });
});

test("health is never cached", async () => {
  assert.equal((await ask(bindings(), "/api/health")).headers.get("cache-control"), "no-store");
});

test("health is degraded when the database does not answer", async (t) => {
  quiet(t);
  const response = await ask(bindings({ DB: unreachable }), "/api/health");
  assert.equal(response.status, 503);
  const body = await response.json();
  assert.equal(body.status, "degraded");
  assert.equal(body.version, manifest.version);
  assert.equal(body.checks.database, "failed");
});

test("health is degraded before the first migration", async (t) => {
  quiet(t);
  const response = await ask(bindings({ DB: database({ through: "" }) }), "/api/health");
  assert.equal(response.status, 503);
});

test("health is degraded when the mcp binding does not answer", async (t) => {
  quiet(t);
  const MCP = { fetch: () => Promise.reject(new Error("no such service")) };
  const response = await ask(bindings({ MCP }), "/api/health");
  assert.equal(response.status, 503);
  assert.deepEqual((await response.json()).checks, { database: "ok", mcp: "failed" });
});

test("health is degraded when the mcp answers with an error", async (t) => {
  quiet(t);
  const MCP = { fetch: async () => new Response("boom", { status: 500 }) };
  assert.equal((await ask(bindings({ MCP }), "/api/health")).status, 503);
});

test("health does not tell strangers what broke", async (t) => {
  quiet(t);
  const text = await (await ask(bindings({ DB: unreachable }), "/api/health")).text();
  assert.doesNotMatch(text, /D1_ERROR/);
});

test("without a deploy the commit is unknown", async () => {
  const body = await (await ask(bindings({ COMMIT_SHA: undefined, CF_VERSION: undefined }), "/api/health")).json();
  assert.equal(body.commit, "unknown");
  assert.equal(body.versionId, null);
});
