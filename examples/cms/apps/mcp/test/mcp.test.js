import assert from "node:assert/strict";
import { test } from "node:test";

import { database, quiet, unreachable } from "../../../testing/d1.js";
import manifest from "../../cms/package.json" with { type: "json" };
import worker from "../src/index.js";

const ask = (path, init, DB = database()) =>
  worker.fetch(new Request(`https://mcp.test${path}`, init), { DB, COMMIT_SHA: "4f2c1ab" });

const send = (message, DB) => ask("/mcp", { method: "POST", body: JSON.stringify(message) }, DB);

async function call(method, params, DB) {
  return (await send({ jsonrpc: "2.0", id: 7, method, params }, DB)).json();
}

const tool = async (name, args, DB) => (await call("tools/call", { name, arguments: args }, DB)).result;

test("health names the number that the cms ships under", async () => {
  const response = await ask("/health");
  assert.equal(response.status, 200);
  const body = await response.json();
  assert.deepEqual(body, { status: "ok", version: manifest.version, commit: "4f2c1ab", versionId: null });
});

test("health is degraded when the database does not answer", async (t) => {
  quiet(t);
  assert.equal((await ask("/health", {}, unreachable)).status, 503);
});

test("initialize introduces the server", async () => {
  const { id, result } = await call("initialize", {});
  assert.equal(id, 7);
  assert.deepEqual(result.serverInfo, { name: "alokai-cms", version: manifest.version });
});

test("tools/list describes each tool and what it takes", async () => {
  const { tools } = (await call("tools/list")).result;
  assert.deepEqual(tools.map(({ name }) => name), ["site_summary", "list_pages", "read_page"]);
  assert.ok(tools.every(({ description, inputSchema }) => description && inputSchema.type === "object"));
});

test("each tool answers from the database", async () => {
  assert.equal((await tool("site_summary")).content[0].text, "3 of 4 pages are published, 1 is a draft. Last change: 2026-03-05.");
  assert.equal((await tool("list_pages")).content[0].text.split("\n")[0], "1: Welcome");
  assert.match((await tool("read_page", { id: 3 })).content[0].text, /wood since 1987/);
});

test("a draft is not read out", async () => {
  const { content, isError } = await tool("read_page", { id: 4 });
  assert.equal(isError, true);
  assert.doesNotMatch(content[0].text, /Twenty per cent/);
});

test("wrong requests get the code that JSON-RPC has for them", async () => {
  const code = async (message) => (await (await send(message)).json()).error.code;
  assert.equal((await (await ask("/mcp", { method: "POST", body: "{" })).json()).error.code, -32700);
  assert.equal(await code({ id: 1, method: "ping" }), -32600);
  assert.equal(await code(null), -32600);
  assert.equal(await code({ jsonrpc: "2.0", id: 1, method: "nope" }), -32601);
  assert.equal(await code({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "nope" } }), -32602);
  assert.equal(await code({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read_page" } }), -32602);
});

test("a failing database is an internal error without details", async (t) => {
  quiet(t);
  const { error } = await call("tools/call", { name: "site_summary" }, unreachable);
  assert.deepEqual(error, { code: -32603, message: "internal error" });
});

test("a notification gets no answer", async () => {
  const response = await send({ jsonrpc: "2.0", method: "notifications/initialized" });
  assert.equal(response.status, 202);
  assert.equal(await response.text(), "");
});

test("only POST talks to /mcp, and elsewhere is nothing", async () => {
  assert.equal((await ask("/mcp")).status, 405);
  assert.equal((await ask("/")).status, 404);
});
