import { mcpHealth } from "./mcp.js";
import { commit, version } from "./version.js";

/** @import { Bindings } from "./bindings.d.ts" */

/** @param {() => Promise<unknown>} probe */
async function check(probe) {
  try {
    await probe();
    return "ok";
  } catch (error) {
    // The answer is public: the cause goes to the log, not to whoever asks.
    console.error("health:", error);
    return "failed";
  }
}

/**
 * What /api/health answers. Degraded as soon as the database or the mcp worker does not answer as it should.
 * @param {Bindings} env
 */
export async function health(env) {
  const [database, mcp] = await Promise.all([
    check(() => env.DB.prepare("SELECT 1 FROM pages LIMIT 1").first()),
    check(() => mcpHealth(env)),
  ]);
  const status = database === "ok" && mcp === "ok" ? "ok" : "degraded";
  return { status, version, commit: commit(env), versionId: env.CF_VERSION?.id ?? null, checks: { database, mcp } };
}
