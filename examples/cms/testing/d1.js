// D1 as far as these workers use it, over Node's own SQLite: tests run the real SQL against the real migrations.
import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const MIGRATIONS = new URL("../apps/cms/migrations/", import.meta.url);

/** The names of the migration files, in the order in which wrangler applies them. */
export const migrations = () => readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql")).toSorted();

/** The text of one of them. */
export const migration = (name) => readFileSync(new URL(name, MIGRATIONS), "utf8");

class Statement {
  constructor(sqlite, sql, values = []) {
    Object.assign(this, { sqlite, sql, values });
  }

  bind(...values) {
    return new Statement(this.sqlite, this.sql, values);
  }

  async all() {
    return { results: this.sqlite.prepare(this.sql).all(...this.values) };
  }

  async first() {
    return this.sqlite.prepare(this.sql).get(...this.values) ?? null;
  }

  async run() {
    this.sqlite.prepare(this.sql).run(...this.values);
    return { success: true };
  }
}

/**
 * A database in memory.
 * @param {{ through?: string }} options through: the last migration to apply; all of them by default
 */
export function database({ through = "9999" } = {}) {
  const sqlite = new DatabaseSync(":memory:");
  sqlite.exec("PRAGMA foreign_keys = ON");
  for (const name of migrations()) if (name <= through) sqlite.exec(migration(name));
  return { sqlite, prepare: (sql) => new Statement(sqlite, sql) };
}

/** A database that cannot be reached. */
export const unreachable = { prepare: () => new Statement({ prepare: refuse }, "") };

function refuse() {
  throw new Error("D1_ERROR: unreachable");
}

/**
 * Runs a test without what it logs on purpose.
 * @param {import("node:test").TestContext} t
 */
export function quiet(t) {
  for (const method of ["error", "warn"]) t.mock.method(console, method, () => {});
}
