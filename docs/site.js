// What the theme leaves open to who has no mouse or no screen, done whenever it has changed the page.

(function site() {
  function mend() {
    // A table that is wider than the page is scrolled by keyboard, too.
    for (const wide of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) {
      wide.tabIndex = 0;
      wide.setAttribute("role", "group");
      wide.setAttribute("aria-label", "Table");
    }
    // The dialog for searching has no name, and no setting for one.
    for (const dialog of document.querySelectorAll(".md-search:not([aria-label])")) dialog.ariaLabel = "Search";
    // The button that copies a block is no place to navigate to.
    for (const copy of document.querySelectorAll("nav.md-code__nav:not([role])")) copy.setAttribute("role", "group");
  }

  new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
  mend();
})();
