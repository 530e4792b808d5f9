import manifest from "../../cms/package.json" with { type: "json" };

/** Both workers ship under one number, the CMS's. */
export const version = manifest.version;
