// The workers' host: one miniflare, so one workerd, in which every loaded version of every script is a worker of its own.
//
// Control: one JSON object a line on stdin, {id, op, ...}, and one a line on stdout, {id, result} or {id, error}.
// The process ends, and takes workerd with it, when stdin closes: nothing outlives whoever started it.
//
// usage: node host.mjs NODE_MODULES STATE_DIRECTORY
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { createRequire, enableCompileCache } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [nodeModules, directory] = process.argv.slice(2);
// portable: a stage that was moved or copied, packages and all, finds what was compiled for it
enableCompileCache({ directory: process.env.NODE_COMPILE_CACHE ?? join(directory, "compile-cache"), portable: true });
const require = createRequire(join(nodeModules, "miniflare", "package.json")); // our own, never the rehearsed project's
const { Log, LogLevel, Miniflare, Response, convertV4MiniflareOptions } = require("miniflare");

const DRAIN_MS = 5000; // how long a reload waits for requests in flight before workerd is replaced under them
const STAND_IN = `import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
const failing = (Base) => class extends Base {
  constructor(ctx, env) {
    super(ctx, env);
    const fail = (call) => { throw new Error("env." + env.NAME + "." + call + ": the local cloud of a rehearsal does not run " + env.NAME + " (" + env.KIND + ")"); };
    return new Proxy(this, { get: (target, key) => (typeof key === "symbol" || key === "then" || Object.hasOwn(target, key) || key in Object.prototype ? Reflect.get(target, key) : () => fail(key)) });
  }
};
export default failing(WorkerEntrypoint);
export const StandIn = failing(DurableObject);`;
const NAMESPACE = "durable_object_namespace"; // its objects are got in this worker, so they alone can fail
const GATEWAY = "d1-gateway";
const MODULE_TYPES = { esm: "ESModule", text: "Text", data: "Data", wasm: "CompiledWasm", cjs: "CommonJS" };

let miniflare;
let loaded = { workers: [], databases: [] };
let addresses = new Map(); // worker name -> URL of its own socket in workerd
const fronts = new Map(); // script -> {server, port, shares: [[worker name, percentage]]}
let reloading = Promise.resolve(); // front doors wait on it: a request is held while workerd is replaced, not refused
let inFlight = 0;
let drained = () => {};

/** The worker that serves the next request of a script, or undefined when nothing is deployed. */
function pick(script, headers) {
  const shares = fronts.get(script)?.shares ?? [];
  const wanted = headers["cloudflare-workers-version-overrides"] ?? "";
  const override = wanted.match(new RegExp(`(?:^|,)\\s*${script}="([0-9a-f-]+)"`))?.[1];
  const overridden = shares.find(([name]) => override !== undefined && name === `${script}.${override}`);
  if (overridden) return overridden[0];
  let point = Math.random() * shares.reduce((sum, [, share]) => sum + share, 0);
  for (const [name, share] of shares) {
    point -= share;
    if (share > 0 && point <= 0) return name;
  }
  return undefined;
}

