/** When the device's own passkey window is closed or finds nothing: say so on the page, in words. */

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const words = document.getElementById("passkey-trouble");
  if (words) words.hidden = false;
});
