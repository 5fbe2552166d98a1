// The worklist by keyboard: J and K go from row to row, / goes to the search. They can be turned off, for
// whoever speaks to the computer (WCAG 2.1.4). Without this file the Tab key does.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("table.stack tbody a.go")], search = document.querySelector("form[role=search] input");
  const hint = document.querySelector("[data-keys]");
  const use = hint.querySelector("input"), KEPT = "banshi-keys";
  hint.hidden = !rows.length;
  use.checked = localStorage.getItem(KEPT) !== "off";
  use.addEventListener("change", () => localStorage.setItem(KEPT, use.checked ? "on" : "off"));
  addEventListener("keydown", e => {
    if (!use.checked || e.ctrlKey || e.metaKey || e.altKey || e.target.matches("input,select,textarea")) return;
    const at = rows.indexOf(document.activeElement), to = { j: Math.min(at + 1, rows.length - 1), k: Math.max(at - 1, 0) }[e.key];
    if (e.key === "/" && search) { e.preventDefault(); search.focus(); }
    else if (to !== undefined && rows.length) { rows[to].focus(); rows[to].scrollIntoView({ block: "nearest" }); }
  });
})();
