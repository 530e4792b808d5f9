import { answer } from "./rpc.js";
import { version } from "./version.js";

/** @typedef {{ DB: any, COMMIT_SHA?: string, CF_VERSION?: { id: string } }} Bindings */

/** @param {Bindings} env */
async function health(env) {
  const database = await env.DB.prepare("SELECT 1 FROM pages LIMIT 1")
    .first()
    .then(() => true)
    .catch((error) => console.error("health:", error));
  const status = database ? "ok" : "degraded";
  const body = { status, version, commit: env.COMMIT_SHA || "unknown", versionId: env.CF_VERSION?.id ?? null };
  return Response.json(body, { status: database ? 200 : 503, headers: { "cache-control": "no-store" } });
}

/** @param {Request} request @param {Bindings} env */
async function rpc(request, env) {
  if (request.method !== "POST") return new Response(null, { status: 405, headers: { allow: "POST" } });
  const reply = await answer(await request.text(), env.DB);
  return reply === null ? new Response(null, { status: 202 }) : Response.json(reply);
}

export default {
  /** @param {Request} request @param {Bindings} env */
  async fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case "/health":
        return health(env);
      case "/mcp":
        return rpc(request, env);
      default:
        return Response.json({ error: "not found" }, { status: 404 });
    }
  },
};
