// The two workers as they stand in production: the cms reaches the mcp through its service binding.
import cms from "../apps/cms/src/index.js";
import mcp from "../apps/mcp/src/index.js";
import { database } from "./d1.js";

/**
 * Bindings with a migrated database and a running mcp.
 * @param {Record<string, unknown>} changes what is bound otherwise
 */
export function bindings(changes = {}) {
  const env = { DB: database(), COMMIT_SHA: "4f2c1ab", CF_VERSION: { id: "v-1", tag: "" }, ...changes };
  return { MCP: { fetch: (url, init) => mcp.fetch(new Request(url, init), env) }, ...env };
}

/**
 * What the cms answers.
 * @param {ReturnType<typeof bindings>} env
 * @param {string} path
 * @param {RequestInit} [init]
 */
export const ask = (env, path, init) => cms.fetch(new Request(`https://cms.test${path}`, init), env);
