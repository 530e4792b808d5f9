/** @import { D1, User } from "./bindings.d.ts" */

const HOURS = 8;
const COOKIE = "cms_session";
// Cloudflare's own limit for PBKDF2 in a worker.
const ITERATIONS = 100_000;
const encoder = new TextEncoder();

/** @param {ArrayBuffer | Uint8Array} bytes */
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {string} text */
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** @param {string} token */
const digest = async (token) => hex(await crypto.subtle.digest("SHA-256", encoder.encode(token)));

/** @param {string} password @param {Uint8Array} salt @param {number} iterations */
async function derive(password, salt, iterations) {
  const key = await crypto.subtle.importKey("raw", encoder.encode(password), "PBKDF2", false, ["deriveBits"]);
  return hex(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256));
}

/** @param {string} left @param {string} right both of one length; takes as long for equal as for unequal */
function same(left, right) {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index += 1) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}

/**
 * What users.password_hash holds for a password.
 * @param {string} password
 */
export async function hashPassword(password) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return `${ITERATIONS}:${hex(salt)}:${await derive(password, salt, ITERATIONS)}`;
}

/**
 * Signs a person in: the Set-Cookie value of a new session, or null when email and password do not fit.
 * @param {D1} db
 * @param {string} email
 * @param {string} password
 */
export async function signIn(db, email, password) {
  const user = await db.prepare("SELECT id, password_hash FROM users WHERE email = ?1").bind(email).first();
  // An unknown email costs the same work, so that the time it takes does not tell who has an account.
  const [iterations, salt, hash] = (user?.password_hash ?? `${ITERATIONS}:00:${"0".repeat(64)}`).split(":");
  if (!same(await derive(password, unhex(salt), Number(iterations)), hash) || !user) return null;
  const token = hex(crypto.getRandomValues(new Uint8Array(32)));
  const expires = new Date(Date.now() + HOURS * 3_600_000).toISOString();
  const insert = "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (?1, ?2, ?3)";
  await db.prepare(insert).bind(await digest(token), user.id, expires).run();
  return `${COOKIE}=${token}; Path=/; Max-Age=${HOURS * 3600}; HttpOnly; Secure; SameSite=Lax`;
}

/**
 * Who sent a request, or null for everybody else.
 * @param {D1} db
 * @param {Request} request
 * @returns {Promise<User | null>}
 */
export async function currentUser(db, request) {
  const token = new RegExp(`(?:^|;\\s*)${COOKIE}=([0-9a-f]{64})(?:;|$)`).exec(request.headers.get("cookie") ?? "")?.[1];
  if (token === undefined) return null;
  const select =
    "SELECT users.id, users.name FROM sessions JOIN users ON users.id = user_id WHERE token_hash = ?1 AND expires_at > ?2";
  return db.prepare(select).bind(await digest(token), new Date().toISOString()).first();
}
