"use strict";
// Filters the cards by source, dimension, type and words. Nothing is written into the page but a count.

(function filters() {
  const cards = Array.from(document.querySelectorAll(".item"));
  const groups = Array.from(document.querySelectorAll(".source"));
  const selects = Array.from(document.querySelectorAll("select[data-filter]"));
  const search = document.getElementById("search");
  const count = document.getElementById("item-count");
  const texts = cards.map((card) => card.textContent.toLowerCase());

  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    cards.forEach((card, index) => {
      const fits = selects.every((select) => select.value === "" || card.dataset[select.dataset.filter] === select.value);
      card.hidden = !(fits && words.every((word) => texts[index].includes(word)));
      shown += card.hidden ? 0 : 1;
    });
    for (const group of groups) group.hidden = !group.querySelector(".item:not([hidden])");
    count.textContent = shown + " of " + cards.length + (cards.length === 1 ? " item" : " items");
  }
  for (const select of selects) select.addEventListener("change", apply);
  search.addEventListener("input", apply);
  apply(); // a reloaded page may remember the choices
})();
