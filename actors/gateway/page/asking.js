// What the pages ask the gateway over REST, and with which key.
const API = new URL("../api/v1/", import.meta.url);
const KEY = "greenroom-key"; // For as long as the tab is open.
const TOKEN = "greenroom-token";

// A link may bring a token behind the #, which no server and no log sees.
const brought = new URLSearchParams(location.hash.slice(1)).get("token");
if (brought) {
  sessionStorage.setItem(TOKEN, brought);
  history.replaceState(null, "", location.pathname + location.search);
}

/** Ask with the key that is given in a form from now on, and then do some work. */
export function serveEntry(form, work) {
  const field = form.querySelector("input");
  form.onsubmit = (event) => {
    event.preventDefault();
    sessionStorage.removeItem(TOKEN);
    sessionStorage.setItem(KEY, field.value.trim());
    field.value = "";
    work();
  };
}

/** Headers that say who asks. */
export function ownHeaders() {
  const secret = sessionStorage.getItem(TOKEN) ?? sessionStorage.getItem(KEY);
  return secret ? { Authorization: `Bearer ${secret}` } : {};
}

/** Ask; throws what is in the way, with its `status`. A body is sent with POST. */
export async function ask(path, body) {
  const headers = { "Content-Type": "application/json", ...ownHeaders() };
  const how = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const response = await fetch(new URL(path, API), { ...how, headers, cache: "no-store" });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { status: response.status });
  return answer;
}

/** A token for a session, since browsers send no key with a WebSocket; none if none is needed. */
export async function tokenFor(session_id) {
  if (sessionStorage.getItem(TOKEN)) return sessionStorage.getItem(TOKEN);
  if (!sessionStorage.getItem(KEY)) return undefined;
  return (await ask("live-audio/token", { session_id })).token;
}

/** Whether an error says that a key is needed, or another one. */
export const wantsKey = (error) => [401, 403].includes(error.status);
