"use strict";
(function () {
  const FILTERED_FROM = 12;

  function order(cell) {
    return cell.dataset.order === undefined ? null : Number(cell.dataset.order);
  }

  function compare(column, isNumber) {
    const words = new Intl.Collator("en", { numeric: true });
    return function (one, other) {
      const first = one.cells[column], second = other.cells[column];
      if (!isNumber) return words.compare(first.textContent, second.textContent);
      return order(first) - order(second);
    };
  }

  function sort(table, header, column) {
    const isUp = header.getAttribute("aria-sort") !== "ascending";
    const isNumber = header.classList.contains("number");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    // Cells without a number stand last, whichever way the others go.
    const empty = rows.filter((row) => isNumber && order(row.cells[column]) === null);
    const full = rows.filter((row) => !empty.includes(row)).sort(compare(column, isNumber));
    if (!isUp) full.reverse();
    body.append(...full, ...empty);
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", isUp ? "ascending" : "descending");
  }

  function makeSortable(table) {
    if (table.tBodies[0].rows.length < 2) return;
    Array.from(table.tHead.rows[0].cells).forEach(function (header, column) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = header.textContent;
      header.replaceChildren(button);
      button.addEventListener("click", () => sort(table, header, column));
    });
  }

  function makeFiltered(sheet, table) {
    const rows = Array.from(table.tBodies[0].rows);
    if (rows.length < FILTERED_FROM) return;
    const bar = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const shown = document.createElement("output");
    bar.className = "filter";
    input.type = "search";
    input.placeholder = "part of a row";
    label.append("Filter ", input);
    shown.value = rows.length + " rows";
    input.addEventListener("input", function () {
      const wanted = input.value.trim().toLowerCase().split(/\s+/);
      let count = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !wanted.every((word) => text.includes(word));
        if (!row.hidden) count += 1;
      }
      shown.value = count === rows.length ? count + " rows" : count + " of " + rows.length + " rows";
    });
    bar.append(label, " ", shown);
    sheet.querySelector("h3").after(bar);
  }

  for (const sheet of document.querySelectorAll(".sheet")) {
    const table = sheet.querySelector("table");
    makeSortable(table);
    makeFiltered(sheet, table);
  }
})();
