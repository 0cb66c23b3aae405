// The service's API. The session is a cookie that scripts cannot read; the token that every change
// needs beside it is kept in memory only.

const ROOT = new URL("../v1/", document.baseURI);

let session = null;
let limited = null;

/** What the service refused, or that it could not be reached (status 0, code "unreachable"). */
class ApiError extends Error {
  constructor(status, code, message, details = {}, wait = 0) {
    super(message);
    Object.assign(this, { status, code, details, wait });
  }
}

/** Address of a route; every part of the path is escaped. */
export function address(parts, query = {}) {
  const url = new URL(parts.map(encodeURIComponent).join("/"), ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

/**
 * Call the service.
 *
 * `json` or `form` is the body. Gives the answer's JSON, or null for an empty one. Throws ApiError;
 * where there is no session any more, the window hears "signedout", too.
 */
export async function call(method, parts, { query, json, form, headers = {}, signal } = {}) {
  const sent = { Accept: "application/json", ...headers };
  if (json !== undefined) sent["Content-Type"] = "application/json";
  if (method !== "GET" && session) sent["X-CSRF-Token"] = session.csrf_token;
  let answer;
  try {
    answer = await fetch(address(parts, query), {
      method,
      headers: sent,
      body: json === undefined ? form : JSON.stringify(json),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "");
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  throw await refusal(answer, parts);
}

async function refusal(answer, parts) {
  const body = await answer.json().catch(() => null);
  const told = body?.error ?? {};
  if (answer.status === 401 && parts[0] !== "session") {
    session = null;
    window.dispatchEvent(new Event("signedout"));
  }
  return new ApiError(
    answer.status,
    told.code ?? `status_${answer.status}`,
    told.message ?? "",
    told.details ?? {},
    Number(answer.headers.get("Retry-After")) || 0,
  );
}

/** Whether a session of an earlier visit goes on. */
export async function resume() {
  try {
    session = await call("GET", ["session"]);
  } catch (error) {
    session = null;
    if (error.status !== 401) throw error;
  }
  return session;
}

export async function signIn(key) {
  session = await call("POST", ["session"], { json: { key } });
  return session;
}

export async function signOut() {
  try {
    await call("DELETE", ["session"]);
  } finally {
    session = null;
  }
}

/** Who is signed in: name, scopes, expires; null for nobody. */
export const who = () => session;

/** Whether the key has one of these scopes; "admin" stands for all but "scores". */
export function can(...scopes) {
  const held = session?.scopes ?? [];
  return scopes.some((one) => held.includes(one) || (one !== "scores" && held.includes("admin")));
}

/** How many pictures, and how large, a request may have: "max_pictures" and others by name. */
export function limits() {
  limited ??= call("GET", ["policies"]).then((policies) => policies.limits).catch((error) => {
    limited = null;
    throw error;
  });
  return limited;
}

/** A value nobody else uses, for the Idempotency-Key of one intent. */
export function intent() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
}
