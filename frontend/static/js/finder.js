/** "Near me": the browser's place, only when tapped, rounded to about a kilometre before it leaves the page.

    The address says `near=me` and no more: it is kept in histories, copied and written into logs. The place itself goes
    in a cookie of this site that ends within the hour, with the filter, and with quick exit. */

function show() {
  const button = document.getElementById("near-me");
  if (button && "geolocation" in navigator) button.hidden = false;
}

function tell(place, seconds) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `near=${place}; Path=/; Max-Age=${seconds}; SameSite=Strict${secure}`;
}

function ask(button) {
  button.disabled = true;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const address = new URL(location.href);
      address.searchParams.delete("place");
      address.searchParams.delete("after");
      address.searchParams.set("near", "me");
      tell(`${coords.latitude.toFixed(2)}_${coords.longitude.toFixed(2)}`, 3600);
      if (address.href === location.href) location.reload();
      else location.assign(address);
    },
    () => {
      button.disabled = false;
      const trouble = document.getElementById("near-trouble");
      trouble.textContent = button.dataset.place;
      trouble.hidden = false;
      document.getElementById("place").focus();
    },
    { timeout: 10000, maximumAge: 600000 },
  );
}

show();
document.addEventListener("htmx:afterSwap", show);
document.addEventListener("click", (event) => {
  const button = event.target.closest("#near-me");
  if (!button) return;
  if (button.classList.contains("chip-on")) {
    tell("", 0);
    const address = new URL(location.href);
    for (const name of ["near", "radius", "sort", "after"]) address.searchParams.delete(name);
    location.assign(address);
  } else {
    ask(button);
  }
});
// a typed town takes the place of "near me"
document.addEventListener("input", (event) => {
  if (event.target.id !== "place") return;
  tell("", 0);
  event.target.form.querySelector('input[name="near"]')?.remove();
});
