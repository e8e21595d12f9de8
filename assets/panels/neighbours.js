/* The nearest neighbours of the chosen atom: a row an atom, a column a model, its rank in their meeting. */
import { buildNode } from "./nodes.js";

const MOST_WITH_COSINE = 3; // models beside whose ranks there is room for the cosine
const FOLDED_FROM = 12; // rows

/* Rows by how many models share them; marks differ in shape, not in colour alone. Controls count only among themselves. */
export function groupNeighbours(rows, models) {
  const potentials = models.filter(([, counted]) => counted).length;
  const counts = models.map(([, counted]) => counted || potentials < 2);
  const n = counts.filter(Boolean).length;
  const shared = (row) => row.places.filter((place, i) => place && counts[i]).length;
  const all = n === 2 ? "In both models" : `In all ${n} models`;
  return [
    { mark: "●", of: "by-all", title: n > 1 ? all : "", rows: rows.filter((row) => shared(row) === n) },
    { mark: "◐", of: "by-some", title: n > 3 ? `In 2 to ${n - 1} models` : "In 2 models",
      rows: rows.filter((row) => shared(row) > 1 && shared(row) < n) },
    { mark: "○", of: "by-one", title: "In one model only", rows: rows.filter((row) => n > 1 && shared(row) === 1) },
    { mark: "–", of: "by-control", title: "In controls only", rows: rows.filter((row) => shared(row) === 0) },
  ].filter((group) => group.rows.length);
}

const pieceNode = ([kind, text]) => (kind === "sub" ? buildNode("sub", {}, text) : text);

function neighbourRow(row, of, models) {
  const cells = row.places.map((place, i) => {
    if (!place) return buildNode("td");
    const [rank, cosine] = [String(place[0]), place[1].toFixed(4)];
    return buildNode("td", { title: `${models[i][0]}: rank ${rank}, cosine ${cosine}` }, buildNode("b", {}, rank), " ", buildNode("i", {}, cosine));
  });
  const button = buildNode(
    "button", { type: "button", class: "neighbour", title: row.says, "data-atom": row.atom },
    buildNode("b", {}, row.symbol), " in ", ...row.where.map(pieceNode),
  );
  return buildNode("tr", { class: of }, buildNode("th", { scope: "row" }, button), ...cells);
}

function groupBodies({ mark, of, title, rows }, models, opened, folds) {
  const body = buildNode("tbody", {}, ...rows.map((row) => neighbourRow(row, of, models)));
  if (!title) return [body];
  const words = [buildNode("span", { class: "mark", "aria-hidden": "true" }, mark), ` ${title} `, buildNode("span", { class: "quiet" }, String(rows.length))];
  const head = (...content) =>
    buildNode("tbody", { class: "group" }, buildNode("tr", {}, buildNode("th", { colspan: models.length + 1, scope: "rowgroup" }, ...content)));
  if (!folds) return [head(...words), body];
  body.hidden = !opened.has(of);
  const fold = buildNode("button", { type: "button", class: "fold", "aria-expanded": String(!body.hidden) }, ...words);
  fold.addEventListener("click", () => {
    if (body.hidden) opened.add(of);
    else opened.delete(of);
    body.hidden = !opened.has(of);
    fold.setAttribute("aria-expanded", String(!body.hidden));
  });
  return [head(fold), body];
}

export function makeNeighbours(place) {
  let cosines = false;
  const opened = new Set(["by-one"]); // groups stay as they were from atom to atom

  function switchOf(table) {
    const button = buildNode("button", { type: "button", class: "link" }, "Show cosines");
    const follow = () => {
      table.classList.toggle("cosines", cosines);
      button.textContent = cosines ? "Show ranks" : "Show cosines";
    };
    button.addEventListener("click", () => {
      cosines = !cosines;
      follow();
    });
    follow();
    return button;
  }

  return {
    show(lists) {
      if (!lists) return place.replaceChildren();
      const { models, rows, said, hint } = lists;
      const made = said ? [buildNode("p", { class: "overlap" }, said)] : [];
      if (rows.length) {
        const both = models.length <= MOST_WITH_COSINE;
        const table = buildNode("table", { class: both ? "ranks with-cosine" : "ranks", "aria-label": "Rank of each neighbour by model" });
        const corner = buildNode("th", {}, both ? "" : switchOf(table));
        const heads = models.map(([key, counted]) =>
          buildNode("th", { scope: "col", title: key, class: counted ? null : "other" }, buildNode("span", {}, key)));
        table.append(buildNode("thead", {}, buildNode("tr", {}, corner, ...heads)));
        for (const group of groupNeighbours(rows, models)) {
          const folds = ["by-one", "by-control"].includes(group.of) && rows.length > FOLDED_FROM;
          table.append(...groupBodies(group, models, opened, folds));
        }
        made.push(buildNode("div", { class: "ranks-place", tabindex: "0", role: "group", "aria-label": "Neighbours by model" }, table));
      }
      const what = rows.length ? `${models.length <= MOST_WITH_COSINE ? "Rank, and cosine of the coordinates" : "Rank by cosine of the coordinates"}. ` : "";
      const controls = models.some(([, counted]) => !counted) && models.filter(([, counted]) => counted).length > 1;
      made.push(buildNode("p", { class: "hint" }, what + (controls ? "Controls, in italics, are not counted. " : "") + hint));
      return place.replaceChildren(...made);
    },
  };
}
