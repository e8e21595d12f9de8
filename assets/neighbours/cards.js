/* The neighbours of the chosen atom as each model sees them: what one sees alone, what both see. */
import { formulaNode } from "../atlas/tip.js";
import { buildNode } from "../panels/nodes.js";
import { counted } from "../panels/words.js";

/* Rows by which of two models list them: only the first, both, only the second; each in the order of its ranks. */
export function splitByPair(rows) {
  const rankIn = (i) => (row) => row.places[i][0];
  const sorted = (chosen, key) => chosen.toSorted((a, b) => key(a) - key(b));
  const has = (row, i) => Boolean(row.places[i]);
  return {
    first: sorted(rows.filter((row) => has(row, 0) && !has(row, 1)), rankIn(0)),
    both: sorted(rows.filter((row) => has(row, 0) && has(row, 1)), (row) => row.places[0][0] + row.places[1][0]),
    second: sorted(rows.filter((row) => has(row, 1) && !has(row, 0)), rankIn(1)),
  };
}

/* Which of the other models list a neighbour too: a mark each. */
function othersOf(row, models, own) {
  const others = models.map((model, i) => ({ ...model, listed: Boolean(row.places[i]), i })).filter(({ i }) => !own.includes(i));
  if (!others.length) return "";
  const sharing = others.filter(({ listed }) => listed).map(({ key }) => key);
  const says = sharing.length ? `also in ${sharing.join(", ")}` : "in none of the other models shown";
  const marks = others.map(({ key, listed, trained }) => buildNode("i", { class: `${listed ? "also" : "not"}${trained ? "" : " other"}`, title: `${key}: ${listed ? "listed" : "not listed"}` }));
  return buildNode("span", { class: "also-marks", role: "img", "aria-label": says, title: says }, ...marks);
}

function cardRow(row, models, own) {
  const ranks = own.map((i) => row.places[i][0]).join(" · ");
  const cosines = own.map((i) => row.places[i][1].toFixed(3));
  const says = `${row.label} in ${row.formula}, ${row.id}; ${own.map((i, n) => `${models[i].key}: rank ${row.places[i][0]}, cosine ${cosines[n]}`).join("; ")}`;
  const [symbol] = row.label.split(" ");
  return buildNode(
    "li", {},
    buildNode("span", { class: "card-rank" }, ranks),
    buildNode("button", { type: "button", class: "card-atom", "data-atom": row.atom, title: says, "aria-label": says }, buildNode("b", {}, symbol), " in ", formulaNode(row.formula)),
    buildNode("span", { class: "card-cosine" }, cosines.join(" · ")),
    othersOf(row, models, own),
  );
}

function card(title, note, rows, models, own, kind = "") {
  const list = rows.length ? buildNode("ol", { class: "card-list" }, ...rows.map((row) => cardRow(row, models, own))) : buildNode("p", { class: "hint" }, note);
  return buildNode("div", { class: `card ${kind}`, role: "group", "aria-label": title }, buildNode("h3", {}, title, buildNode("span", { class: "quiet" }, ` ${rows.length}`)), list);
}

const missingText = (model) => `The atlas holds no such list of this atom for ${model.key}.`;

/* Three cards for two models, one a model for several. */
export function cardNodes({ models, rows }) {
  const compared = models.map((model, i) => ({ ...model, i })).filter((model) => model.compared);
  const lacking = compared.filter((model) => !model.n);
  if (compared.length === 2 && !lacking.length) {
    const { first, both, second } = splitByPair(rows);
    return [
      card(`Only ${models[0].key}`, "Nothing that the other does not see.", first, models, [0]),
      card("Both", "No neighbour in common.", both, models, [0, 1], "shared"),
      card(`Only ${models[1].key}`, "Nothing that the other does not see.", second, models, [1]),
    ];
  }
  return compared.map((model) =>
    card(model.key, missingText(model), rows.filter((row) => row.places[model.i]).toSorted((a, b) => a.places[model.i][0] - b.places[model.i][0]), models, [model.i]));
}

/* What the marks beside the neighbours stand for. */
export function marksText({ models }) {
  const compared = models.filter((model) => model.compared);
  const others = compared.length === 2 ? models.filter((model) => !model.compared) : models;
  if (!others.length) return "";
  return compared.length === 2 ? `Marks: listed by ${counted(others.length, "other model")} shown (${others.map(({ key }) => key).join(", ")}).` : "Marks: which of the other models shown list it too.";
}
