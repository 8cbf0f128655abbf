/** Hears at once when something about a press changed: a hint over the socket; every page also looks by itself. */

const AGAIN = 5000; // ms between two tries

/** Call `look` at each hint, as long as this page is open and a member reads it. */
export function onNews(look) {
  if (!("WebSocket" in window)) return;
  const open = () => {
    if (!navigator.onLine) return void setTimeout(open, AGAIN);
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`, "porchlight.v1");
    socket.addEventListener("open", () => socket.send(JSON.stringify({ t: "hello", resume: {} })));
    socket.addEventListener("message", (event) => {
      if (event.data.startsWith('{"t":"press"')) look();
      else if (event.data.startsWith('{"t":"hb"')) socket.send('{"t":"hb"}');
    });
    socket.addEventListener("close", (event) => event.code !== 4401 && setTimeout(open, AGAIN));
  };
  open();
}
