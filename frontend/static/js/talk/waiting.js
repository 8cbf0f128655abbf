/** Talk without a socket: one request waits at GET /api/v1/talk/ for the frames that a socket would bring. */

const BLOCKED = 4_000; // ms without a socket before the first request
const WAIT = 20; // seconds that the server may hold a request
const OVERDUE = 35_000; // ms after which nobody answers it any more
const SLOWEST = 30_000; // ms between two tries
const SIGNED_OUT = 403;
const TOO_MANY = 429; // several pages of one person in a busy room
const HIDDEN = 60_000; // ms for which a page that nobody looks at goes on asking

export class Waiting {
  /** `listen`: {resume() -> {room: seq}, frame(frame), up(), down(), out()} */
  constructor(listen) {
    this.listen = listen;
    this.wanted = false;
    this.up = false; // the last request was answered
    this.tries = 0;
    this.others = new Map(); // rooms that the page does not know, or every request would bring them anew
    this.gone = new Set();
    addEventListener("online", () => this.#soon());
    addEventListener("offline", () => this.#lost());
    document.addEventListener("visibilitychange", () => this.#looked());
  }

  /** The socket is not there; asked after a while only, for most come back at once. */
  start() {
    if (this.wanted || this.ended) return;
    this.wanted = true;
    this.tries = 0;
    this.#later(BLOCKED * (0.75 + Math.random() / 2));
  }

  /** The socket is back. What the waiting request would have brought, the socket brings. */
  stop() {
    this.wanted = false;
    this.up = false;
    this.bye = 0;
    this.#drop();
  }

  end() {
    this.ended = true;
    this.stop();
  }

  /** What was heard of this room is of another log: only the page knows what to ask for. */
  forget(room) {
    this.others.delete(room);
  }

  /** The server stops and asks to be left alone for so many seconds. */
  pause(seconds) {
    this.bye = Date.now() + seconds * 1000;
    this.#drop();
    if (this.wanted) this.#later(0);
  }

  #drop() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.asked = null;
  }

  #lost() {
    if (!this.wanted || this.asleep) return;
    this.#drop();
    this.#later(this.#failed());
  }

  #looked() {
    clearTimeout(this.sleepy);
    if (document.visibilityState === "visible") this.#soon();
    else this.sleepy = setTimeout(() => this.#sleep(), HIDDEN);
  }

  #sleep() {
    this.asleep = true;
    this.up = false;
    this.#drop();
  }

  #soon() {
    const slept = this.asleep;
    this.asleep = false;
    if (this.wanted && !this.asked && (slept || this.tries)) this.#later(0);
  }

  #later(wait) {
    clearTimeout(this.timer);
    const rest = Math.max(wait, (this.bye ?? 0) - Date.now());
    this.timer = setTimeout(() => this.#ask(), rest);
  }

  async #ask() {
    if (!this.wanted || this.asked || this.asleep) return;
    const asked = new AbortController();
    this.asked = asked;
    const overdue = setTimeout(() => asked.abort(), OVERDUE);
    let status = 0;
    let frames = null;
    try {
      const answer = await fetch(this.#address(), { credentials: "same-origin", signal: asked.signal });
      status = answer.status;
      if (answer.ok) frames = (await answer.json()).frames;
    } catch {
      // no network, or nobody answers: tried again
    }
    clearTimeout(overdue);
    if (this.asked !== asked) return; // dropped meanwhile: the socket came back and has said what is shown
    this.asked = null;
    if (status === SIGNED_OUT) {
      this.end();
      this.listen.out();
      return;
    }
    if (status === TOO_MANY) {
      this.#later(1000 + Math.random() * 1000);
      return;
    }
    this.#later(SLOWEST); // whatever becomes of the frames
    this.#later(frames ? this.#take(frames) : this.#failed());
  }

  /** The first request, and each after a failure, is answered at once: it says that this way is open. */
  #address() {
    const known = { ...Object.fromEntries(this.others), ...this.listen.resume() };
    const named = Object.entries(known).filter(([room]) => !this.gone.has(room));
    const resume = named.map(([room, seq]) => `${room}:${seq}`).join(",");
    return `/api/v1/talk/?${new URLSearchParams({ resume, wait: this.up ? WAIT : 0 })}`;
  }

  /** ms until the next request: a little by chance, or all who wait in a room would ask at the same moment. */
  #take(frames) {
    for (const frame of frames) {
      if (frame.t === "gone") this.gone.add(frame.room);
      else if (frame.t === "sync" || frame.t === "msg") this.gone.delete(frame.room);
      if (frame.t === "sync") this.others.set(frame.room, frame.to);
      if (frame.t === "msg") this.others.set(frame.room, frame.seq);
      this.listen.frame(frame);
    }
    this.tries = 0;
    if (!this.up && this.wanted) {
      this.up = true;
      this.listen.up();
    }
    return 100 + Math.random() * 300;
  }

  #failed() {
    this.up = false;
    this.listen.down();
    const most = Math.min(SLOWEST, 1000 * 2 ** this.tries++);
    return 500 + Math.random() * most;
  }
}
