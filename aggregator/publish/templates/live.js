// Keeps an open page current: /events tells what was published, and the page is asked for again.
// On a static host one request finds nothing, and that is all.
"use strict";
(() => {
  const address = new URL("events", document.currentScript.src);
  const said = Object.assign(document.createElement("p"), { className: "aloud", role: "status" });
  let events = null;
  let waiting = 0;
  let shown = document.querySelector("main").innerHTML;
  document.body.append(said);

  // A browser has six connections to a site: a tab that nobody looks at leaves them to the others.
  function listen() {
    events?.close();
    events = document.hidden ? null : new EventSource(address);
    if (!events) return;
    events.onopen = soon; // what was published while nobody listened
    events.onerror = ({ target }) => {
      if (target.readyState === EventSource.CLOSED) document.removeEventListener("visibilitychange", listen);
    };
    events.addEventListener("published", ({ data }) => {
      const paths = JSON.parse(data);
      if (paths.includes("*") || paths.includes(document.body.dataset.path)) soon();
    });
  }

  // Not all readers at the same instant.
  function soon() {
    waiting ||= setTimeout(refresh, 2000 * Math.random());
  }

  async function refresh() {
    waiting = 0;
    const answer = await fetch(location.href, { cache: "no-cache" }).catch(() => null);
    if (document.hidden || !answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("main");
    if (!fresh || fresh.innerHTML === shown) return;
    shown = fresh.innerHTML;
    exchange(document.querySelector("main"), document.adoptNode(fresh));
  }

  // The news moves; what the reader is at stays where it is.
  function exchange(old, fresh) {
    const focused = document.activeElement;
    const read = scrollY > 0 && [...old.querySelectorAll("a[href]")].find((it) => it.getBoundingClientRect().top >= 0);
    const [focusedTwin, readTwin] = [focused, read].map((it) => it && old.contains(it) && twin(it, old, fresh));
    const top = read && read.getBoundingClientRect().top;
    const titles = (main) => [...main.querySelectorAll(".title")];
    const known = new Set(titles(old).map((it) => it.textContent));
    const news = titles(fresh).find((it) => !known.has(it.textContent));
    old.replaceWith(fresh);
    if (readTwin) scrollBy({ top: readTwin.getBoundingClientRect().top - top, behavior: "instant" });
    if (focusedTwin) focusedTwin.focus({ preventScroll: true });
    if (news) Object.assign(said, { lang: news.lang, dir: "auto", textContent: news.textContent });
  }

  function twin(element, old, fresh) {
    if (element === old) return fresh;
    const name = (it) => it.id || it.getAttribute("href") || it.getAttribute("aria-label");
    const same = (main) => [...main.querySelectorAll(element.localName)].filter((it) => name(it) === name(element));
    return same(fresh)[same(old).indexOf(element)] ?? same(fresh)[0];
  }

  document.addEventListener("visibilitychange", listen);
  listen();
})();
