/** Above a craving's room: says that this page is open, and looks whether something else stands there now. */

import { onNews } from "./news.js";

const LOOK = 4000; // ms
const HERE = 10000; // ms between two signs of being here

function begin(place) {
  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.part, { credentials: "same-origin" });
      if (answer.status !== 200) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("need-room");
      if (!fresh || fresh.dataset.stamp === place.dataset.stamp) return;
      place.replaceWith(document.adoptNode(fresh));
      place = fresh;
    } catch {
      // no network: what stands here still holds
    }
  }
  const here = () => {
    if (!place.dataset.here) return;
    const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
    fetch(place.dataset.here, { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": token } }).catch(() => {});
  };
  here();
  setInterval(here, HERE);
  setInterval(look, LOOK);
  onNews(look);
}

const found = document.getElementById("need-room");
if (found) begin(found);
