/** Who leaves: by quick exit, before the page is replaced, or by signing out. Each module forgets what it keeps. */

export function onQuickExit(forget) {
  document.addEventListener("click", (event) => event.target.closest?.("#quick-exit") && forget(), true);
}

export function onSignOut(forget) {
  document.addEventListener("submit", (event) => {
    if (/\/logout\/?$/.test(new URL(event.target.action, location.href).pathname)) forget();
  });
}
