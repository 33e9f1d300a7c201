// Choose series and events and see them on one clock. All of the choice lives in the address, after the "#".
const files = {}, waiting = {};
const form = document.getElementById("choice"), panels = document.getElementById("panels"), said = form.querySelector("output");
const colours = {
  light: ["#c8102e", "#17507f", "#b06a00", "#1b7f5c", "#6b4aa0", "#5b6670"],
  dark: ["#ff6b7d", "#8cc4e0", "#e9b872", "#6fcfa8", "#b9a2e8", "#c3ccd4"],
};
const start = { series: ["us_exp_cn_hs8486", "nl_exp_cn_hs8486"], event: ["ec-oct7-2022", "summit-busan-2025"], view: "stored", from: "", to: "" };
const limit = { series: 6, event: 8 };
let choice, index, charts = [];

// A packed file hands itself over by this call; see api/<name>.json for the same as plain JSON.
async function chipsAndSummits(name, packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  waiting[name](JSON.parse(await new Response(stream).text()));
}

function load(name) {
  files[name] ??= new Promise((done, fail) => {
    waiting[name] = done;
    const script = Object.assign(document.createElement("script"), { src: `api/${name}.js`, onerror: () => fail(new Error(`api/${name}.js is missing`)) });
    document.head.append(script);
  });
  return files[name];
}

function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const list = (name) => (given.has(name) ? given.get(name).split(",").filter(Boolean) : null);
  return {
    series: (list("series") ?? start.series).filter((id) => index.series[id]),
    event: (list("events") ?? start.event).filter((id) => index.events[id]),
    view: given.get("view") || start.view, from: given.get("from") || "", to: given.get("to") || "",
  };
}

function toAddress() {
  const given = new URLSearchParams({ series: choice.series.join(","), events: choice.event.join(",") });
  for (const name of ["view", "from", "to"]) if (choice[name] && choice[name] !== start[name]) given.set(name, choice[name]);
  history.replaceState(null, "", `#${given.toString().replaceAll("%2C", ",")}`);
}

// A period is a day, a month, a year, or the end of a quarter; it is drawn at its first day or that end.
const seconds = (period) => Date.parse(period.length === 4 ? `${period}-01-01` : period.length === 7 ? `${period}-01` : period) / 1000;

function pointsOf(file, id) {
  for (const part of file.values) {
    if (!part.series[id]) continue;
    return part.periods.map((period, i) => ({ period, at: seconds(period), value: part.series[id][i] })).filter((point) => point.value !== null);
  }
  return [];
}

// Only levels are compared with their first value or with a year before: of a growth rate neither means anything.
function viewed(points, row) {
  if (choice.view === "stored" || row.stored_as !== "level" || !points.length) return points;
  if (choice.view === "first") {
    const base = points.find((point) => point.value !== 0)?.value;
    return points.map((point) => ({ ...point, value: (100 * point.value) / base }));
  }
  const before = new Map(points.map((point) => [point.period, point.value]));
  return points.map((point) => {
    const former = before.get(`${Number(point.period.slice(0, 4)) - 1}${point.period.slice(4)}`);
    return { ...point, value: former ? 100 * (point.value / former - 1) : null };
  }).filter((point) => point.value !== null);
}

const within = (points) => points.filter((point) => (!choice.from || point.period >= choice.from) && (!choice.to || point.period.slice(0, 4) <= choice.to));
const unitOf = (row) => (row.stored_as !== "level" || choice.view === "stored" ? row.unit : choice.view === "first" ? "first value shown = 100" : "percent on a year before");

function withGaps(points, frequency) {
  const step = { D: 12, M: 45, Q: 120, H: 240, A: 500 }[frequency];
  const x = [], y = [];
  for (const point of points) {
    if (step && x.length && point.at - x[x.length - 1] > step * 86400) { x.push(point.at - 43200); y.push(null); }
    x.push(point.at); y.push(point.value);
  }
  return [x, y];
}

