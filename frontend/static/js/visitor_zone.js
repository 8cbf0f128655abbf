/** Tells the server which clock this browser shows, by a cookie that holds a zone's name and nothing else. */

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const told = document.cookie.split("; ").find((part) => part.startsWith("zone="))?.slice(5);

/**
 * The page was made for another clock: fetch its rows alone once more. Who has begun to type or search is not
 * disturbed. `data-zone` says whose times stand there.
 */
async function timesAgain(finder) {
  const asked = location.href;
  const answer = await fetch(asked, { headers: { "X-Part": "results" }, cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("results");
  if (answer.ok && fresh && location.href === asked) document.getElementById("results")?.replaceWith(fresh);
  finder.dataset.zone = zone;
}

if (zone && /^[A-Za-z0-9_+\-/]{1,64}$/.test(zone) && decodeURIComponent(told ?? "") !== zone) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  const main = document.getElementById("finder");
  if (main && main.dataset.zone !== zone && document.cookie.includes("zone=")) {
    timesAgain(main).catch(() => {}); // no network: the times stand, and say whose they are
  }
}
