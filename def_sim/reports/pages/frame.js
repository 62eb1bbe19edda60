"use strict";
// The list of contents: open beside wide pages, closed after a choice on narrow ones, and it shows where the reader is.
(function contents() {
  const nav = document.querySelector("nav.contents");
  const box = nav.querySelector("details");
  const here = nav.querySelector(".here");
  const wide = window.matchMedia("(min-width: 1024px)");
  const all = Array.from(nav.querySelectorAll("a[href^='#']")); // a title and its first part may lead to one place
  const links = new Map(all.map((link) => [link.hash.slice(1), link]));
  const parts = Array.from(links.keys(), (id) => document.getElementById(id)).filter(Boolean);
  const read = new Set();
  let chosen = ""; // and where the page stood then: a short part, or the last one, never reaches the line
  let place = 0;

  function fit() { box.open = wide.matches; }

  function mark(id) {
    const link = links.get(id);
    for (const other of links.values()) if (other !== link) other.removeAttribute("aria-current");
    here.textContent = link ? link.textContent : "";
    if (!link) return;
    link.setAttribute("aria-current", "location");
    const low = link.offsetTop + link.offsetHeight - nav.clientHeight;
    if (nav.scrollTop < low) nav.scrollTop = low + 8;
    if (nav.scrollTop > link.offsetTop) nav.scrollTop = link.offsetTop - 8;
  }

  // What crosses a line a quarter down the window is being read; of a chapter and a section in it, the section.
  const line = new IntersectionObserver((changes) => {
    for (const change of changes) {
      if (change.isIntersecting) read.add(change.target); else read.delete(change.target);
    }
    if (chosen && Math.abs(window.scrollY - place) < 4) return;
    chosen = "";
    const found = parts.filter((part) => read.has(part));
    mark(found.length ? found[found.length - 1].id : "");
  }, { rootMargin: "-25% 0px -74% 0px" });
  for (const part of parts) line.observe(part);

  for (const link of all) {
    link.addEventListener("click", () => {
      fit();
      chosen = link.hash.slice(1);
      mark(chosen);
      requestAnimationFrame(() => { place = window.scrollY; });
    });
  }
  wide.addEventListener("change", fit);
  fit();
})();

// What a link of the page leads to is shown also where it lies in something closed.
(function opened() {
  function open() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    const own = target.querySelector(":scope > details");
    if (own && target.matches("section")) own.open = true;
  }
  window.addEventListener("hashchange", open);
  open();
})();
