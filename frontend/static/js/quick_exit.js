/* Quick exit: blank the view, replace it by a neutral page, and let Back lead nowhere.

   Runs before anything is painted. A browser keeps the pages that came before this one, so a mark in this tab's
   session store sends every one of them on to the neutral page again. Opening the address anew lifts the mark. */
(function () {
  "use strict";
  var MARK = "left-to";
  var store = null;
  try {
    store = window.sessionStorage;
  } catch (error) {
    store = null; // the browser keeps nothing; the link still works
  }
  function marked() {
    return store && store.getItem(MARK);
  }
  function leave(to) {
    document.documentElement.hidden = true;
    window.location.replace(to);
  }
  var entry = window.performance.getEntriesByType && performance.getEntriesByType("navigation")[0];
  if (marked()) {
    if (entry && entry.type === "back_forward") {
      leave(marked());
    } else {
      store.removeItem(MARK);
    }
  }
  window.addEventListener("pageshow", function (event) {
    if (event.persisted && marked()) {
      leave(marked());
    }
  });
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("#quick-exit");
    if (!link) {
      return;
    }
    event.preventDefault();
    if (store) {
      store.setItem(MARK, link.href);
    }
    document.title = "\u200b";
    document.body.textContent = "";
    leave(link.href);
  });
})();
