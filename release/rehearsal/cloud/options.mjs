// What miniflare is given of the workers that `workers.py` names: pure, but for the modules that it reads.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const GATEWAY = "d1-gateway";
export const SECRETS = "secrets-gateway";
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
const TEXTS = new Set(["esm", "cjs", "text", "python", "python-requirement", "sourcemap"]);
const files = new Map(); // path -> what a module holds; a version's never change

const standIn = (name, kind) => `stand-in.${kind}.${name}`;

function generated(name, source, directory, config = {}) {
  const manifest = { mainModule: "index.js", modulesRoot: directory, modules: { "index.js": { type: "esm", contents: source } } };
  return { config: { name, compatibilityDate: "2025-01-01", manifest, ...config } };
}

/** One worker for each binding that no local runtime has: whatever is called of it fails, naming the binding. */
function standIns(workers, directory) {
  const wanted = new Map(workers.flatMap(({ standIns }) => Object.entries(standIns)).map((pair) => [standIn(...pair), pair]));
  return [...wanted].map(([name, [NAME, KIND]]) =>
    generated(name, STAND_IN, directory, {
      env: { NAME: { type: "text", value: NAME }, KIND: { type: "text", value: KIND } },
      ...(KIND === NAMESPACE ? { exports: { StandIn: { type: "durable-object", storage: "sqlite" } } } : {}),
    }),
  );
}

function bound([name, kind]) {
  const worker = standIn(name, kind);
  if (kind === NAMESPACE) return [name, { type: "durable-object", worker, exportName: "StandIn" }];
  return [name, { type: "worker", worker }];
}

function read(path, text) {
  if (!files.has(path)) files.set(path, text ? readFileSync(path, "utf8") : new Uint8Array(readFileSync(path)));
  return files.get(path);
}

function codeOf({ main, modules, root }) {
  const kind = modules.find(([name]) => name === main)?.[1];
  if (kind === undefined) return [generated("", "export default {};", root).config.manifest];
  if (kind === "script") return [undefined, read(join(root, main), true)];
  const given = modules.filter(([, type]) => type !== "part");
  const contents = given.map(([name, type]) => [name, { type, contents: read(join(root, name), TEXTS.has(type)) }]);
  return [{ mainModule: main, modulesRoot: root, modules: Object.fromEntries(contents) }];
}

function workerOptions(worker, outbound) {
  const { name, compatibilityDate, compatibilityFlags, triggers, tailConsumers } = worker;
  const [manifest, serviceWorkerScript] = codeOf(worker);
  return {
    config: {
      name,
      compatibilityDate,
      compatibilityFlags,
      manifest,
      triggers,
      tailConsumers,
      env: { ...worker.env, ...Object.fromEntries(Object.entries(worker.standIns).map(bound)) },
      exports: worker.exports,
      ...(worker.assets ? { assets: worker.assets } : {}),
    },
    legacy: { ...worker.legacy, ...(serviceWorkerScript === undefined ? {} : { serviceWorkerScript }) },
    dev: { rootPath: worker.root, outboundService: { type: "fetcher", handler: outbound }, unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] },
  };
}

/** A worker that nobody calls, through which this process reaches what it binds. */
function gateway(name, env, directory) {
  return generated(name, "export default { fetch: () => new Response(null, { status: 404 }) };", directory, { env });
}

export const secretBinding = ({ storeId, secretName }) => `${storeId}/${secretName}`;

/** All workers of an account: through `outbound` go their requests to other hosts, `directory` is where generated ones would lie. */
export function workersOf({ workers, databases, secrets }, outbound, directory) {
  const stored = secrets.map((one) => [secretBinding(one), { type: "secrets-store-secret", storeId: one.storeId, secretName: one.secretName }]);
  return [
    gateway(GATEWAY, Object.fromEntries(databases.map((id) => [id, { type: "d1", id }])), directory),
    ...(secrets.length ? [gateway(SECRETS, Object.fromEntries(stored), directory)] : []),
    ...standIns(workers, directory),
    ...workers.map((worker) => workerOptions(worker, outbound)),
  ];
}
