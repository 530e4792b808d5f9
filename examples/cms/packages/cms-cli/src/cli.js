import { parseArgs } from "node:util";

import { CmsError, createClient } from "@alokai/cms-api";

const USAGE = `usage: cms health --url URL [--json]   how the CMS is; exit 1 unless it is ok
       cms pages  --url URL [--json]   its published pages`;

const OPTIONS = /** @type {const} */ ({
  url: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
});

/** @typedef {{ out: (line: string) => void, err: (line: string) => void }} Streams */

const COMMANDS = {
  /** @param {import("@alokai/cms-api").Client} client @param {boolean} json @param {Streams} streams */
  async health(client, json, { out }) {
    const health = await client.health();
    const failed = Object.entries(health.checks ?? {}).flatMap(([name, state]) => (state === "ok" ? [] : [name]));
    const suffix = failed.length === 0 ? "" : `  failed: ${failed.join(", ")}`;
    out(json ? JSON.stringify(health) : `${health.status}  ${health.version}  ${health.commit.slice(0, 7)}${suffix}`);
    return health.status === "ok" ? 0 : 1;
  },

  /** @param {import("@alokai/cms-api").Client} client @param {boolean} json @param {Streams} streams */
  async pages(client, json, { out }) {
    const pages = await client.pages();
    if (json) out(JSON.stringify(pages));
    else for (const page of pages) out(`${page.id}  ${page.updated_at.slice(0, 10)}  ${page.title}`);
    return 0;
  },
};

/** @param {string[]} argv */
function parse(argv) {
  const { values, positionals } = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
  if (values.help) return { ...values, name: "help" };
  if (positionals.length !== 1 || !Object.hasOwn(COMMANDS, positionals[0])) throw new TypeError("name one command");
  if (!URL.canParse(values.url ?? "")) throw new TypeError("--url needs an address, such as https://cms.example.com");
  return { ...values, name: positionals[0] };
}

/** @param {ReturnType<typeof parse>} wanted @param {Streams} streams */
async function execute(wanted, streams) {
  try {
    return await COMMANDS[wanted.name](createClient({ url: wanted.url }), wanted.json, streams);
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    streams.err(`cms: ${error.message}`);
    return 1;
  }
}

/**
 * Runs one command and returns its exit code: 0 fine, 1 the CMS is not well, 2 wrong use.
 * @param {string[]} argv
 * @param {Streams} streams
 */
export async function run(argv, streams) {
  let wanted;
  try {
    wanted = parse(argv);
  } catch (error) {
    streams.err(`cms: ${error.message}\n${USAGE}`);
    return 2;
  }
  if (wanted.name !== "help") return execute(wanted, streams);
  streams.out(USAGE);
  return 0;
}
