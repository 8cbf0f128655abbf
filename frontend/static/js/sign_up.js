/** The sign-up page: the browser knows the time zone, and a passkey needs no password field. */

const form = document.getElementById("sign-up");
const password = document.getElementById("password-part");
const zone = form.elements.zone;
const language = form.elements.language;
const place = document.getElementById("place");

function showWay() {
  password.hidden = form.elements.way.value === "passkey";
}

function showPlace() {
  const chosen = language.options[language.selectedIndex].text;
  document.getElementById("place-now").textContent = `${chosen}, ${zone.value.replaceAll("_", " ")}`;
}

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const known = [...zone.options].some((option) => option.value === here);
if (known && !form.querySelector("#form-errors")) zone.value = here;
if (known && !place.querySelector(".errors")) place.open = false;

form.addEventListener("change", () => {
  showWay();
  showPlace();
});
showWay();
showPlace();
