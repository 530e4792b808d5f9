import assert from "node:assert/strict";
import { test } from "node:test";

import { database, migration, migrations } from "../../../testing/d1.js";

test("migrations are numbered without a gap", () => {
  const numbers = migrations().map((name) => Number(name.slice(0, 4)));
  assert.deepEqual(numbers, numbers.map((_, index) => index + 1));
});

test("a page needs a title and a known status", () => {
  const { sqlite } = database();
  assert.throws(() => sqlite.exec("INSERT INTO pages (title) VALUES ('')"), /CHECK/);
  assert.throws(() => sqlite.exec("INSERT INTO pages (title, status) VALUES ('x', 'gone')"), /CHECK/);
});

test("media outlives its page, a session does not outlive its user", () => {
  const { sqlite } = database();
  sqlite.exec("INSERT INTO media (page_id, object_key, content_type, bytes) VALUES (1, 'a.png', 'image/png', 3)");
  sqlite.exec("INSERT INTO users VALUES (1, 'r@example.com', 'R', 'x')");
  sqlite.exec("INSERT INTO sessions VALUES ('t', 1, '2030-01-01')");
  sqlite.exec("DELETE FROM pages; DELETE FROM users");
  assert.equal(sqlite.prepare("SELECT page_id FROM media").get().page_id, null);
  assert.equal(sqlite.prepare("SELECT count(*) AS n FROM sessions").get().n, 0);
});

test("no migration handles transactions itself, which D1 refuses", () => {
  const { sqlite } = database({ through: "" });
  // D1 runs each file in a transaction of its own: here one is open already, so that a BEGIN or COMMIT fails.
  for (const name of migrations()) sqlite.exec(`BEGIN;\n${migration(name)}\n;ROLLBACK;\n${migration(name)}`);
});
