/** What wrangler.jsonc binds, and what a deploy adds. */
export interface Bindings {
  DB: D1;
  /** The mcp worker of the same environment. */
  MCP: { fetch(request: Request | string, init?: RequestInit): Promise<Response> };
  /** Set by `wrangler deploy --var COMMIT_SHA:<sha>`. */
  COMMIT_SHA?: string;
  CF_VERSION?: { id: string; tag: string };
}

/** The part of D1 that these workers use. */
export interface D1 {
  prepare(sql: string): Statement;
}

export interface Statement {
  bind(...values: (string | number | null)[]): Statement;
  all<Row>(): Promise<{ results: Row[] }>;
  first<Row>(): Promise<Row | null>;
  run(): Promise<unknown>;
}

export interface Page {
  id: number;
  title: string;
  body: string;
  status: "draft" | "published";
  created_at: string;
  updated_at: string;
}

export interface User {
  id: number;
  name: string;
}
