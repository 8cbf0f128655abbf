/** Notifications of this browser, on and off; signing out ends them. Without JavaScript the card stays hidden. */

const card = document.getElementById("push");
const button = card?.querySelector("button");
const said = card?.querySelector("[role=status]");

/** POST or DELETE to our own door. */
function tell(method, data) {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  return fetch("/api/v1/reach/push/", { method, headers, body: JSON.stringify(data) });
}

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** "Firefox, Android": how its owner tells this browser from others. */
function name() {
  const agent = navigator.userAgent;
  const browser = ["Firefox", "Edg", "Chrome", "Safari"].find((one) => agent.includes(one)) || "";
  const device = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"].find((one) => agent.includes(one)) || "";
  return [browser === "Edg" ? "Edge" : browser, device].filter(Boolean).join(", ");
}

async function on(registered) {
  const wanted = { userVisibleOnly: true, applicationServerKey: bytes(card.dataset.key) };
  const made = (await registered.pushManager.subscribe(wanted)).toJSON();
  const answer = await tell("POST", { endpoint: made.endpoint, ...made.keys, name: name() });
  if (!answer.ok) throw new Error("not taken");
}

/** Whether this browser's notifications are those of who is signed in: somebody else may have left theirs on. */
async function isMine(subscription) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
  const of = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const answer = await fetch(`/api/v1/reach/push/?of=${of}`);
  return (await answer.json()).mine;
}

async function off(subscription) {
  await tell("DELETE", { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}

async function start() {
  const registered = await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  const held = await registered.pushManager.getSubscription();
  const subscription = held && (await isMine(held)) ? held : null;
  button.textContent = subscription ? button.dataset.off : button.dataset.on;
  card.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (subscription) await off(subscription);
      else await on(registered);
      location.reload();
    } catch {
      said.textContent = said.dataset.no;
      button.disabled = false;
    }
  });
}

/** Who signs out leaves no notifications to the next one at this browser. */
function endWith(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const held = await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription();
      const ends = held ? [tell("DELETE", { endpoint: held.endpoint }), held.unsubscribe()] : [];
      await Promise.race([Promise.allSettled(ends), new Promise((go) => setTimeout(go, 3000))]);
    } catch {
      // the server forgets this browser as well when its session ends
    }
    form.submit();
  });
}

if ("serviceWorker" in navigator && "PushManager" in window) {
  if (card) start().catch(() => {});
  for (const form of document.querySelectorAll("form[data-signs-out]")) endWith(form);
}
