// The meetings of this site on somebody else's page, in one script tag:
//   <script async src="https://HOST/widget.js" data-q="" data-day="" data-mode="" data-place="" data-radius="" data-words="en"></script>
// It asks one public address without cookies, draws into a shadow root of its own and touches nothing else of the page.
(() => {
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const names = ["q", "day", "mode", "place", "near", "radius", "tags", "zone", "lang", "fellowship", "words", "limit"];
  const css = `
    :host { display: block; font: 1rem/1.5 system-ui, sans-serif; color: #1d2b3a; background: #fffdf8; border: 1px solid #d9d2c3;
      border-radius: 0.75rem; padding: 1rem; max-inline-size: 40rem; }
    h2 { font-size: 1.125rem; margin: 0 0 0.5rem; } h3 { font-size: 1rem; margin: 1rem 0 0.25rem; }
    ul { list-style: none; margin: 0; padding: 0; } li { display: flex; gap: 0.75rem; padding: 0.5rem 0; border-top: 1px solid #e8e2d5; }
    time { flex: none; min-inline-size: 3.25rem; font-variant-numeric: tabular-nums; font-weight: 600; }
    a { color: #1f4f82; } p { margin: 0; } .muted { color: #51606f; font-size: 0.875rem; }
    button { font: inherit; padding: 0.5rem 1rem; min-block-size: 2.75rem; border-radius: 0.5rem; border: 1px solid #1f4f82;
      background: none; color: #1f4f82; cursor: pointer; margin-block-start: 0.75rem; }
    :focus-visible { outline: 3px solid #b86b00; outline-offset: 2px; }
    @media (prefers-color-scheme: dark) { :host { color: #eef2f6; background: #17222f; border-color: #34455a; }
      li { border-color: #2b3a4c; } a, button { color: #9cc7f5; border-color: #9cc7f5; } .muted { color: #b5c2cf; } }`;
  const host = document.createElement("div");
  script.after(host);
  const root = host.attachShadow({ mode: "open" });
  const make = (name, text, parent) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };
  make("style", css, root);
  const box = make("section", "", root);
  const lang = script.dataset.words || document.documentElement.lang.slice(0, 2) || "en";
  const zone = script.dataset.zone || Intl.DateTimeFormat().resolvedOptions().timeZone;
  const asked = new URLSearchParams({ words: lang, zone });
  for (const name of names) if (script.dataset[name]) asked.set(name, script.dataset[name]);

  const row = (list, meeting, words) => {
    const item = make("li", "", list);
    const time = make("time", meeting.time, item);
    if (meeting.starts_at) time.dateTime = meeting.starts_at;
    const about = make("div", "", item);
    const link = make("a", meeting.name, about);
    link.href = meeting.url;
    link.target = "_blank";
    link.rel = "noopener";
    make("p", [meeting.in_progress ? words.on_now : "", meeting.how, meeting.where].filter(Boolean).join(" · "), about).className = "muted";
  };
  const show = (answer) => {
    box.lang = answer.lang;
    const title = box.querySelector("h2") || make("h2", answer.words.title, box);
    box.setAttribute("aria-label", title.textContent);
    for (const day of answer.days) {
      const heads = [...box.querySelectorAll("h3")];
      const same = heads.find((head) => head.textContent === day.name);
      if (!same) make("h3", day.name, box);
      const list = same ? same.nextElementSibling : make("ul", "", box);
      for (const meeting of day.meetings) row(list, meeting, answer.words);
    }
    if (!box.querySelector("li")) make("p", answer.words.none, box);
    box.querySelector(".zone")?.remove();
    make("p", answer.words.zone, box).className = "muted zone";
    if (answer.after) {
      const more = make("button", answer.words.more, box);
      more.type = "button";
      more.onclick = () => { more.remove(); load(answer.after); };
    }
  };
  const failed = () => {
    const line = make("p", "", box);
    line.setAttribute("role", "status");
    const link = make("a", origin, line);
    link.href = origin;
  };
  const load = async (after = "") => {
    if (after) asked.set("after", after);
    try {
      const answer = await fetch(`${origin}/widget.json?${asked}`, { credentials: "omit", referrerPolicy: "no-referrer" });
      if (!answer.ok) throw new Error(answer.status);
      show(await answer.json());
    } catch {
      failed();
    }
  };
  load();
})();
