// Prints what others use of this monorepo: the workers' routes, the tools of the MCP server, the packages' exports.
// It imports nothing that has to be installed, so that it also runs in a bare copy of an older commit.
import { readFile } from "node:fs/promises";

const at = (path) => new URL(`../${path}`, import.meta.url);

/** @param {string} path the file whose `case` labels are the routes of a worker */
async function routes(path) {
  const source = await readFile(at(path), "utf8");
  return [...source.matchAll(/case "((?:[A-Z]+ )?\/[^"]*)":/g)].map(([, route]) => route);
}

/** @param {string} path the file that a package's users import */
async function exported(path) {
  const source = await readFile(at(path), "utf8");
  return [...source.matchAll(/^export (?:async )?(?:class|const|function) (\w+)/gm)].map(([, name]) => name);
}

const { TOOLS } = await import(at("apps/mcp/src/tools.js").href);
const surface = {
  "route of cms": await routes("apps/cms/src/index.js"),
  "route of mcp": await routes("apps/mcp/src/index.js"),
  "tool of mcp": Object.fromEntries(TOOLS.map(({ name, inputSchema }) => [name, inputSchema])),
  "export of cms-api": await exported("packages/cms-api/src/index.js"),
  "export of cms-cli": await exported("packages/cms-cli/src/cli.js"),
};
process.stdout.write(`${JSON.stringify(surface, null, 2)}\n`);
