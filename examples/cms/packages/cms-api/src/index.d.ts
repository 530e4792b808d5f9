export interface Health {
  status: "ok" | "degraded";
  version: string;
  commit: string;
  /** Cloudflare's id of the deployed version; null outside of Cloudflare. */
  versionId: string | null;
  checks: { database: "ok" | "failed"; mcp: "ok" | "failed" };
}

export interface Page {
  id: number;
  title: string;
  body: string;
  status: "published";
  created_at: string;
  updated_at: string;
}

export interface ClientOptions {
  /** Where the CMS is, with or without a path: `https://cms.example.com`. */
  url: string;
  /** Replaces the global fetch. */
  fetch?: typeof globalThis.fetch;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** Milliseconds that one request may take; 10 000 by default. */
  timeout?: number;
}

/** The CMS did not answer, or not as agreed. */
export class CmsError extends Error {
  /** The HTTP status, or null when no answer came. */
  readonly status: number | null;
}

export interface Client {
  /** How the CMS is; "degraded" is an answer too, not an error. */
  health(): Promise<Health>;
  /** Every published page, the latest change first. */
  pages(): Promise<Page[]>;
}

export function createClient(options: ClientOptions): Client;
