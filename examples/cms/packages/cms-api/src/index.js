export class CmsError extends Error {
  /** @param {string} message @param {number | null} status @param {unknown} [cause] */
  constructor(message, status, cause) {
    super(message, { cause });
    this.name = "CmsError";
    this.status = status;
  }
}

/** @param {Response} response @param {URL} address */
async function body(response, address) {
  try {
    return await response.json();
  } catch (error) {
    throw new CmsError(`${address} answered ${response.status} without JSON`, response.status, error);
  }
}

/** @type {typeof import("./index.d.ts").createClient} */
export function createClient({ url, fetch = globalThis.fetch, headers = {}, timeout = 10_000 }) {
  const root = new URL(url.endsWith("/") ? url : `${url}/`);

  /** @param {string} path @param {number[]} expected */
  async function get(path, expected) {
    const address = new URL(path, root);
    const init = { headers: { accept: "application/json", ...headers }, signal: AbortSignal.timeout(timeout) };
    const response = await fetch(address, init).catch((error) => {
      throw new CmsError(`${address} does not answer: ${error.cause?.message ?? error.message}`, null, error);
    });
    if (!expected.includes(response.status)) throw new CmsError(`${address} answered ${response.status}`, response.status);
    return body(response, address);
  }

  return {
    health: () => get("api/health", [200, 503]),
    pages: async () => (await get("api/pages", [200])).pages,
  };
}
