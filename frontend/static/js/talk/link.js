/** The socket of docs/protocol.md: hello, heartbeat, reconnect. It keeps no message; who listens says what is held. */

const SILENCE = 40_000; // ms without a word from the server: connect anew
const SLOWEST = 30_000; // ms between two tries
const ENOUGH = 10_000; // ms after which a connection counts as a good one
const SIGNED_OUT = 4401;
const NOT_OURS = 4406; // another version of the protocol: only a reload helps

export class Link {
  /** `listen`: {resume() -> {room: seq}, frame(frame), up(), down(code)} */
  constructor(url, listen) {
    this.url = url;
    this.listen = listen;
    this.socket = null;
    this.ready = false;
    this.tries = 0;
    this.timer = 0;
    this.watch = 0;
    this.ended = false;
    addEventListener("online", () => this.now());
    addEventListener("offline", () => this.#drop());
    addEventListener("pageshow", (event) => event.persisted && this.now());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.now();
    });
  }

  /** Connect at once unless connected. */
  now() {
    if (this.ended || this.socket) return;
    clearTimeout(this.timer);
    this.#open();
  }

  /** For good: nothing is heard any more. */
  end() {
    this.ended = true;
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    const socket = this.socket;
    this.socket = null;
    this.ready = false;
    socket?.close();
  }

  /** True when the frame went out; that it arrived, only an answer says. */
  send(frame) {
    if (!this.ready || this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  #open() {
    let socket;
    try {
      socket = new WebSocket(this.url, "porchlight.v1");
    } catch {
      this.#later();
      return;
    }
    this.socket = socket;
    socket.onopen = () => {
      this.opened = Date.now();
      socket.send(JSON.stringify({ t: "hello", resume: this.listen.resume() }));
      this.#hear();
    };
    socket.onmessage = (event) => {
      if (socket !== this.socket) return;
      this.#hear();
      this.#take(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.#lost(event.code);
    };
    this.#hear();
  }

  #take(frame) {
    if (frame.t === "hb") this.send({ t: "hb" });
    if (frame.t === "bye") this.pause = frame.retry * 1000;
    if (frame.t === "welcome") {
      this.ready = true;
      this.listen.up();
    }
    this.listen.frame(frame);
  }

  #hear() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.#drop(), SILENCE);
  }

  #drop() {
    const socket = this.socket;
    if (!socket) return;
    this.#lost(1006);
    socket.close();
  }

  #lost(code) {
    clearTimeout(this.watch);
    if (this.opened && Date.now() - this.opened > ENOUGH) this.tries = 0;
    this.socket = null;
    this.ready = false;
    this.opened = 0;
    this.ended = code === SIGNED_OUT || code === NOT_OURS;
    this.listen.down(code);
    if (!this.ended) this.#later();
  }

  #later() {
    const most = Math.min(SLOWEST, 500 * 2 ** this.tries++);
    const wait = this.pause ?? 500 + Math.random() * (most - 500);
    this.pause = undefined;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), wait);
  }
}
