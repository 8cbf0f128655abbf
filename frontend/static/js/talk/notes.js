/** Notifications of rooms in which nothing is unread any more: read here, or on another device. */

export async function clearRead() {
  const registered = await navigator.serviceWorker?.getRegistration();
  for (const line of document.querySelectorAll("#talk-rooms [data-tag]")) {
    if (!line.querySelector(".unread").hidden) continue;
    const shown = (await registered?.getNotifications({ tag: line.dataset.tag })) ?? [];
    for (const note of shown) note.close();
  }
}
