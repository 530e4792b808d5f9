import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, bindings } from "../../../testing/cms.js";

function withPage(title, body = "") {
  const env = bindings();
  env.DB.sqlite.prepare("INSERT INTO pages (id, title, body, status) VALUES (90, ?, ?, 'published')").run(title, body);
  return env;
}

test("a page shows its title and its paragraphs", async () => {
  const response = await ask(bindings(), "/pages/1");
  assert.equal(response.status, 200);
  const body = await response.text();
  assert.match(body, /<h1>Welcome<\/h1>/);
  assert.match(body, /<p>Edit it to say what you sell\.<\/p>/);
});

test("markup in a page is shown, not run", async () => {
  const env = withPage(`<script>alert("x")</script>`, "<img src=x onerror='alert(1)'>");
  for (const path of ["/", "/pages/90"]) {
    const body = await (await ask(env, path)).text();
    assert.doesNotMatch(body, /<script|<img/);
    assert.match(body, /&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;/);
  }
});

test("a draft is not found by strangers", async () => {
  assert.equal((await ask(bindings(), "/pages/4")).status, 404);
});

test("what is no page is a 404 in JSON", async () => {
  for (const path of ["/pages/99", "/pages/0", "/pages/1%20OR%201=1", "/pages/", "/nowhere", "/api/nowhere"]) {
    const response = await ask(bindings(), path);
    assert.equal(response.status, 404, path);
    assert.deepEqual(await response.json(), { error: "not found" });
  }
});

test("another method is not found either", async () => {
  assert.equal((await ask(bindings(), "/api/pages", { method: "DELETE" })).status, 404);
});

test("HEAD is answered as GET", async () => {
  assert.equal((await ask(bindings(), "/pages/1", { method: "HEAD" })).status, 200);
});

test("/api/pages lists published pages only", async () => {
  const { pages } = await (await ask(bindings(), "/api/pages")).json();
  assert.deepEqual(pages.map(({ id }) => id), [1, 2, 3]);
  assert.ok(pages.every(({ status }) => status === "published"));
});
