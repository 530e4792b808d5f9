/** @typedef {{ prepare(sql: string): any }} D1 */

const PUBLISHED = "status = 'published'";

/** @param {D1} db */
async function siteSummary(db) {
  const select = `SELECT count(*) AS pages, sum(${PUBLISHED}) AS published, max(updated_at) AS changed FROM pages`;
  const { pages, published, changed } = await db.prepare(select).first();
  if (pages === 0) return "The site has no pages yet.";
  const drafts = pages - published;
  return `${published} of ${pages} pages are published, ${drafts} ${drafts === 1 ? "is a draft" : "are drafts"}. Last change: ${changed.slice(0, 10)}.`;
}

/** @param {D1} db */
async function listPages(db) {
  const { results } = await db.prepare(`SELECT id, title FROM pages WHERE ${PUBLISHED} ORDER BY id`).all();
  return results.map((page) => `${page.id}: ${page.title}`).join("\n");
}

/** @param {D1} db @param {{ id: number }} wanted */
async function readPage(db, { id }) {
  const page = await db.prepare(`SELECT title, body FROM pages WHERE ${PUBLISHED} AND id = ?1`).bind(id).first();
  return page ? `${page.title}\n\n${page.body}` : null;
}

const NOTHING = { type: "object", properties: {}, additionalProperties: false };
const PAGE_ID = { type: "object", properties: { id: { type: "integer", minimum: 1 } }, required: ["id"] };

/** Every tool: what it is called, what it says of itself, what it takes, and what it does. */
export const TOOLS = [
  { name: "site_summary", description: "How many pages the site has.", inputSchema: NOTHING, run: siteSummary },
  { name: "list_pages", description: "Number and title of every published page.", inputSchema: NOTHING, run: listPages },
  { name: "read_page", description: "The text of one published page.", inputSchema: PAGE_ID, run: readPage },
];
