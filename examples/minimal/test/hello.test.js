import assert from "node:assert/strict";
import test from "node:test";

import worker from "../src/index.js";

test("it greets", async () => {
  const answer = worker.fetch(new Request("https://hello.example.com/"), {});
  assert.equal(await answer.text(), "Hello.\n");
});

test("its health names the commit", async () => {
  const answer = worker.fetch(new Request("https://hello.example.com/api/health"), { COMMIT_SHA: "4f2c1ab" });
  const { status, commit } = await answer.json();
  assert.deepEqual([status, commit], ["ok", "4f2c1ab"]);
});
