// Look closer at the timeline of the front page. Without this script it stands as drawn, with all its links.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector(".timeline");
  if (!place) return;
  const svg = place.querySelector("svg"), tools = place.querySelector(".tools");
  const ends = [Number(place.dataset.from), Number(place.dataset.to)], rows = 4, line = 14;
  let [low, high] = ends;

  // Labels take the first row that is free; one that fits nowhere is left to its mark.
  function draw() {
    const wide = Math.max(300, svg.clientWidth), span = high - low;
    const at = (mark) => (wide * (Number(mark.dataset.clock) - low)) / span;
    let top = 22;
    for (const year of svg.querySelectorAll(".year")) {
      const x = at(year), skip = wide / span < 38 && Number(year.dataset.clock) % 2 === 0;
      year.setAttribute("transform", `translate(${x})`);
      year.style.display = x < -1 || x > wide ? "none" : "";
      year.querySelector("text").style.display = skip || x > wide - 30 ? "none" : "";
    }
    for (const lane of svg.querySelectorAll(".lane")) {
      const free = Array(rows).fill(-Infinity);
      const y = top + 34;
      lane.querySelector(".name").setAttribute("y", top + 16);
      let used = 0;
      const marks = [...lane.querySelectorAll(".event")].sort((a, b) => at(a) - at(b));
      for (const mark of marks) {
        const x = at(mark), text = mark.querySelector("text"), seen = x >= 0 && x <= wide;
        mark.style.display = seen ? "" : "none";
        mark.setAttribute("transform", `translate(${x} ${y})`);
        if (!text || !seen) continue;
        text.style.display = "";
        const length = text.getComputedTextLength(), from = Math.min(Math.max(x - 4, 0), wide - length - 2);
        const row = free.findIndex((end) => end < from);
        text.style.display = row < 0 ? "none" : "";
        if (row < 0) continue;
        free[row] = from + length + 8;
        used = Math.max(used, row + 1);
        text.setAttribute("x", from - x);
        text.setAttribute("y", 19 + row * line);
      }
      top = y + 16 + used * line;
    }
    svg.querySelectorAll(".year path").forEach((path) => path.setAttribute("d", `M0 22V${top}`));
    svg.setAttribute("viewBox", `0 0 ${wide} ${top + 6}`);
    for (const button of tools.children) {
      const { zoom, move } = button.dataset;
      button.disabled = (zoom === "all" || zoom === "2") ? span >= ends[1] - ends[0] : zoom ? span < 0.4 : move < 0 ? low <= ends[0] : high >= ends[1];
    }
  }

  function look(middle, span) {
    const width = Math.min(Math.max(span, 0.25), ends[1] - ends[0]);
    low = Math.min(Math.max(middle - width / 2, ends[0]), ends[1] - width);
    high = low + width;
    draw();
  }

  tools.addEventListener("click", ({ target }) => {
    const { zoom, move } = target.dataset, span = high - low, middle = (low + high) / 2;
    if (zoom === "all") look(0, Infinity);
    else if (zoom) look(zoom < 1 && span === ends[1] - ends[0] ? high - span / 4 : middle, span * zoom);
    else if (move) look(middle + move * span, span);
  });
  let held = null;
  svg.addEventListener("pointerdown", (event) => { held = event.target.closest("a") ? null : { x: event.clientX, low, high }; });
  addEventListener("pointerup", () => { held = null; });
  svg.addEventListener("pointermove", (event) => {
    if (held) look((held.low + held.high) / 2 - ((event.clientX - held.x) / svg.clientWidth) * (held.high - held.low), held.high - held.low);
  });
  svg.addEventListener("dblclick", (event) => look(low + ((event.clientX - svg.getBoundingClientRect().left) / svg.clientWidth) * (high - low), (high - low) / 2));
  addEventListener("resize", draw);
  tools.hidden = false;
  draw();
  document.fonts?.ready.then(draw);
});
