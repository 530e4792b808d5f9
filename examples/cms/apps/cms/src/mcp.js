/** @import { Bindings } from "./bindings.d.ts" */

const DEADLINE_MS = 2000;
// A service binding ignores the host, but a request needs one.
const ORIGIN = "http://mcp.internal";

/** @param {Bindings} env @param {string} path @param {RequestInit} init */
async function ask(env, path, init = {}) {
  const response = await env.MCP.fetch(`${ORIGIN}${path}`, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
  if (!response.ok) throw new Error(`mcp answered ${response.status}`);
  return response.json();
}

/**
 * How the mcp worker is. Throws when it does not answer, or answers that it is not well.
 * @param {Bindings} env
 * @returns {Promise<{ status: string, version: string, commit: string }>}
 */
export const mcpHealth = (env) => ask(env, "/health");

/**
 * What the mcp worker tells about the site, or null when it cannot be asked: a dashboard without it is still useful.
 * @param {Bindings} env
 * @returns {Promise<{ version: string, text: string } | null>}
 */
export async function mcpSummary(env) {
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "site_summary", arguments: {} } };
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(call) };
  try {
    const [health, answer] = await Promise.all([mcpHealth(env), ask(env, "/mcp", init)]);
    return { version: String(health.version), text: String(answer.result.content[0].text) };
  } catch (error) {
    console.warn("mcp cannot be asked:", error);
    return null;
  }
}
