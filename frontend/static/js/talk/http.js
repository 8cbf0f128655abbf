/** The same room by plain HTTP: history, and everything when sockets are blocked. */

const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
const address = (room) => `/api/v1/rooms/${encodeURIComponent(room)}/messages/`;

/** Entries before or after a seq: {messages, last_seq, floor, epoch}. Throws when there is no answer. */
export async function fetchEntries(room, query) {
  const answer = await fetch(`${address(room)}?${new URLSearchParams(query)}`, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`history: ${answer.status}`);
  return answer.json();
}

/** Who can be named in this room. Throws when there is no answer. */
export async function fetchNames(room) {
  const answer = await fetch(`/api/v1/rooms/${encodeURIComponent(room)}/names/`, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`names: ${answer.status}`);
  return (await answer.json()).names;
}

/** Read up to here; it outlives the page. */
export function markRead(room, seq) {
  fetch(`/api/v1/rooms/${encodeURIComponent(room)}/read/`, {
    method: "POST",
    credentials: "same-origin",
    keepalive: true,
    headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
    body: JSON.stringify({ seq }),
  }).catch(() => {});
}

/** Somebody has to look at this message. Throws when there is no answer. */
export async function report(room, seq) {
  const answer = await fetch(`/api/v1/rooms/${encodeURIComponent(room)}/report/`, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
    body: JSON.stringify({ seq }),
  });
  if (!answer.ok) throw new Error(`report: ${answer.status}`);
}

/** {seq} when it is stored, {code} when it never will be, else throws: try the same entry again. */
export async function postEntry(entry) {
  const answer = await fetch(address(entry.room), {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
    body: JSON.stringify({ cid: entry.cid, body: entry.body, kind: entry.kind, of: entry.of }),
  });
  if (answer.ok) return answer.json();
  if (answer.status === 410) return { code: "closed" };
  if (answer.status === 403 && (await answer.json()).error.code === "not_authenticated") throw new Error("signed out"); // kept
  if ([400, 403, 409].includes(answer.status)) return { code: "refused" };
  throw new Error(`post: ${answer.status}`);
}