function lines(events, labelled) {
  return { hooks: { draw: (chart) => {
    const { ctx, bbox } = chart, style = getComputedStyle(document.body);
    ctx.save();
    ctx.font = `${12 * devicePixelRatio}px ${style.fontFamily}`;
    ctx.fillStyle = ctx.strokeStyle = style.color;
    ctx.globalAlpha = 0.75;
    events.forEach((event, i) => {
      const x = chart.valToPos(seconds(event.date), "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) return;
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      if (!labelled) return;
      const right = x > bbox.left + bbox.width * 0.7;
      ctx.textAlign = right ? "right" : "left";
      ctx.fillText(event.label || event.title.slice(0, 30), x + (right ? -4 : 4) * devicePixelRatio, bbox.top + (14 + 14 * (i % 4)) * devicePixelRatio);
    });
    ctx.restore();
  } } };
}

async function draw() {
  const rows = choice.series.map((id) => index.series[id]);
  const read = await Promise.all(rows.map((row) => load(row.table)));
  const shown = rows.map((row, i) => {
    const points = pointsOf(read[i], row.series_id);
    return choice.view === "year" ? within(viewed(points, row)) : viewed(within(points), row);
  });
  const all = shown.flat().map((point) => point.at);
  charts.forEach((chart) => chart.destroy());
  panels.replaceChildren();
  const range = [Math.min(...all), Math.max(...all)];
  const events = choice.event.map((id) => index.events[id]).sort((a, b) => a.date.localeCompare(b.date));
  const drawn = colours[document.documentElement.dataset.theme === "dark" ? "dark" : "light"];
  const ink = getComputedStyle(document.body).color;
  charts = all.length ? rows.map((row, i) => {
    const place = document.createElement("figure");
    place.className = "panel";
    const head = document.createElement("figcaption"), link = document.createElement("a");
    link.href = `series/${row.series_id}.html`;
    link.textContent = row.title;
    head.append(link, ` ${unitOf(row)}, ${row.basis}. ${row.publisher}.`);
    place.append(head);
    panels.append(place);
    const axis = { stroke: ink, grid: { stroke: "#8883", width: 1 }, ticks: { show: false } };
    const format = (chart, values) => values.map((value) => (Math.abs(value) >= 1e9 ? `${value / 1e9}bn` : Math.abs(value) >= 1e6 ? `${value / 1e6}m` : value.toLocaleString("en")));
    const options = {
      width: place.clientWidth, height: 190, cursor: { sync: { key: "clock" } }, plugins: [lines(events, i === 0)],
      scales: { x: { range: (chart, low, high) => (low === high || low === null ? range : [low, high]) } },
      axes: [axis, { ...axis, size: 70, values: format }], legend: { live: true },
      series: [{ value: (chart, at) => (at ? new Date(at * 1000).toISOString().slice(0, 10) : "–") }, {
        label: "value", stroke: drawn[i % drawn.length], width: 1.6, points: { show: ["E", "A"].includes(row.frequency) || shown[i].length < 25 },
        value: (chart, value) => (value === null ? "–" : value.toLocaleString("en", { maximumSignificantDigits: 6 })),
      }],
    };
    const [x, y] = withGaps(shown[i], row.frequency);
    // The ends of the common clock belong to every panel.
    const data = [[range[0], ...x, range[1]], [null, ...y, null]];
    const chart = new uPlot(options, x.length && x[0] === range[0] && x[x.length - 1] === range[1] ? [x, y] : data, place);
    const last = shown[i][shown[i].length - 1];
    chart.root.setAttribute("role", "img");
    chart.root.setAttribute("aria-label", last ? `${row.title}: ${shown[i].length} values, the last ${last.value.toLocaleString("en")} for ${last.period}` : `${row.title}: no value in the span`);
    return chart;
  }) : [];
  if (!all.length) panels.textContent = "Nothing to draw: choose a series, or a wider span.";
  return { rows, shown };
}

const flat = (text) => text.toLowerCase().replaceAll("_", " ");

function offer(kind) {
  const place = form.querySelector(`[data-of=${kind}]`), wanted = flat(form[kind].value).split(/\s+/).filter(Boolean);
  const rows = Object.values(kind === "series" ? index.series : index.events);
  const name = (row) => (kind === "series" ? row.title : `${row.date} ${row.label || row.title}`);
  const begins = (text, word) => text.split(/[^a-z0-9]+/).some((part) => part.startsWith(word) || (part.length > 4 && word.startsWith(part)));
  const found = wanted.length ? rows.filter((row) => wanted.every((word) => begins(flat(`${name(row)} ${row.title} ${row.series_id || row.event_id} ${row.table || row.category}`), word))) : [];
  place.replaceChildren(...found.slice(0, 12).map((row) => {
    const id = row.series_id || row.event_id, item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name(row) });
    button.setAttribute("aria-pressed", choice[kind].includes(id));
    button.onclick = () => { toggle(kind, id); offer(kind); };
    item.append(button);
    return item;
  }));
  if (wanted.length && !found.length) place.textContent = "None has all these words.";
}

function toggle(kind, id) {
  const at = choice[kind].indexOf(id);
  if (at >= 0) choice[kind].splice(at, 1);
  else if (choice[kind].length >= limit[kind]) { said.textContent = `At most ${limit[kind]} at a time.`; return; }
  else choice[kind].push(id);
  said.textContent = "";
  refresh();
}

function refresh() {
  toAddress();
  const chosen = form.querySelector(".chosen");
  chosen.replaceChildren(...["series", "event"].flatMap((kind) => choice[kind].map((id) => {
    const row = kind === "series" ? index.series[id] : index.events[id];
    const button = Object.assign(document.createElement("button"), { type: "button", className: kind, textContent: `${row.label || row.title} ×` });
    button.setAttribute("aria-label", `Remove ${row.label || row.title}`);
    button.onclick = () => toggle(kind, id);
    return button;
  })));
  return draw();
}

const quoted = (text) => (/[",\n]/.test(text) ? `"${String(text).replaceAll('"', '""')}"` : String(text));

async function saveCsv() {
  const { rows, shown } = await draw();
  const lines = ["series_id,title,period,value,unit,basis,publisher,licence,licence_flag"];
  rows.forEach((row, i) => shown[i].forEach((point) => lines.push([row.series_id, row.title, point.period, point.value, unitOf(row), row.basis, row.publisher, row.licence, row.licence_flag].map(quoted).join(","))));
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" })), download: "chips-and-summits.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
  said.textContent = `${lines.length - 1} values, latest vintage, data to ${index.data_date}.`;
}

function begin(file) {
  index = { data_date: file.data_date, series: Object.fromEntries(file.series.map((row) => [row.series_id, row])), events: Object.fromEntries(file.events.map((row) => [row.event_id, row])) };
  const read = () => { choice = fromAddress(); for (const name of ["view", "from", "to"]) form[name].value = choice[name]; refresh(); };
  for (const kind of ["series", "event"]) form[kind].addEventListener("input", () => offer(kind));
  for (const name of ["view", "from", "to"]) form[name].addEventListener("change", () => { choice[name] = form[name].value; refresh(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.csv.onclick = saveCsv;
  form.link.onclick = () => navigator.clipboard.writeText(location.href).then(() => { said.textContent = "Copied."; }, () => { said.textContent = location.href; });
  addEventListener("hashchange", read);
  let wait;
  addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(() => charts.forEach((chart) => chart.setSize({ width: chart.root.parentElement.clientWidth, height: 190 })), 200); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  read();
}

load("index").then(begin).catch((error) => { panels.textContent = error.message; });
