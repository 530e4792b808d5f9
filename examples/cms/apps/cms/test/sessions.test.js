import assert from "node:assert/strict";
import { before, test } from "node:test";

import { ask, bindings } from "../../../testing/cms.js";
import { hashPassword } from "../src/sessions.js";

let hash;
before(async () => {
  hash = await hashPassword("correct horse");
});

function withUser() {
  const env = bindings();
  env.DB.sqlite.prepare("INSERT INTO users (email, name, password_hash) VALUES ('robin@example.com', 'Robin', ?)").run(hash);
  return env;
}

const logIn = (env, email, password) =>
  ask(env, "/login", { method: "POST", body: new URLSearchParams({ email, password }) });

test("who signs in sees drafts", async () => {
  const env = withUser();
  const response = await logIn(env, "Robin@example.com", "correct horse");
  assert.equal(response.status, 303);
  const cookie = response.headers.get("set-cookie");
  assert.match(cookie, /HttpOnly; Secure; SameSite=Lax/);
  const headers = { cookie: cookie.split(";")[0] };
  assert.match(await (await ask(env, "/", { headers })).text(), /Spring sale/);
  assert.equal((await ask(env, "/pages/4", { headers })).status, 200);
});

test("a wrong password and an unknown email get the same answer", async () => {
  const env = withUser();
  const wrong = await logIn(env, "robin@example.com", "nope");
  const unknown = await logIn(env, "nobody@example.com", "nope");
  assert.deepEqual([wrong.status, unknown.status], [401, 401]);
  assert.equal(await wrong.text(), await unknown.text());
  assert.equal(wrong.headers.get("set-cookie"), null);
});

test("the database does not hold the cookie itself", async () => {
  const env = withUser();
  const response = await logIn(env, "robin@example.com", "correct horse");
  const [, token] = /cms_session=(\w+)/.exec(response.headers.get("set-cookie"));
  const { token_hash: stored } = env.DB.sqlite.prepare("SELECT token_hash FROM sessions").get();
  assert.notEqual(stored, token);
});

test("an expired session shows no drafts", async () => {
  const env = withUser();
  const response = await logIn(env, "robin@example.com", "correct horse");
  env.DB.sqlite.exec("UPDATE sessions SET expires_at = '2020-01-01T00:00:00.000Z'");
  const headers = { cookie: response.headers.get("set-cookie").split(";")[0] };
  assert.doesNotMatch(await (await ask(env, "/", { headers })).text(), /Spring sale/);
});

test("a login without a form is refused, not an error", async () => {
  assert.equal((await ask(withUser(), "/login", { method: "POST" })).status, 401);
});
