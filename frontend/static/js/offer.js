/** The page of somebody who is asked, or who came: it looks again when something changed, and says that it is open. */

import { onNews } from "./news.js";

const LOOK = 5000; // ms
const HERE = 10000; // ms between two signs of being here
const page = document.getElementById("offer");

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("offer");
    if (fresh && fresh.dataset.stamp !== page.dataset.stamp) location.reload();
  } catch {
    // no network: what stands here still holds
  }
}

const here = () =>
  fetch(page.dataset.here, {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"] },
  }).catch(() => {});

if (page) {
  setInterval(look, LOOK);
  onNews(look);
  if (page.dataset.here) {
    here();
    setInterval(here, HERE);
  }
}
