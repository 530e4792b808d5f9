import { TOOLS } from "./tools.js";
import { version } from "./version.js";

const PROTOCOL = "2025-06-18";
const CODES = { parse: -32700, request: -32600, method: -32601, params: -32602, internal: -32603 };

class RpcError extends Error {
  /** @param {keyof typeof CODES} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.code = CODES[kind];
  }
}

/** @param {any} params @param {any} db */
async function callTool(params, db) {
  const tool = TOOLS.find(({ name }) => name === params?.name);
  if (!tool) throw new RpcError("params", `no such tool: ${params?.name}`);
  const given = params.arguments ?? {};
  if (tool.inputSchema.required?.includes("id") && !(Number.isInteger(given.id) && given.id > 0)) {
    throw new RpcError("params", `${tool.name} needs an id, a whole number above zero`);
  }
  const text = await tool.run(db, given);
  return { content: [{ type: "text", text: text ?? "There is no such page." }], isError: text === null };
}

/** @param {string} method @param {any} params @param {any} db */
async function dispatch(method, params, db) {
  switch (method) {
    case "initialize":
      return { protocolVersion: PROTOCOL, capabilities: { tools: {} }, serverInfo: { name: "alokai-cms", version } };
    case "ping":
      return {};
    case "tools/list":
      return { tools: TOOLS.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })) };
    case "tools/call":
      return callTool(params, db);
    default:
      throw new RpcError("method", `no such method: ${method}`);
  }
}

/** @param {unknown} id @param {unknown} error */
function failure(id, error) {
  if (error instanceof RpcError) return { jsonrpc: "2.0", id, error: { code: error.code, message: error.message } };
  console.error(error);
  return { jsonrpc: "2.0", id, error: { code: CODES.internal, message: "internal error" } };
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new RpcError("parse", "the body is not JSON");
  }
}

/**
 * Answers one JSON-RPC 2.0 message; null for a notification, which gets no answer.
 * @param {string} text
 * @param {any} db
 */
export async function answer(text, db) {
  let id = null;
  try {
    const message = parse(text);
    if (message?.jsonrpc !== "2.0" || typeof message.method !== "string") throw new RpcError("request", "not a JSON-RPC 2.0 request");
    if (message.id === undefined) return null;
    id = message.id;
    return { jsonrpc: "2.0", id, result: await dispatch(message.method, message.params, db) };
  } catch (error) {
    return failure(id, error);
  }
}
