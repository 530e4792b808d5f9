import { health } from "./health.js";
import { mcpSummary } from "./mcp.js";
import { findPage, listPages, siteName } from "./pages.js";
import { currentUser, signIn } from "./sessions.js";
import { style } from "./style.js";
import { dashboard, layout, loginForm, pageView } from "./views.js";

/** @import { Bindings } from "./bindings.d.ts" */
/** @import { Markup } from "./html.js" */

const GUARDS = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** @param {unknown} value @param {number} status */
const json = (value, status = 200) => Response.json(value, { status, headers: { ...GUARDS, "cache-control": "no-store" } });

/** @param {Markup} markup @param {number} status */
const document = (markup, status = 200) =>
  new Response(String(markup), {
    status,
    headers: { ...GUARDS, "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  });

const notFound = () => json({ error: "not found" }, 404);

/** @param {Request} request @param {Bindings} env */
async function showDashboard(request, env) {
  const [user, site, mcp] = await Promise.all([currentUser(env.DB, request), siteName(env.DB), mcpSummary(env)]);
  const pages = await listPages(env.DB, { drafts: user !== null });
  return document(layout({ title: "Pages", path: "/", site, user, main: dashboard({ pages, mcp }) }));
}

/** @param {Request} request @param {Bindings} env @param {string} key */
async function showPage(request, env, key) {
  const [user, site] = await Promise.all([currentUser(env.DB, request), siteName(env.DB)]);
  const page = await findPage(env.DB, key, { drafts: user !== null });
  return page ? document(layout({ title: page.title, path: "", site, user, main: pageView(page) })) : notFound();
}

/** @param {Bindings} env @param {string} problem */
async function showLogin(env, problem = "") {
  const site = await siteName(env.DB);
  return document(layout({ title: "Sign in", path: "/login", site, main: loginForm(problem) }), problem ? 401 : 200);
}

/** @param {Request} request @param {Bindings} env */
async function logIn(request, env) {
  const form = await request.formData().catch(() => new FormData());
  const cookie = await signIn(env.DB, String(form.get("email")), String(form.get("password")));
  if (cookie === null) return showLogin(env, "Email and password do not fit together.");
  return new Response(null, { status: 303, headers: { ...GUARDS, location: "/", "set-cookie": cookie } });
}

/** @param {Bindings} env */
async function answerHealth(env) {
  const answer = await health(env);
  return json(answer, answer.status === "ok" ? 200 : 503);
}

const showStyle = () =>
  new Response(style, {
    headers: { ...GUARDS, "content-type": "text/css; charset=utf-8", "cache-control": "public, max-age=300" },
  });

/** @param {Request} request @param {Bindings} env */
async function route(request, env) {
  const { pathname } = new URL(request.url);
  const page = /^\/pages\/([^/]+)$/.exec(pathname);
  switch (`${request.method === "HEAD" ? "GET" : request.method} ${page ? "/pages/:key" : pathname}`) {
    case "GET /":
      return showDashboard(request, env);
    case "GET /pages/:key":
      return showPage(request, env, page?.[1] ?? "");
    case "GET /login":
      return showLogin(env);
    case "POST /login":
      return logIn(request, env);
    case "GET /api/health":
      return answerHealth(env);
    case "GET /api/pages":
      return json({ pages: await listPages(env.DB) });
    case "GET /style.css":
      return showStyle();
    default:
      return notFound();
  }
}

export default {
  /** @param {Request} request @param {Bindings} env */
  async fetch(request, env) {
    try {
      return await route(request, env);
    } catch (error) {
      // What broke is for the log; whoever asked learns only that it did.
      console.error(error);
      return json({ error: "internal error" }, 500);
    }
  },
};
