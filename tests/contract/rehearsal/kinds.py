"""The kinds of binding that a worker can have, each with what a worker of ours does with it: the matrix of docs/rehearsal.md.

`first` is done in one release; `then` in the next one and after a rollback to the first, and has to answer `found`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.contract.cloud_account import DATABASE

HYPERDRIVE = {"DATABASE": "postgres://ann:secret@127.0.0.1:5432/shop"}


@dataclass(frozen=True)
class Kind:
    """One kind: a binding as wrangler sends it, two expressions of JavaScript, and what the second one answers."""

    kind: str
    what: str
    given: dict[str, Any] = field(default_factory=dict)
    first: str = "0"
    then: str = "0"
    found: object = 0
    after: str = ""  # what to wait for before `then`: a key of KV that is written by something else

    @property
    def name(self) -> str:
        """The binding's name."""
        return self.given.get("name") or self.kind.upper()

    @property
    def binding(self) -> dict[str, Any]:
        """The binding as wrangler sends it."""
        return {"type": self.kind, "name": self.name, **self.given}


KV = Kind(
    "kv_namespace",
    "Workers KV",
    {"name": "KV", "namespace_id": "ab12"},
    'env.KV.put("own", "kept")',
    'env.KV.get("own")',
    "kept",
)
RUN: tuple[Kind, ...] = (
    KV,
    Kind("r2_bucket", "R2", {"bucket_name": "Files"}, 'env.R2_BUCKET.put("f", "kept")',
         'env.R2_BUCKET.get("f").then((file) => file.text())', "kept"),
    Kind("d1", "D1", {"id": DATABASE}, 'env.D1.exec("CREATE TABLE kept (a); INSERT INTO kept VALUES (7)")',
         'env.D1.prepare("SELECT a FROM kept").first("a")', 7),
    Kind("durable_object_namespace", "Durable Objects: SQLite and key-value storage, alarms, WebSockets, RPC, migrations",
         {"class_name": "Room"}, 'env.DURABLE_OBJECT_NAMESPACE.getByName("a").keep("kept")',
         'env.DURABLE_OBJECT_NAMESPACE.getByName("a").kept()', "kept"),
    Kind("queue", "Queues: producers and consumers", {"queue_name": "jobs"}, 'env.QUEUE.send({ kept: "a job" })',
         'env.KV.get("job")', "a job", after="job"),
    Kind("workflow", "Workflows", {"workflow_name": "flow", "class_name": "Flow"},
         'env.WORKFLOW.create({ id: "one", params: { text: "kept" } }).then(() => 0)',
         'env.WORKFLOW.get("one").then((one) => one.status()).then(({ output }) => output)', "kept", after="flow"),
    Kind("service", "Service bindings, with entrypoints, RPC and props", {"service": "jobs", "entrypoint": "Named",
         "props": {"by": 10}}, then="env.SERVICE.times(4)", found=40),
    Kind("assets", "Static assets", then='env.ASSETS.fetch("http://x/a.txt").then((file) => file.text())', found="hello"),
    Kind("analytics_engine", "Analytics Engine: written, read by nobody", {"dataset": "stats"},
         'env.ANALYTICS_ENGINE.writeDataPoint({ blobs: ["x"] })'),
    Kind("pipelines", "Pipelines: written, read by nobody", {"stream": "events"}, "env.PIPELINES.send([{ a: 1 }])"),
    Kind("ratelimit", "Rate limits", {"namespace_id": "1", "simple": {"limit": 9, "period": 60}},
         then='env.RATELIMIT.limit({ key: "k" }).then(({ success }) => success)', found=True),
    Kind("send_email", "Email: a message that is sent lands in a file", then='mail(env.SEND_EMAIL).then(() => "sent")',
         found="sent"),
    Kind("secrets_store_secret", "Secrets store, with dummies", {"store_id": "s", "secret_name": "KEY"},
         then="env.SECRETS_STORE_SECRET.get()", found="rehearsal dummy of KEY"),
    Kind("worker_loader", "Worker loaders",
         then='env.WORKER_LOADER.get("a", () => LOADED).getEntrypoint().fetch("http://x/").then((one) => one.text())',
         found="loaded"),
    Kind("images", "Images", then="env.IMAGES.info(new Response(PIXEL).body).then(({ width }) => width)", found=1),
    Kind("stream", "Stream: an empty one", then="env.STREAM.videos.list()", found=[]),
    Kind("flagship", "Flagship: each flag has its default", {"app_id": "f"},
         then='env.FLAGSHIP.getBooleanValue("new", true)', found=True),
    Kind("hyperdrive", "Hyperdrive, where a local database is named for it", {"name": "DATABASE", "id": "h1"},
         then="new URL(env.DATABASE.connectionString).username", found="ann"),
    Kind("plain_text", "Variables", {"text": "kept"}, then="env.PLAIN_TEXT", found="kept"),
    Kind("json", "Variables that are no text", {"json": {"a": [1]}}, then="env.JSON", found={"a": [1]}),
    Kind("secret_text", "Secrets", {"text": "kept"}, then="env.SECRET_TEXT", found="kept"),
    Kind("version_metadata", "Version metadata", then="env.VERSION_METADATA.tag", found="cms-v1"),
    Kind("unsafe_hello_world", "Hello world", then="env.UNSAFE_HELLO_WORLD.get().then(() => 1)", found=1),
    Kind("wasm_module", "wasm of a worker without modules", {"part": "WASM"}),
    Kind("text_blob", "Text of a worker without modules", {"part": "TEXT"}),
    Kind("data_blob", "Data of a worker without modules", {"part": "DATA"}),
)  # fmt: skip
CLASSIC = frozenset({"wasm_module", "text_blob", "data_blob"})
STAND_IN: tuple[Kind, ...] = (
    Kind("ai", "Workers AI", then='env.AI.run("model", {})'),
    Kind("vectorize", "Vectorize", {"index_name": "i"}, then="env.VECTORIZE.query([1])"),
    Kind("browser", "Browser Rendering", then='env.BROWSER.fetch("http://x/")'),
    Kind("dispatch_namespace", "Dispatch namespaces", {"namespace": "n"}, then='env.DISPATCH_NAMESPACE.get("one")'),
    Kind("mtls_certificate", "mTLS", {"certificate_id": "c"}, then='env.MTLS_CERTIFICATE.fetch("http://x/")'),
    Kind("vpc_service", "Workers VPC", {"service_id": "v"}, then='env.VPC_SERVICE.fetch("http://x/")'),
    Kind("media", "Media", then="env.MEDIA.input(1)"),
    Kind("ai_search", "AI Search", {"instance_name": "i"}, then='env.AI_SEARCH.search("a")'),
    Kind("artifacts", "Artifacts", {"namespace": "n"}, then="env.ARTIFACTS.list()"),
    Kind("logfwdr", "Logfwdr", {"destination": "d"}, then="env.LOGFWDR.log()"),
    Kind("a_kind_of_next_year", "a kind that nobody knows yet", then="env.A_KIND_OF_NEXT_YEAR.get()"),
)  # fmt: skip

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_HEAD = f"""
import {{ DurableObject, WorkerEntrypoint, WorkflowEntrypoint }} from "cloudflare:workers";
import {{ EmailMessage }} from "cloudflare:email";
const PIXEL = Uint8Array.from(atob("{_PIXEL}"), (one) => one.charCodeAt(0));
const LOADED = {{
  compatibilityDate: "2026-01-01", mainModule: "m.js",
  modules: {{ "m.js": "export default {{ fetch: () => new Response('loaded') }}" }},
}};
const LINES = ["From: a@example.com", "To: b@example.com", "Message-ID: <1@example.com>", "Subject: s", "", "hi"];
const mail = (sender) => sender.send(new EmailMessage("a@example.com", "b@example.com", LINES.join("\\r\\n")));
export class Room extends DurableObject {{
  keep(text) {{
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS kept (a)");
    this.ctx.storage.sql.exec("INSERT INTO kept VALUES (?)", text);
  }}
  kept() {{ return this.ctx.storage.sql.exec("SELECT a FROM kept").one().a; }}
}}
export class Flow extends WorkflowEntrypoint {{
  async run(event, step) {{
    const text = await step.do("one", async () => event.payload.text);
    await step.do("two", () => this.env.KV.put("flow", text));
    return text;
  }}
}}
"""
JOBS = """
import { WorkerEntrypoint } from "cloudflare:workers";
export default {
  fetch: () => new Response("jobs"),
  queue: async (batch, env) => { for (const { body } of batch.messages) await env.KV.put("job", body.kept); },
};
export class Named extends WorkerEntrypoint { times(one) { return one * this.ctx.props.by; } }
"""


def source(kinds: tuple[Kind, ...], number: int) -> str:
    """A worker that answers `/first/KIND` and `/then/KIND`; `number` makes one release's bundle another than the next one's."""
    calls = "".join(
        f"  {json.dumps(one.kind)}: {{ first: async (env) => {one.first}, then: async (env) => {one.then} }},\n"
        for one in kinds
    )
    return f"""{_HEAD}
const calls = {{\n{calls}}};
export default {{ async fetch(request, env) {{
  const [, when, kind] = new URL(request.url).pathname.split("/");
  if (when === "has") return Response.json((await env.KV.get(kind)) !== null);
  try {{ return Response.json((await calls[kind][when](env)) ?? 0); }}
  catch (error) {{ return new Response(error.message, {{ status: 500 }}); }}
}} }}; // release {number}
"""
