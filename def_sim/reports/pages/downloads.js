// Files made of what is in the page: numbers and drawings of figures, cells of tables, the BibTeX. Nothing is loaded.

(function downloads() {
  const block = document.getElementById("figure-data");
  const data = block ? JSON.parse(block.textContent) : { style: "", figures: {} };
  const SVG = document.querySelector("svg").namespaceURI; // a page has one that defines the hatch
  const MARGIN = 8;
  const LEGEND_INDENT = 28;
  const LEGEND_LINE = 20;

  function save(name, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: type + ";charset=utf-8" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function button(words, about, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.setAttribute("aria-label", words + " of " + about);
    made.addEventListener("click", act);
    return made;
  }

  function bar(after, parts) {
    const line = document.createElement("p");
    line.className = "downloads no-print";
    line.append(...parts);
    after.after(line);
  }

  // Words in lines that fit; Chinese breaks between any two characters.
  function wrapped(words, room) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = "12.5px " + getComputedStyle(document.body).fontFamily;
    const lines = [""];
    for (const part of words.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+/g) || []) {
      const longer = lines[lines.length - 1] + part;
      if (lines[lines.length - 1] && part.trim() && pen.measureText(longer).width > room) lines.push(part);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  }

  // What the page writes around a drawing, each entry with its mark: [drawing of the mark or null, words].
  function entriesOf(box) {
    const before = box.previousElementSibling;
    const keys = Array.from(box.querySelectorAll(".legend > li"));
    if (!keys.length && before && before.matches(".legend")) keys.push(...before.children);
    const words = (one) => one.textContent.replace(/\s+/g, " ").trim();
    const entries = keys.map((one) => [one.querySelector("svg"), words(one)]);
    for (const one of box.querySelectorAll(".axis-words > dt")) {
      entries.push([null, words(one) + ": " + words(one.nextElementSibling)]);
    }
    for (const list of box.querySelectorAll(".model-keys")) {
      const isNumbered = list.tagName === "OL";
      Array.from(list.children, words).forEach((said, at) => entries.push([null, isNumbered ? at + 1 + "  " + said : said]));
    }
    return entries;
  }

  // Entries as lines of a drawing from `top` downwards; gives where they end.
  function legendInto(whole, entries, top, width) {
    for (const [mark, words] of entries) {
      if (mark) {
        const copy = mark.cloneNode(true);
        copy.setAttribute("x", String(MARGIN));
        copy.setAttribute("y", String(top));
        whole.append(copy);
      }
      for (const line of wrapped(words, width - LEGEND_INDENT)) {
        const text = document.createElementNS(SVG, "text");
        text.setAttribute("x", String(MARGIN + LEGEND_INDENT));
        text.setAttribute("y", String(top + 14));
        text.textContent = line;
        whole.append(text);
        top += LEGEND_LINE;
      }
    }
    return top;
  }

  // Drawings of one figure below each other, each under its card's title, in the colours of print.
  function drawn(box, title) {
    const found = Array.from(box.querySelectorAll("svg:not(.swatch)")).filter((one) => !one.parentElement.closest("svg"));
    const whole = document.createElementNS(SVG, "svg");
    const named = document.createElementNS(SVG, "title");
    const style = document.createElementNS(SVG, "style");
    named.textContent = title;
    style.textContent = data.style;
    whole.append(named, style);
    const hatch = document.getElementById("hatch");
    if (hatch) {
      const defs = document.createElementNS(SVG, "defs");
      defs.append(hatch.cloneNode(true));
      whole.append(defs);
    }
    let top = MARGIN;
    let width = 0;
    for (const one of found) {
      const place = one.getBoundingClientRect();
      const card = one.closest("article");
      if (found.length > 1 && card) {
        const words = document.createElementNS(SVG, "text");
        words.setAttribute("x", String(MARGIN));
        words.setAttribute("y", String(top + 12));
        words.textContent = card.querySelector("h4").textContent;
        whole.append(words);
        top += 20;
      }
      const copy = one.cloneNode(true);
      const size = { x: MARGIN, y: top, width: place.width || 600, height: place.height || 300 };
      for (const [name, value] of Object.entries(size)) copy.setAttribute(name, String(Math.round(value)));
      copy.setAttribute("overflow", "visible");
      whole.append(copy);
      top += size.height + MARGIN;
      width = Math.max(width, size.width);
    }
    top = legendInto(whole, entriesOf(box), top, width) + MARGIN;
    whole.setAttribute("viewBox", [0, 0, Math.round(width + 2 * MARGIN), Math.round(top)].join(" "));
    whole.setAttribute("width", String(Math.round(width + 2 * MARGIN)));
    whole.setAttribute("height", String(Math.round(top)));
    return new XMLSerializer().serializeToString(whole) + "\n";
  }

  function link(kind, address) {
    const made = document.createElement("a");
    made.href = address;
    made.textContent = kind;
    return made;
  }

  for (const box of document.querySelectorAll("[data-figure]")) {
    const name = box.dataset.figure;
    const figure = data.figures[name];
    if (!figure) continue;
    const parts = [];
    if (figure.csv !== null) parts.push(button("CSV", figure.title, () => save(name + ".csv", "text/csv", figure.csv)));
    parts.push(button("SVG", figure.title, () => save(name + ".svg", "image/svg+xml", drawn(box, figure.title))));
    const beside = Object.entries(figure.files).filter(([kind]) => kind === "PDF" || kind === "PNG" || (kind === "CSV" && figure.csv === null));
    if (beside.length) parts.push("beside this page:", ...beside.map(([kind, address]) => link(kind, address)));
    bar(box, parts);
  }

  function cell(one) {
    const copy = one.cloneNode(true);
    for (const drawing of copy.querySelectorAll("svg")) drawing.remove();
    const words = copy.textContent.replace(/\s+/g, " ").trim();
    // A spreadsheet would run it as a formula.
    const safe = /^[=+\-@]/.test(words) && Number.isNaN(Number(words)) ? "'" + words : words;
    return /[",\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  }

  const numbered = new Map();
  for (const table of document.querySelectorAll("main table")) {
    if (table.closest(".item, .item-card")) continue;
    const key = (table.closest("section") || document.body).id || "page";
    const number = (numbered.get(key) || 0) + 1;
    numbered.set(key, number);
    const around = table.closest(".scroll") || table;
    const about = around.getAttribute("aria-label") || "table";
    const name = key + (number > 1 ? "_" + number : "") + "_table.csv";
    const rows = () => Array.from(table.rows, (row) => Array.from(row.cells, cell).join(",")).join("\n") + "\n";
    bar(around, [button("CSV", about, () => save(name, "text/csv", rows()))]);
  }

  for (const copy of document.querySelectorAll("button[data-copies]")) {
    const source = document.getElementById(copy.dataset.copies);
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      let done = false;
      try {
        await navigator.clipboard.writeText(source.textContent);
        done = true;
      } catch {
        getSelection().selectAllChildren(source);
        done = document.execCommand("copy"); // where a page may not use the clipboard itself
      }
      copy.nextElementSibling.textContent = done ? "Copied." : "Select the text and copy it.";
    });
  }
})();
