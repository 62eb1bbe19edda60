// Single answers of a report: unpack (see answer_browser.py), choose, show. Model text is only ever set as textContent.

(function answers() {
  const packed = report.answers;
  if (packed.rows.length === 0) return;
  const text = (index) => packed.texts[index].map((line) => report.lines[line]).join("\n");
  const [RESPONDENT, QUESTION, TOPIC, DECODING, PLACE, PROMPT, TEXT, STATUS, METHOD, CHOICES, MEMORY] = Array(11).keys();
  // An option holds no elements: these characters keep the direction of a topic to itself.
  const isolated = (words) => "\u2068" + words.replace(/[\u202a-\u202e\u2066-\u2069]/g, "") + "\u2069";
  // The base wording needs no number.
  const named = (id) => id.replace(/#0$/, "").replace(/#(\d+)$/, ", wording $1");
  const rows = packed.rows;
  const byId = (id) => document.getElementById(id);
  const question = byId("pick-question");
  const respondent = byId("pick-respondent");
  const status = byId("pick-status");
  let current = 0;

  function fill(select, field, name) {
    for (const value of new Map(rows.map((row) => [row[field], row]))) {
      select.add(new Option(name(value[1]), String(value[0])));
    }
  }
  fill(respondent, RESPONDENT, (row) => text(row[RESPONDENT]));
  fill(status, STATUS, (row) => "only: " + text(row[STATUS]));

  // Hundreds of questions are elements that a page need not have before somebody comes near their list.
  function fillQuestions() {
    if (question.options.length > 0) return;
    fill(question, QUESTION, (row) => isolated(text(row[TOPIC])) + " (" + named(text(row[QUESTION])) + ")");
    question.value = String(rows[current][QUESTION]);
  }
  new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && fillQuestions()).observe(byId("answers"));
  question.addEventListener("focus", fillQuestions);

  const stepped = () => rows.map((_, i) => i).filter((i) => status.value === "" || String(rows[i][STATUS]) === status.value);

  function showMemory(exchanges) {
    const box = byId("show-memory");
    box.hidden = exchanges.length === 0;
    box.firstElementChild.textContent = "Remembered before it: " + exchanges.length + (exchanges.length === 1 ? " answer" : " answers");
    box.lastElementChild.replaceChildren(...exchanges.map((index) => {
      const pair = document.createElement("div");
      for (const part of packed.exchanges[index]) {
        const block = document.createElement("pre");
        block.dir = "auto";
        block.textContent = text(part);
        pair.append(block);
      }
      return pair;
    }));
  }

  function show(index) {
    const row = rows[index];
    byId("answer").hidden = !row;
    byId("no-answer").hidden = Boolean(row);
    if (!row) return;
    current = index;
    question.value = String(row[QUESTION]);
    respondent.value = String(row[RESPONDENT]);
    byId("show-status").textContent = text(row[STATUS]);
    byId("show-choices").textContent = text(row[CHOICES]) || "–";
    byId("show-method").textContent = text(row[METHOD]);
    byId("show-place").textContent = text(row[PLACE]) || "–";
    byId("show-decoding").textContent = text(row[DECODING]) || "–";
    byId("show-prompt").textContent = text(row[PROMPT]) || "–";
    byId("show-text").textContent = text(row[TEXT]) || "–";
    showMemory(row[MEMORY]);
    const among = stepped();
    const place = among.indexOf(index);
    byId("previous").disabled = !among.some((i) => i < index);
    byId("next").disabled = !among.some((i) => i > index);
    byId("position").textContent = (place < 0 ? "–" : place + 1) + " of " + among.length;
  }

  function pick() {
    show(rows.findIndex((row) => String(row[QUESTION]) === question.value && String(row[RESPONDENT]) === respondent.value));
  }
  question.addEventListener("change", pick);
  respondent.addEventListener("change", pick);
  status.addEventListener("change", () => show(stepped()[0]));
  byId("previous").addEventListener("click", () => show(stepped().filter((i) => i < current).pop()));
  byId("next").addEventListener("click", () => show(stepped().find((i) => i > current)));
  // Cards of items come and go.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-question]");
    if (link) show(rows.findIndex((row) => text(row[QUESTION]) === link.dataset.question));
  });
  show(0);
})();
