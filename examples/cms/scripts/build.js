// Bundles each worker as wrangler does at deploy, and each package as its users do: a missing import or a syntax
// error shows up here, before anything is deployed or published.
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const BUNDLES = [
  { entry: "apps/cms/src/index.js", platform: "browser" },
  { entry: "apps/mcp/src/index.js", platform: "browser" },
  { entry: "packages/cms-api/src/index.js", platform: "neutral" },
  { entry: "packages/cms-cli/bin/cms.js", platform: "node" },
];

/** @param {{ entry: string, platform: "browser" | "neutral" | "node" }} bundle */
async function bundle({ entry, platform }) {
  const outfile = entry.replace(/(src|bin)\/[^/]+$/, "dist/index.js");
  const options = { absWorkingDir: root, entryPoints: [entry], outfile, platform, logLevel: "error" };
  const { metafile } = await build({ ...options, bundle: true, format: "esm", target: "es2022", metafile: true });
  return `${outfile}  ${metafile.outputs[outfile].bytes} bytes`;
}

const results = await Promise.allSettled(BUNDLES.map(bundle));
for (const { value } of results) if (value) console.log(value);
if (results.some(({ status }) => status === "rejected")) process.exitCode = 1;
