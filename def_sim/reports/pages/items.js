// Items of a report: search, filters, order, more of them, links to single cards. A card that is not on the page
// yet is the template that Python drew, filled with texts, lengths and attributes; nothing is drawn here.

(function items() {
  const rows = report.items.rows.map(named);
  const byId = (id) => document.getElementById(id);
  const list = byId("item-list");
  const search = byId("item-search");
  const sort = byId("item-sort");
  const selects = Array.from(document.querySelectorAll(".item-controls select[data-field]"));
  const more = document.querySelector(".more-items");
  const cards = new Map(Array.from(list.children, (card) => [card.id, card]));
  const STEP = list.children.length;
  const words = new Map(); // of an item, once they were searched
  let room = STEP;
  let linked = null; // the item that an address names: shown whatever the filters say

  function named(values) {
    const row = Object.fromEntries(report.items.fields.map((name, i) => [name, values[i]]));
    row.address = "item-" + row.id + row.suffix;
    row.source = row.id.split(".")[0];
    return row;
  }

  // What is not known has no element: the template has all that a card can have.
  function fill(element, text) {
    if (text === "") element.remove();
    else element.textContent = text;
  }

  function bar(share) {
    return share === "" ? "0%" : Math.max(Number(share), 0.2) + "%";
  }

  function filledOption([code, label, english, ...shares]) {
    const option = byId("option-template").content.firstElementChild.cloneNode(true);
    option.querySelector(".code").textContent = code;
    option.querySelector(".label").textContent = report.lines[label];
    fill(option.querySelector(".label-english"), report.lines[english]);
    const drawing = option.querySelector(".bars");
    const written = shares.map((share) => (share === "" ? "–" : share + " %"));
    const ends = drawing.querySelectorAll("text");
    const bars = drawing.querySelectorAll("rect");
    written.forEach((text, i) => {
      ends[i].textContent = text;
      ends[i].setAttribute("x", bar(shares[i]));
      if (bars[i]) bars[i].setAttribute("width", bar(shares[i]));
    });
    const planted = drawing.querySelector(".planted-line");
    if (planted && shares.length > 2) {
      planted.setAttribute("x2", bar(shares[2]));
      drawing.querySelector("use").setAttribute("x", bar(shares[2]));
    } else if (planted) {
      for (const part of [planted, drawing.querySelector("use"), ends[2]]) part.remove();
      drawing.classList.remove("with-planted");
    }
    drawing.setAttribute("aria-label", ["panel ", "people ", "planted "].slice(0, written.length).map((who, i) => who + written[i]).join(", "));
    return option;
  }

  function fillScores(card, scores) {
    card.querySelectorAll(".chips li").forEach((chip, i) => {
      if (!scores[i]) return chip.remove();
      const [text, floor, why] = scores[i];
      const value = chip.querySelector("b");
      value.textContent = text;
      if (why !== undefined) {
        value.className = "undefined";
        value.title = report.lines[why];
      }
      chip.lastChild.textContent = floor === "" ? "" : " floor " + floor;
    });
  }

  function filledCard(row) {
    const card = byId("item-template").content.firstElementChild.cloneNode(true);
    card.id = row.address;
    card.querySelector(".self").setAttribute("href", "#" + encodeURIComponent(row.address));
    card.querySelector(".item-id").textContent = row.id;
    for (const name of ["topic", "about", "counts"]) card.querySelector("." + name).textContent = report.lines[row[name]];
    fill(card.querySelector(".question"), report.lines[row.question]);
    fill(card.querySelector(".question-english"), report.lines[row.english]);
    const link = card.querySelector(".to-answers");
    if (link) link.dataset.question = row.id + "#" + row.wording;
    fillScores(card, row.scores);
    card.append(...row.options.map(filledOption));
    return card;
  }

  function cardOf(row) {
    if (!cards.has(row.address)) cards.set(row.address, filledCard(row));
    return cards.get(row.address);
  }

  function wordsOf(row) {
    if (!words.has(row)) {
      const labels = row.options.flatMap(([, label, english]) => [label, english]);
      const texts = [row.topic, row.question, row.english, ...labels].map((number) => report.lines[number]);
      words.set(row, [row.id, ...texts].join("\n").toLowerCase());
    }
    return words.get(row);
  }

  function matching() {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (row) =>
      selects.every((select) => select.value === "" || row[select.dataset.field] === select.value) &&
      wanted.every((word) => wordsOf(row).includes(word));
    const group = (row) => report.items.groups.indexOf(row.dimension);
    const orders = {
      excess: () => 0, // as the data stand
      order: (a, b) => a.order - b.order,
      dimension: (a, b) => group(a) - group(b) || a.order - b.order,
    };
    return rows.filter(fits).sort(orders[sort.value]);
  }

  function counted(shown, matched) {
    if (matched === 0) return "No item matches.";
    const items = matched.toLocaleString("en") + (matched === 1 ? " item" : " items");
    if (shown < matched) return shown.toLocaleString("en") + " of " + items + (matched < rows.length ? " that match" : "");
    return items + (matched === rows.length ? "" : matched === 1 ? " matches" : " match");
  }

  function show() {
    const matched = matching();
    const shown = matched.slice(0, room);
    const isExtra = linked !== null && !shown.includes(linked);
    byId("item-count").textContent = counted(shown.length, matched.length) + (isExtra ? ", and the linked one" : "");
    list.replaceChildren(...(isExtra ? [...shown, linked] : shown).map(cardOf));
    more.hidden = matched.length <= room;
    byId("more-items").textContent = Math.min(STEP, matched.length - room) + " more";
    byId("all-items").textContent = "All " + matched.length.toLocaleString("en");
  }

  function change() {
    room = STEP;
    linked = null;
    show();
  }

  function openLinked() {
    const row = rows.find((one) => "#" + encodeURIComponent(one.address) === location.hash);
    if (!row) return;
    linked = row;
    show();
    const card = cardOf(row);
    card.scrollIntoView();
    card.focus({ preventScroll: true });
  }

  for (const control of [...selects, sort]) control.addEventListener("change", change);
  search.addEventListener("input", change);
  byId("more-items").addEventListener("click", () => {
    room += STEP;
    show();
  });
  byId("all-items").addEventListener("click", () => {
    room = rows.length;
    show();
  });
  window.addEventListener("hashchange", openLinked);
  document.querySelector(".item-controls").hidden = false;
  show(); // a reloaded page may remember the choices
  openLinked();
})();
