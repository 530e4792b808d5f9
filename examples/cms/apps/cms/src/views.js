import { html, paragraphs } from "./html.js";
import { pagePath } from "./pages.js";
import { version } from "./version.js";

/** @import { Page, User } from "./bindings.d.ts" */
/** @import { Markup } from "./html.js" */

const LINKS = [
  ["/", "Pages"],
  ["/login", "Sign in"],
];

/** @param {string} path @param {User | null} user @param {string} site */
const sidebar = (path, user, site) => html`<aside class="sidebar">
      <a class="brand" href="/"><span class="mark" aria-hidden="true"></span>${site}</a>
      <nav aria-label="Main">${LINKS.filter(([to]) => !(user && to === "/login")).map(
        ([to, label]) => html`<a href="${to}"${to === path && html` aria-current="page"`}>${label}</a>`,
      )}</nav>
      <footer>
        ${user && html`<span class="user">${user.name}</span>`}
        <span class="version-badge" data-version="${version}">v${version}</span>
      </footer>
    </aside>`;

/**
 * A whole document with the sidebar.
 * @param {{ title: string, path: string, site: string, user?: User | null, main: Markup }} parts
 */
export const layout = ({ title, path, site, user = null, main }) =>
  html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · ${site}</title>
    <link rel="stylesheet" href="/style.css?v=${version}">
  </head>
  <body>
    ${sidebar(path, user, site)}
    <main>${main}</main>
  </body>
</html>
`;

/** @param {Page} page */
const row = (page) => html`<tr>
        <td><a href="${pagePath(page)}">${page.title}</a></td>
        <td><span class="status ${page.status}">${page.status}</span></td>
        <td><time datetime="${page.updated_at}">${page.updated_at.slice(0, 10)}</time></td>
      </tr>`;

/** @param {Page[]} pages */
const table = (pages) =>
  pages.length === 0
    ? html`<p class="empty">No pages yet.</p>`
    : html`<table>
      <thead><tr><th scope="col">Title</th><th scope="col">Status</th><th scope="col">Changed</th></tr></thead>
      <tbody>${pages.map(row)}</tbody>
    </table>`;

/** @param {{ version: string, text: string } | null} mcp */
const assistant = (mcp) =>
  mcp
    ? html`<p class="assistant">${mcp.text} <small>mcp ${mcp.version}</small></p>`
    : html`<p class="assistant failed" role="status">The assistant does not answer. Your pages are not affected.</p>`;

/** @param {{ pages: Page[], mcp: { version: string, text: string } | null }} parts */
export const dashboard = ({ pages, mcp }) => html`
      <header><h1>Pages</h1></header>
      <section class="card" aria-label="Pages">${table(pages)}</section>
      <section class="card" aria-labelledby="assistant"><h2 id="assistant">Assistant</h2>${assistant(mcp)}</section>
    `;

/** @param {Page} page */
export const pageView = (page) => html`
      <article class="card page">
        <h1>${page.title}</h1>
        <p class="meta"><span class="status ${page.status}">${page.status}</span>
          changed <time datetime="${page.updated_at}">${page.updated_at.slice(0, 10)}</time></p>
        ${paragraphs(page.body)}
      </article>
    `;

/** @param {string} problem */
export const loginForm = (problem = "") => html`
      <form class="card login" method="post" action="/login">
        <h1>Sign in</h1>
        <p class="meta">Editors also see drafts.</p>
        ${problem && html`<p class="problem" role="alert">${problem}</p>`}
        <label>Email <input name="email" type="email" autocomplete="username" required></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
        <button>Sign in</button>
      </form>
    `;
