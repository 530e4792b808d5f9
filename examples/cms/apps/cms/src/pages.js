/** @import { D1, Page } from "./bindings.d.ts" */

const VISIBLE = "status = 'published' OR ?1";

/**
 * Every page that may be seen, the latest change first.
 * @param {D1} db
 * @param {{ drafts?: boolean }} options drafts: whether unpublished pages are listed too
 * @returns {Promise<Page[]>}
 */
export async function listPages(db, { drafts = false } = {}) {
  const statement = db.prepare(`SELECT * FROM pages WHERE ${VISIBLE} ORDER BY updated_at DESC, id`);
  return (await statement.bind(Number(drafts)).all()).results;
}

/**
 * The page that an address names, or null.
 * @param {D1} db
 * @param {string} key the last part of /pages/...
 * @param {{ drafts?: boolean }} options
 * @returns {Promise<Page | null>}
 */
export async function findPage(db, key, { drafts = false } = {}) {
  if (!/^[1-9]\d{0,14}$/.test(key)) return null;
  return db.prepare(`SELECT * FROM pages WHERE (${VISIBLE}) AND id = ?2`).bind(Number(drafts), Number(key)).first();
}

/**
 * The address of a page.
 * @param {Page} page
 */
export const pagePath = (page) => `/pages/${page.id}`;

/**
 * The site's name, as the settings have it.
 * @param {D1} db
 */
export async function siteName(db) {
  const row = await db.prepare("SELECT value FROM settings WHERE key = 'site_name'").first();
  return row?.value ?? "CMS";
}
