// Choosing a row, the page's address, keys.

const selection = { key: null };

function fillFacts(pairs) {
  byId("facts").replaceChildren(...pairs.map(([name, value]) =>
    element("div", String(value).length > 60 ? { class: "long" } : {}, element("dt", {}, name), element("dd", {}, String(value)))));
}

function showEpisode(row, tick) {
  const { facts, provenance } = recordOf(row.index);
  byId("text").textContent = row.text || words(row.task);
  const { samples } = dataset.settings;
  fillFacts([["episode", `${row.index} of ${dataset.name}`], ...facts, ...(samples ? [["clips tried of a scene", `${samples} at most`]] : [])]);
  byId("provenance").textContent = provenance;
  load(row.index, tick);
}

function showRefused(row) {
  unload();
  byId("text").textContent = `${words(row.task)}: refused`;
  const meaning = dataset.meanings[row.reason];
  fillFacts([["reason", row.reason], ...(meaning ? [["which means", meaning]] : []), ["detail", row.detail || "none"],
    ["seed", row.seed], ["attempt", row.index]]);
  byId("provenance").textContent = JSON.stringify(dataset.settings, null, 2);
}

/** Shows an episode, or what is known of a refused attempt. */
function select(key, tick = 0, scroll = false) {
  const entry = rows.find((candidate) => candidate.key === key);
  if (!entry) return;
  selection.key = key;
  for (const { button } of rows) button.removeAttribute("aria-current");
  entry.button.setAttribute("aria-current", "true");
  if (scroll) bringIntoList(entry.item);
  byId("player").hidden = Boolean(entry.row.reason);
  byId("more").querySelector("summary").textContent = entry.row.reason ? "Settings of the attempts" : "Provenance";
  byId("badges").replaceChildren(element("span", { class: "badge" }, words(entry.row.task)), badgeOf(entry.row));
  (entry.row.reason ? showRefused : showEpisode)(entry.row, tick);
  history.replaceState(null, "", `#${key}`);
}

/** Scrolls the list, and not the page, until a row is to be seen. */
function bringIntoList(item) {
  const [list, row] = [byId("rows"), item.getBoundingClientRect()];
  const { top, bottom } = list.getBoundingClientRect();
  if (row.top < top || row.bottom > bottom) list.scrollTop += (row.top + row.bottom - top - bottom) / 2;
}

/** Goes to the next row that passes the filters, or the one before. */
function go(by) {
  const seen = rows.filter((entry) => !entry.item.hidden);
  const at = seen.findIndex((entry) => entry.key === selection.key);
  const following = seen[at < 0 ? 0 : at + by];
  if (following) select(following.key, 0, true);
}

const toggle = (id) => () => byId(id).click();
const KEYS = {
  " ": () => byId("play").click(), ArrowLeft: () => byId("back").click(), ArrowRight: () => byId("forth").click(),
  j: () => go(1), k: () => go(-1), h: toggle("show-hands"), r: toggle("show-region"), "[": () => changeSpeed(-1),
  "]": () => changeSpeed(1), "/": () => byId("search").focus(), Home: () => seek(0), End: () => seek(Infinity),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  const { tagName, type } = event.target;
  const writes = tagName === "SELECT" || (tagName === "INPUT" && type === "search");
  if (writes || (event.key === " " && ["BUTTON", "SUMMARY", "INPUT"].includes(tagName)) || (type === "range" && event.key.length > 1)) return;
  event.preventDefault();
  KEYS[event.key]();
}

/** Shows what the address names: `#12`, `#12@30` (paused at tick 30), `#refused-7`; else the first episode. */
function followAddress() {
  const [key, tick] = decodeURIComponent(location.hash.slice(1)).split("@");
  const known = rows.some((entry) => entry.key === key);
  if (!known && selection.key) return;
  if (known && tick !== undefined) setPlaying(false);
  select(known ? key : rows[0].key, known ? Number(tick) || 0 : 0, known);
}

startSummary();
startList();
startPlayer();
byId("previous").addEventListener("click", () => go(-1));
byId("next").addEventListener("click", () => go(1));
document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", followAddress);
followAddress();
