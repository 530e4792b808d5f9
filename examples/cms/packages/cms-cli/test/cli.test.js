import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { ask, bindings } from "../../../testing/cms.js";
import manifest from "../../../apps/cms/package.json" with { type: "json" };
import { run } from "../src/cli.js";

/** The real worker behind a real socket, for as long as the test runs. */
async function serve(t, env = bindings()) {
  const server = createServer(async (request, response) => {
    const answer = await ask(env, request.url);
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

async function cms(...argv) {
  const lines = { out: [], err: [] };
  const code = await run(argv, { out: (line) => lines.out.push(line), err: (line) => lines.err.push(line) });
  return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
}

test("cms health prints status, version and commit", async (t) => {
  assert.deepEqual(await cms("health", "--url", await serve(t)), { code: 0, out: `ok  ${manifest.version}  4f2c1ab`, err: "" });
});

test("cms health exits 1 and names what failed", async (t) => {
  t.mock.method(console, "error", () => {});
  const MCP = { fetch: () => Promise.reject(new Error("no such service")) };
  const { code, out } = await cms("health", "--url", await serve(t, bindings({ MCP })));
  assert.equal(code, 1);
  assert.match(out, /^degraded .* failed: mcp$/);
});

test("cms pages prints a line a page", async (t) => {
  const { code, out } = await cms("pages", "--url", await serve(t));
  assert.equal(code, 0);
  assert.deepEqual(out.split("\n")[0], "1  2026-03-02  Welcome");
});

test("--json prints what the api answered", async (t) => {
  const url = await serve(t);
  assert.equal(JSON.parse((await cms("health", "--url", url, "--json")).out).version, manifest.version);
  assert.equal(JSON.parse((await cms("pages", "--url", url, "--json")).out).length, 3);
});

test("a cms that does not answer exits 1 with one line", async () => {
  const { code, out, err } = await cms("health", "--url", "http://127.0.0.1:1");
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /^cms: http:\/\/127\.0\.0\.1:1\/api\/health does not answer/);
});

test("wrong use exits 2 and shows the usage", async () => {
  for (const argv of [[], ["nope"], ["health"], ["health", "--url", "nope"], ["health", "pages"], ["health", "--nope"]]) {
    const { code, err } = await cms(...argv);
    assert.equal(code, 2, argv.join(" "));
    assert.match(err, /usage: cms health/);
  }
});

test("--help prints the usage", async () => {
  const { code, out } = await cms("--help");
  assert.equal(code, 0);
  assert.match(out, /cms pages/);
});
