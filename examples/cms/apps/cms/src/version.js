import manifest from "../package.json" with { type: "json" };

/** The version that this bundle was built from: the manifest is read at build time. */
export const version = manifest.version;

/**
 * The commit that was deployed, or "unknown" outside of a deploy.
 * @param {{ COMMIT_SHA?: string }} env
 */
export const commit = (env) => env.COMMIT_SHA || "unknown";
