// The workers' host: one miniflare, so one workerd, that runs what `workers.py` says an account serves.
//
// A worker is what one version of a script serves. It has the version's name in here; the state behind it has not (a class of
// Durable Objects has a key of its own, everything else its id), so that another version finds what the one before it left.
//
// Control: one JSON object a line on stdin, {id, op, ...}, and one a line on stdout, {id, result} or {id, error}:
//   load {workers, databases, secrets, routes}   run exactly these; a load that fails puts the ones before back
//   port {script, wanted}                         the loopback port of a script
//   route {routes}                                script -> {shares: [[worker, percentage]], home: worker}
//   d1 {database, statements}                     one transaction
// At a script's address, /cdn-cgi/handler/scheduled?cron=... calls its home's `scheduled`, and a message that is sent to
// /cdn-cgi/handler/email?from=...&to=... its `email`, as `wrangler dev` does.
//
// The process ends, and takes workerd with it, when stdin closes: nothing outlives whoever started it.
//
// usage: node host.mjs NODE_MODULES STATE_DIRECTORY
import { existsSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { createRequire, enableCompileCache } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { GATEWAY, SECRETS, secretBinding, workersOf } from "./options.mjs";

const [nodeModules, directory] = process.argv.slice(2);
// portable: a stage that was moved or copied, packages and all, finds what was compiled for it
enableCompileCache({ directory: process.env.NODE_COMPILE_CACHE ?? join(directory, "compile-cache"), portable: true });
const require = createRequire(join(nodeModules, "miniflare", "package.json")); // our own, never the rehearsed project's
const { Log, LogLevel, Miniflare, Response, fetch: fetchHere } = require("miniflare");

const STATE = [join(directory, "d1"), join(directory, "state")].find(existsSync) ?? join(directory, "state"); // a stage of before 2027 has the first
const DRAIN_MS = 5000; // how long a reload waits for requests in flight before workerd is replaced under them
const HANDLER = /^\/cdn-cgi\/handler\/(scheduled|email)(?=\?|$)/;

let miniflare;
let loaded = { workers: [], databases: [], secrets: [] };
let addresses = new Map(); // worker name -> URL of its own socket in workerd
const fronts = new Map(); // script -> {server, port}
let routes = {};
let lacking = []; // classes that a worker ought to export, by workerd's log of its start
let reloading = Promise.resolve(); // front doors wait on it: a request is held while workerd is replaced, not refused
let inFlight = 0;
let drained = () => {};

/** The worker that serves the next request of a script, or undefined when nothing is deployed. */
function pick(script, headers) {
  const shares = routes[script]?.shares ?? [];
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
  const [, handler] = (routes[script] && incoming.url.match(HANDLER)) ?? [];
  if (handler) return handle(script, handler, incoming, response);
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

/** A WebSocket: both ends are joined once the worker agrees. It never holds up a reload, which ends it, as a deploy does. */
async function upgrade(script, incoming, socket, head) {
  socket.on("error", () => socket.destroy());
  await reloading;
  const address = addresses.get(pick(script, incoming.headers));
  if (address === undefined) return socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
  const { hostname, port } = address;
  const outgoing = httpRequest({ hostname, port, path: incoming.url, headers: incoming.rawHeaders, agent: false });
  const status = ({ statusCode, statusMessage, rawHeaders }) => {
    const lines = rawHeaders.reduce((text, part, index) => text + part + (index % 2 ? "\r\n" : ": "), "");
    socket.write(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines}\r\n`);
  };
  outgoing.on("upgrade", (upstream, other, first) => {
    status(upstream);
    if (first.length) socket.write(first);
    if (head.length) other.write(head);
    other.on("error", () => socket.destroy());
    other.on("close", () => socket.destroy());
    socket.on("close", () => other.destroy());
    socket.pipe(other).pipe(socket);
  });
  outgoing.on("response", (upstream) => {
    status(upstream);
    upstream.pipe(socket);
  });
  outgoing.on("error", () => socket.destroy());
  outgoing.end();
}

/** A cron or a message, sent by hand to a script's home. */
async function handle(script, handler, incoming, response) {
  const { home } = routes[script];
  const { search, searchParams } = new URL(incoming.url, "http://localhost");
  try {
    if (handler === "scheduled") {
      const worker = await miniflare.getWorker(home);
      const { outcome } = await worker.scheduled({ cron: searchParams.get("cron") ?? "", scheduledTime: new Date() });
      return answer(response, outcome === "ok" ? 200 : 500, outcome);
    }
    const parts = [];
    for await (const part of incoming) parts.push(part);
    const url = `http://localhost/cdn-cgi/local/email${search}`; // where miniflare takes it
    const found = await miniflare.dispatchFetch(url, { method: "POST", headers: { "MF-Route-Override": home }, body: Buffer.concat(parts) });
    answer(response, found.status, await found.text());
  } catch (error) {
    answer(response, 500, error.message);
  }
}

/** The loopback port of a script; `wanted` is tried first, so that a restart keeps its URLs. */
async function front(script, wanted) {
  const known = fronts.get(script);
  if (known) return known.port;
  const server = createServer((incoming, response) => void serve(script, incoming, response));
  server.on("upgrade", (incoming, socket, head) => void upgrade(script, incoming, socket, head));
  const listen = (port) =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  await listen(wanted ?? 0).catch(() => listen(0));
  const { port } = server.address();
  fronts.set(script, { server, port });
  return port;
}

/** A rehearsed worker talks to this machine alone. */
async function outbound(request) {
  const { hostname } = new URL(request.url);
  if (hostname === "127.0.0.1" || hostname === "localhost") return fetchHere(request);
  return new Response(`a rehearsal reaches this machine alone, not ${hostname}\n`, { status: 502 });
}

function logged({ level, message }) {
  process.stderr.write(`${level} ${message}\n`);
  const found = message.match(/referenced the class "(.+?)", but no such Durable Object class is exported/);
  if (found) lacking.push(found[1]);
}

function options(wanted) {
  return {
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    enableDevRegistry: false,
    unsafeTriggerHandlers: true,
    logRequests: false,
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: logged,
    unsafeHandleRuntimeRestart: () => void follow(),
    resourcePersistencePath: STATE,
    workers: workersOf(wanted, outbound, directory),
  };
}

/** The account's secrets store, filled with what it does not hold yet. */
async function fill(secrets) {
  for (const one of secrets) {
    const api = await miniflare.getSecretsStoreSecretAPI(secretBinding(one), SECRETS);
    const known = await api().list();
    if (!known.some(({ name }) => name === one.secretName)) await api().create(one.value);
  }
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
  lacking = [];
  if (miniflare === undefined) miniflare = new Miniflare(options(wanted));
  else await miniflare.setOptions(options(wanted));
  await miniflare.ready;
  if (lacking.length) throw new Error(`New version of script does not export class '${lacking[0]}' which is depended on by existing Durable Objects.`);
  await fill(wanted.secrets);
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

/** Loads exactly these workers, and leads requests to them. When one refuses to start, the ones before are put back, and it throws. */
async function load(wanted, leading) {
  let release;
  reloading = new Promise((resolve) => (release = resolve));
  const before = loaded;
  try {
    await drain();
    await replace(wanted);
    routes = leading; // before anybody goes on: what was there before is loaded no more
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
  load: ({ workers, databases, secrets, routes: wanted }) => load({ workers, databases, secrets }, wanted),
  port: ({ script, wanted }) => front(script, wanted),
  route: ({ routes: wanted }) => void (routes = wanted),
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
