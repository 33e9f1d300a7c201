// A box above a list of tables that hides the rows without all the words typed. Without this script every row is shown.
document.addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector(".filter[hidden]");
  if (!box) return;
  const [words, kind, count] = ["input", "select", "output"].map((tag) => box.querySelector(tag));
  const rows = [...document.querySelectorAll("table.filterable tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const sections = [...document.querySelectorAll("section")].filter((part) => part.querySelector("table.filterable"));

  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const match = (!kind.value || row.dataset.kind === kind.value) && wanted.every((word) => texts[i].includes(word));
      row.hidden = !match;
      shown += match;
    });
    sections.forEach((part) => { part.hidden = !part.querySelector("table.filterable tbody tr:not([hidden])"); });
    count.textContent = `${shown} of ${rows.length} shown`;
  };

  [...new Set(rows.map((row) => row.dataset.kind))].forEach((value) => kind.add(new Option(value.replaceAll("_", " "), value)));
  words.addEventListener("input", apply);
  kind.addEventListener("change", apply);
  box.hidden = false;
  apply();
});
