// "Copy" buttons beside a link. Without this script the link can be selected by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      return; // forbidden here: it is selected, to be copied by hand
    }
    button.querySelector("span").textContent = button.dataset.done;
  });
}
