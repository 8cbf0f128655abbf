/** "Near me": the browser's place, only when tapped, rounded to about a kilometre before it leaves the page. */

function show() {
  const button = document.getElementById("near-me");
  if (button && "geolocation" in navigator) button.hidden = false;
}

function ask(button) {
  button.disabled = true;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const address = new URL(location.href);
      address.searchParams.delete("place");
      address.searchParams.delete("after");
      address.searchParams.set("near", `${coords.latitude.toFixed(2)},${coords.longitude.toFixed(2)}`);
      location.assign(address);
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
    const address = new URL(location.href);
    for (const name of ["near", "radius", "sort", "after"]) address.searchParams.delete(name);
    location.assign(address);
  } else {
    ask(button);
  }
});
// a typed town takes the place of "near me"
document.addEventListener("input", (event) => {
  if (event.target.id === "place") event.target.form.querySelector('input[name="near"]')?.remove();
});
