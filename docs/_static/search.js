// Search in events, series, figures, sections and literature. Words and kind live in the address, so that a search can be passed on.
const form = document.getElementById("find"), list = document.getElementById("hits"), said = form.querySelector("output");
const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
const words = (text) => plain(text).match(/[a-z0-9]+/g) || [];
const months = "january february march april may june july august september october november december".split(" ");
let rows = [];
const ignored = new Set("the a an of and in on to for at by is was are were be did do does has have it its this that with what which who how when".split(" "));
// Words that mean the same here: a chip is an integrated circuit, HS 8542; a tool is equipment, HS 8486.
const alike = ["chip chips circuit circuits semiconductor semiconductors 8542 hs8542", "tool tools equipment machine machines 8486 hs8486",
  "rule rules control controls"].map((group) => group.split(" "));

// A word counts most in a title, more as its first word, which is the subject; the beginning of a word counts less, but an
// ending of two letters ("Korea", "Korean") hardly matters.
function worth(word, row) {
  const alikeIn = (set, most) => word.length > 2 && [...set].some((each) => Math.abs(each.length - word.length) <= most
    && (each.startsWith(word) || (each.length > 4 && word.startsWith(each))));
  const begins = (set) => alikeIn(set, 99), subject = alikeIn([...row.inTitle].slice(0, 1), 2) ? 4 : 0;
  if (row.inTitle.has(word)) return 10 + subject;
  if (alikeIn(row.inTitle, 2)) return 9 + subject;
  if (begins(row.inTitle)) return 7;
  if (row.inText.has(word)) return 4;
  return begins(row.inText) ? 2 : 0;
}

function best(word, row) {
  const others = alike.filter((group) => group.includes(word)).flat();
  return Math.max(worth(word, row), ...others.map((other) => 0.8 * worth(other, row)));
}

// Half of the words must be met; a row that meets more of them comes before one that meets fewer.
function score(wanted, row) {
  const each = wanted.map((word) => best(word, row));
  const share = each.filter(Boolean).length / wanted.length;
  if (share < 0.5) return 0;
  const kind = { event: 1.5, series: 1.1, figure: 1.05, section: 1, literature: 0.9 }[row.kind] + (row.first ? 0.5 : 0);
  return (each.reduce((sum, value) => sum + value, 0) * kind * share ** 3) / (1 + row.inTitle.size / 40);
}

// A date of the question ("7 October 2022") must stand together: an event of that day comes before all others, as does
// the event or series whose id is asked for.
function dated(question, row) {
  if (row.id && plain(question).split(/\s+/).includes(row.id)) return 500;
  const day = plain(question).match(/\b(\d{1,2}) ([a-z]+) (\d{4})\b/);
  return day && months.includes(day[2]) && plain(row.text).startsWith(day[0]) ? 200 : 0;
}

function excerpt(text, wanted) {
  const at = wanted.map((word) => plain(text).search(new RegExp(`\\b${word}`))).filter((place) => place > 120);
  const from = at.length ? text.lastIndexOf(" ", Math.min(...at) - 60) + 1 : 0;
  return (from ? "… " : "") + text.slice(from, from + 240) + (text.length > from + 240 ? " …" : "");
}

function marked(text, wanted) {
  const part = document.createElement("span");
  for (const piece of text.split(/([\p{L}\p{N}]+)/u)) {
    const hit = wanted.some((word) => plain(piece).startsWith(word));
    part.append(hit ? Object.assign(document.createElement("mark"), { textContent: piece }) : piece);
  }
  return part;
}

function show() {
  const question = form.q.value, kind = form.kind.value;
  const all = words(question), wanted = all.filter((word) => !ignored.has(word));
  const found = wanted.length
    ? rows.filter((row) => !kind || row.kind === kind)
        .map((row) => ({ row, points: score(wanted, row) && score(wanted, row) + dated(question, row) }))
        .filter((hit) => hit.points).sort((a, b) => b.points - a.points)
    : [];
  said.textContent = wanted.length ? `${found.length} found` : "";
  list.replaceChildren(...found.slice(0, 60).map(({ row }) => {
    const item = document.createElement("li"), link = document.createElement("a"), about = document.createElement("p");
    link.href = row.url;
    link.append(marked(row.title, wanted));
    about.append(marked(excerpt(row.text, wanted), wanted));
    item.append(link, Object.assign(document.createElement("span"), { className: "badge", textContent: row.kind }), about);
    return item;
  }));
}

function remember() {
  const chosen = new URLSearchParams();
  if (form.q.value) chosen.set("q", form.q.value);
  if (form.kind.value) chosen.set("kind", form.kind.value);
  history.replaceState(null, "", `${location.pathname}?${chosen}`);
  show();
}

const asked = new URLSearchParams(location.search);
form.q.value = asked.get("q") || "";
form.kind.value = asked.get("kind") || "";
form.addEventListener("input", remember);
form.addEventListener("submit", (event) => { event.preventDefault(); remember(); });

// The index comes packed: plain, it is three times as heavy.
const bytes = Uint8Array.from(atob(searchIndex), (letter) => letter.charCodeAt(0));
new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json().then((unpacked) => {
  rows = unpacked.map((row) => ({ ...row, inTitle: new Set([...words(row.title), ...words(row.id || "")]), inText: new Set(words(row.text)) }));
  show();
});
