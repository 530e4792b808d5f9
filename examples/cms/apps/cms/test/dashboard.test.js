import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, bindings } from "../../../testing/cms.js";
import { quiet, unreachable } from "../../../testing/d1.js";
import manifest from "../package.json" with { type: "json" };

const text = async (...call) => (await ask(...call)).text();

test("the sidebar shows the version badge on every page", async () => {
  const badge = `<span class="version-badge" data-version="${manifest.version}">v${manifest.version}</span>`;
  for (const path of ["/", "/login", "/pages/1"]) assert.ok((await text(bindings(), path)).includes(badge), path);
});

test("the dashboard lists published pages, the latest change first", async () => {
  const body = await text(bindings(), "/");
  const titles = [...body.matchAll(/<a href="\/pages\/[^"]+">([^<]+)<\/a>/g)].map(([, title]) => title);
  assert.deepEqual(titles, ["Welcome", "Shipping &amp; returns", "About us"]);
});

test("the dashboard shows what the mcp says", async () => {
  assert.match(await text(bindings(), "/"), /3 of 4 pages are published, 1 is a draft\./);
});

test("a broken mcp does not take the dashboard down", async (t) => {
  quiet(t);
  const broken = [
    () => Promise.reject(new Error("no such service")),
    async () => new Response("boom", { status: 500 }),
    async () => new Response("<html>"),
    async () => Response.json({ jsonrpc: "2.0", id: 1, error: { code: -32603, message: "internal error" } }),
  ];
  for (const fetch of broken) {
    const response = await ask(bindings({ MCP: { fetch } }), "/");
    assert.equal(response.status, 200);
    const body = await response.text();
    assert.match(body, /The assistant does not answer/);
    assert.match(body, /Welcome/);
  }
});

test("an empty site says so", async () => {
  const env = bindings();
  env.DB.sqlite.exec("DELETE FROM pages");
  const body = await text(env, "/");
  assert.match(body, /No pages yet\./);
  assert.match(body, /The site has no pages yet\./);
});

test("a database that is down answers 500 without details", async (t) => {
  quiet(t);
  const response = await ask(bindings({ DB: unreachable }), "/");
  assert.equal(response.status, 500);
  assert.deepEqual(await response.json(), { error: "internal error" });
});

test("the dashboard allows no script and no frame", async () => {
  const policy = (await ask(bindings(), "/")).headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
});

test("the style sheet is served and referred to with the version", async () => {
  const response = await ask(bindings(), "/style.css");
  assert.match(response.headers.get("content-type"), /^text\/css/);
  assert.ok((await text(bindings(), "/")).includes(`/style.css?v=${manifest.version}`));
});
