// The list: a row an episode, a row a refused attempt, and what filters them.

const chosenTasks = new Set();
const rows = [];

function outcomeOf(row) {
  if (row.reason) return row.reason;
  return row.success === null ? "not tried" : row.success ? "done" : "not done";
}

function badgeOf(row) {
  const kind = row.reason || row.success === false ? "bad" : row.success ? "good" : "";
  return element("span", { class: `badge ${kind}` }, outcomeOf(row));
}

function linesOf(row) {
  const what = row.reason ? row.detail || "refused" : plural(row.steps, dataset.kind === "demonstrations" ? "frame" : "step");
  const seed = row.seed === null ? [] : [`seed ${row.seed}`];
  return row.reason ? [words(row.task), [...seed, what].join(" · ")] : [row.text || words(row.task), [words(row.task), ...seed, what].join(" · ")];
}

function makeRow(row, key) {
  const thumbnail = row.reason ? element("span", { class: "none", "aria-hidden": "true" }, "✕") : element("canvas", { width: 96, height: 96, "aria-hidden": "true" });
  const [title, line] = linesOf(row);
  const button = element("button", { type: "button", class: "row", "data-key": key },
    thumbnail, element("b", {}, title), element("span", { class: "line", title: line }, line));
  if (row.reason || row.success !== true) button.append(badgeOf(row));
  const item = element("li", {}, button);
  const haystack = [row.text ?? "", row.task, row.seed, row.detail ?? ""].join(" ").toLowerCase();
  button.addEventListener("click", () => {
    select(key);
    if (matchMedia("(max-width: 900px)").matches) byId("stage").scrollIntoView();
  });
  return { row, key, item, button, haystack, outcome: row.reason ? `refused:${row.reason}` : outcomeOf(row) };
}

/** Draws the middle of a row's clip once the row is to be seen. */
function paintWhenSeen(entries) {
  const byCanvas = new Map(entries.map((entry) => [entry.item.querySelector("canvas"), entry]));
  const seen = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      paint(target, JSON.parse(byId(`episode-${byCanvas.get(target).row.index}`).textContent).clip);
    }
  }, { root: byId("rows"), rootMargin: "120px" });
  for (const canvas of byCanvas.keys()) seen.observe(canvas);
}

async function paint(canvas, sprite) {
  const bitmap = await bitmapOf(sprite);
  const side = Math.min(sprite.width, sprite.height) / canvas.width;
  const [across, down] = [sprite.width / side, sprite.height / side];
  const context = canvas.getContext("2d");
  context.translate((canvas.width - across) / 2, (canvas.height - down) / 2);
  drawCell(context, bitmap, sprite, Math.floor(sprite.count * 0.6), across, down);
  bitmap.close();
}

/** Tells whether a row passes the filters. */
function passes(entry) {
  const wanted = byId("outcome").value;
  const sought = byId("search").value.trim().toLowerCase().split(/\s+/);
  if (chosenTasks.size && !chosenTasks.has(entry.row.task)) return false;
  if (wanted && entry.outcome !== wanted && !(wanted === "refused" && entry.row.reason)) return false;
  return sought.every((word) => entry.haystack.includes(word));
}

/** Hides and shows rows as the filters say. */
function filterRows() {
  for (const entry of rows) entry.item.hidden = !passes(entry);
  const seen = rows.filter((entry) => !entry.item.hidden);
  const refused = seen.filter((entry) => entry.row.reason).length;
  byId("count").textContent = [plural(seen.length - refused, "episode"), ...(dataset.refused.length ? [`${count(refused)} refused`] : [])].join(", ");
  byId("refused-heading").hidden = !refused;
  byId("nothing").hidden = seen.length > 0;
  for (const chip of document.querySelectorAll(".task")) chip.setAttribute("aria-pressed", chosenTasks.has(chip.dataset.task));
}

function outcomeOptions() {
  const counts = new Map();
  for (const entry of rows) counts.set(entry.outcome, (counts.get(entry.outcome) ?? 0) + 1);
  const option = (value, text) => element("option", { value }, text);
  const of = (refused) => [...counts].filter(([name]) => name.startsWith("refused:") === refused);
  const made = [option("", "All outcomes"), ...of(false).map(([name, n]) => option(name, `${name} (${count(n)})`))];
  if (dataset.refused.length) made.push(option("refused", `refused (${count(dataset.refused.length)})`));
  return [...made, ...of(true).map(([name, n]) => option(name, `refused: ${name.slice(8)} (${count(n)})`))];
}

function resetFilters() {
  chosenTasks.clear();
  byId("search").value = byId("outcome").value = "";
  filterRows();
}

/** Fills the list and connects its filters. */
function startList() {
  dataset.shown.forEach((row) => rows.push(makeRow(row, String(row.index))));
  const episodes = rows.slice();
  dataset.refused.forEach((row) => rows.push(makeRow(row, `refused-${row.index}`)));
  byId("episodes").append(...episodes.map((entry) => entry.item));
  byId("refused").append(...rows.slice(episodes.length).map((entry) => entry.item));
  byId("outcome").append(...outcomeOptions());
  byId("search").addEventListener("input", filterRows);
  byId("outcome").addEventListener("change", filterRows);
  byId("reset").addEventListener("click", resetFilters);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  paintWhenSeen(episodes);
  filterRows();
}
