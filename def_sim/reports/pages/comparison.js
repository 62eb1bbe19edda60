"use strict";
// One score at a time; without this script all of them stand below each other.
(function scores() {
  const pick = document.getElementById("pick-metric");
  const parts = Array.from(document.querySelectorAll(".metric"));
  if (!pick || !parts.length) return;
  document.getElementById("picker").hidden = false;
  function show() {
    for (const part of parts) part.hidden = part.dataset.metric !== pick.value;
  }
  pick.addEventListener("change", show);
  show();
})();
