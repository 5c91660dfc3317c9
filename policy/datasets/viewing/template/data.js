// The dataset: blocks of JSON that stand in the page. Those of episodes are read when they are needed.

const dataset = JSON.parse(document.getElementById("dataset").textContent);
const KEPT_RECORDS = 8;
const records = new Map();

const byId = (id) => document.getElementById(id);

/** Returns all of an episode; the few looked at last stay in memory. */
function recordOf(index) {
  const record = records.get(index) ?? JSON.parse(byId(`episode-${index}`).textContent);
  records.delete(index);
  records.set(index, record);
  if (records.size > KEPT_RECORDS) records.delete(records.keys().next().value);
  return record;
}

/** Makes an element. Texts among the children become text, whatever stands in them. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const count = (number) => Number(number).toLocaleString("en");
const percent = (fraction) => `${Math.round(fraction * 100)} %`;
const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
const words = (name) => name || "(no task)";
