// Shows the first meeting's fields while their box is ticked. Without this script they are always there.
const box = document.getElementById("with-meeting");
const part = document.getElementById("first-meeting");
if (box && part) {
  const show = () => { part.hidden = !box.checked; };
  box.addEventListener("change", show);
  show();
}
