import manifest from "../package.json" with { type: "json" };

/** A greeting, and the health route that a release asks. COMMIT_SHA comes with `--var` at deploy. */
export default {
  /** @param {Request} request @param {{ COMMIT_SHA?: string }} env */
  fetch(request, env) {
    if (new URL(request.url).pathname !== "/api/health") return new Response("Hello.\n");
    return Response.json({ status: "ok", version: manifest.version, commit: env.COMMIT_SHA ?? null });
  },
};
