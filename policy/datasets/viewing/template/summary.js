// The summary on top: counts of the whole dataset, and its tasks with what became of their attempts.

function tile(name, value, note = "") {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value, " ", element("small", {}, note)));
}

function fillTiles() {
  const { attempts, shown, episodes, tried, succeeded, refused } = dataset;
  const all = attempts.total;
  const tiles = [tile("Episodes", count(episodes), shown.length < episodes ? `${count(shown.length)} shown` : "")];
  if (tried) tiles.push(tile("Success", percent(succeeded / tried), `${count(succeeded)} of ${count(tried)}`));
  if (all) tiles.push(tile("Accepted", percent(all.acceptance), `of ${plural(all.attempts, "attempt")}`));
  if (refused.length) tiles.push(tile("Refused", count(refused.length), reasonsOf(refused)));
  tiles.push(tile(dataset.kind === "demonstrations" ? "Frames" : "Steps", count(dataset.steps)));
  tiles.push(tile("Size", `${dataset.megabytes.toFixed(dataset.megabytes < 10 ? 1 : 0)} MB`));
  byId("tiles").append(...tiles);
}

function reasonsOf(refused) {
  const counts = new Map();
  for (const { reason } of refused) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts.size === 1 ? [...counts.keys()][0] : `${counts.size} reasons`;
}

/** Returns a task's button: its fraction of accepted attempts, with the interval, or how many episodes it has. */
function chip(task) {
  const row = dataset.attempts[task];
  const button = element("button", { type: "button", class: "task", "data-task": task, "aria-pressed": "false" },
    element("b", {}, words(task)),
    element("span", { class: "fraction" }, row ? percent(row.acceptance) : ""),
    element("span", { class: "fraction" }, row ? `${row.kept} of ${row.attempts}` : plural(dataset.tasks[task] ?? 0, "episode")));
  if (row) button.append(barOf(row));
  button.addEventListener("click", () => {
    if (!chosenTasks.delete(task)) chosenTasks.add(task);
    filterRows();
  });
  return button;
}

function barOf(row) {
  const [fill, whisker] = [element("i"), element("u")];
  const [low, high] = row.interval;
  fill.style.width = `${row.acceptance * 100}%`;
  whisker.style.left = `${low * 100}%`;
  whisker.style.right = `${(1 - high) * 100}%`;
  const reasons = Object.entries(row.reasons).map(([reason, number]) => `${number} ${reason}`).join(", ");
  const title = `95 % interval ${percent(low)} to ${percent(high)}${reasons ? `; refused: ${reasons}` : ""}`;
  return element("span", { class: "bar", title }, fill, whisker);
}

function startSummary() {
  byId("kind").textContent = dataset.kind;
  byId("name").textContent = dataset.name;
  const rates = dataset.fps.join(", ");
  byId("about").textContent = `${dataset.width} × ${dataset.height} px, ${rates} a second, ${plural(dataset.texts, "text")}`;
  fillTiles();
  const names = [...new Set([...Object.keys(dataset.attempts).filter((name) => name !== "total"), ...Object.keys(dataset.tasks)])];
  byId("tasks").hidden = names.length < 2;
  const accepted = Object.keys(dataset.attempts).length > 0;
  byId("tasks-note").textContent = accepted ? "Fraction of attempts that gave an episode, with 95 % intervals. Click to filter." : "Tasks. Click to filter.";
  byId("task-grid").append(...names.map(chip));
}