function answer(response, status, text) {
  if (response.headersSent) return response.destroy();
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function landed() {
  inFlight -= 1;
  if (inFlight === 0) drained();
}

async function serve(script, incoming, response) {
  await reloading;
  inFlight += 1;
  response.once("close", landed);
  const address = addresses.get(pick(script, incoming.headers));
  if (address === undefined) return answer(response, 404, `${script}: no deployment`);
  const { hostname, port } = address;
  const outgoing = httpRequest(
    { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.rawHeaders, agent: false },
    (upstream) => {
      response.writeHead(upstream.statusCode, upstream.statusMessage, upstream.rawHeaders);
      upstream.pipe(response);
      upstream.on("error", () => response.destroy());
    },
  );
  outgoing.on("error", (error) => answer(response, 502, `${script}: ${error.message}`));
  incoming.pipe(outgoing);
}

/** The loopback port of a script; `wanted` is tried first, so that a restart keeps its URLs. */
async function front(script, wanted) {
  const known = fronts.get(script);
  if (known) return known.port;
  const server = createServer((incoming, response) => void serve(script, incoming, response));
  const listen = (port) =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  await listen(wanted ?? 0).catch(() => listen(0));
  const { port } = server.address();
  fronts.set(script, { server, port, shares: [] });
  return port;
}

/** A service binding goes to whatever the other script serves now; it is never held, or a drain would wait for itself. */
async function callScript(script, request) {
  const name = pick(script, Object.fromEntries(request.headers));
  if (name === undefined) return new Response(`${script}: no deployment\n`, { status: 404 });
  const worker = await miniflare.getWorker(name);
  return worker.fetch(request);
}

/** A rehearsed worker talks to this machine alone. */
async function outbound(request) {
  const { hostname } = new URL(request.url);
  if (hostname === "127.0.0.1" || hostname === "localhost") return require("miniflare").fetch(request);
  return new Response(`a rehearsal reaches this machine alone, not ${hostname}\n`, { status: 502 });
}

const standIn = (name, kind) => `stand-in.${kind}.${name}`;

/** One worker for each binding that no local runtime has: whatever is called of it fails, naming the binding. */
function standIns(workers) {
  const wanted = new Map(workers.flatMap(({ standIns }) => Object.entries(standIns)).map((pair) => [standIn(...pair), pair]));
  return [...wanted].map(([name, [NAME, KIND]]) => ({
    name,
    modules: true,
    script: STAND_IN,
    compatibilityDate: "2025-01-01",
    bindings: { NAME, KIND },
    ...(KIND === NAMESPACE ? { durableObjects: { OWN: { className: "StandIn" } } } : {}),
  }));
}

function codeOf({ modules, root }) {
  if (modules[0]?.type === "script") return { script: readFileSync(modules[0].path, "utf8") };
  if (modules.length === 0) return { modules: true, script: "export default {};" };
  return { modulesRoot: root, modules: modules.map(({ type, path }) => ({ type: MODULE_TYPES[type], path })) };
}

function assetsOf({ assets }) {
  if (!assets) return {};
  const { alone, ...given } = assets;
  return { assets: { ...given, routerConfig: { has_user_worker: !alone } } };
}

function workerOptions(worker) {
  const lacking = Object.entries(worker.standIns);
  return {
    ...codeOf(worker),
    ...assetsOf(worker),
    ...worker.native,
    name: worker.name,
    compatibilityDate: worker.compatibilityDate,
    compatibilityFlags: worker.compatibilityFlags,
    bindings: worker.bindings,
    d1Databases: worker.databases,
    serviceBindings: Object.fromEntries([
      ...Object.entries(worker.services).map(([name, script]) => [name, (request) => callScript(script, request)]),
      ...lacking.filter(([, kind]) => kind !== NAMESPACE).map(([name, kind]) => [name, standIn(name, kind)]),
    ]),
    durableObjects: Object.fromEntries(
      lacking
        .filter(([, kind]) => kind === NAMESPACE)
        .map(([name, kind]) => [name, { className: "StandIn", scriptName: standIn(name, kind) }]),
    ),
    outboundService: outbound,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

function options({ workers, databases }) {
  const gateway = {
    name: GATEWAY,
    modules: true,
    script: "export default { fetch: () => new Response(null, { status: 404 }) };",
    compatibilityDate: "2025-01-01",
    d1Databases: Object.fromEntries(databases.map((id) => [id, id])),
  };
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: ({ level, message }) => process.stderr.write(`${level} ${message}\n`),
    unsafeHandleRuntimeRestart: () => void follow(),
    resourcePersistencePath: join(directory, "d1"),
    workers: [gateway, ...standIns(workers), ...workers.map(workerOptions)],
  });
}

async function addressesOf(workers) {
  const urls = await Promise.all(workers.map(({ name }) => miniflare.unsafeGetDirectURL(name)));
  return new Map(workers.map(({ name }, index) => [name, urls[index]]));
}

/** workerd died and miniflare made another, which listens elsewhere. A load that is under way looks for itself. */
async function follow() {
  try {
    await reloading;
    const known = loaded;
    const found = await addressesOf(known.workers);
    if (known === loaded) addresses = found;
  } catch (error) {
    process.stderr.write(`after a restart of workerd: ${error.message}\n`); // thrown, it would end this process
  }
}

async function replace(wanted) {
  if (miniflare === undefined) miniflare = new Miniflare(options(wanted));
  else await miniflare.setOptions(options(wanted));
  await miniflare.ready;
  addresses = await addressesOf(wanted.workers);
  loaded = wanted;
}

async function drain() {
  if (inFlight === 0) return;
  let timer;
  await new Promise((resolve) => {
    drained = resolve;
    timer = setTimeout(resolve, DRAIN_MS);
  });
  clearTimeout(timer);
}

/** Loads exactly these workers. When one refuses to start, the ones before are put back and the reason is thrown. */
async function load(wanted) {
  let release;
  reloading = new Promise((resolve) => (release = resolve));
  const before = loaded;
  try {
    await drain();
    await replace(wanted);
  } catch (error) {
    await replace(before).catch((again) => process.stderr.write(`putting back: ${again.message}\n`)); // `error` tells more
    throw error;
  } finally {
    release();
  }
}

async function query(database, statements) {
  await reloading;
  inFlight += 1;
  try {
    return await batch(database, statements);
  } finally {
    landed();
  }
}

async function batch(database, statements) {
  const d1 = await miniflare.getD1Database(database, GATEWAY);
  const results = await d1.batch(statements.map(({ sql, params }) => (params.length ? d1.prepare(sql).bind(...params) : d1.prepare(sql))));
  return results.map(({ results: rows, meta }) => ({ rows, meta }));
}

const operations = {
  load: ({ workers, databases }) => load({ workers, databases }),
  port: ({ script, wanted }) => front(script, wanted),
  route: ({ script, shares }) => void (fronts.get(script).shares = shares),
  d1: ({ database, statements }) => query(database, statements),
};

async function obey(line) {
  const { id, op, ...parameters } = JSON.parse(line);
  let reply;
  try {
    reply = { id, result: (await operations[op](parameters)) ?? null };
  } catch (error) {
    reply = { id, error: error.message };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

async function end() {
  setTimeout(() => process.exit(1), 3000).unref(); // miniflare's exit hook still kills workerd
  await miniflare?.dispose();
  process.exit(0);
}

const parent = process.ppid;
setInterval(() => process.ppid !== parent && void end(), 500).unref(); // a fork of the parent may hold our stdin open
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => void end());
createInterface({ input: process.stdin }).on("line", (line) => void obey(line)).on("close", () => void end());
