// Items of a report: filter by topic group, sort.

(function items() {
  const list = document.getElementById("item-list");
  const filter = document.getElementById("item-filter");
  const sort = document.getElementById("item-sort");
  const count = document.getElementById("item-count");
  const cards = Array.from(list.children);

  function arrange() {
    const key = sort.value;
    const sign = key === "divergence" ? -1 : 1;
    cards.sort((a, b) => sign * (Number(a.dataset[key]) - Number(b.dataset[key])) || a.dataset.group - b.dataset.group);
    list.append(...cards);
    let shown = 0;
    for (const card of cards) {
      card.hidden = filter.value !== "" && card.dataset.dimension !== filter.value;
      shown += card.hidden ? 0 : 1;
    }
    count.textContent = shown === 1 ? "1 item" : shown + " items";
  }
  filter.addEventListener("change", arrange);
  sort.addEventListener("change", arrange);
  arrange(); // a reloaded page may remember the choices
})();
