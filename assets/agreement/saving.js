/* What the Agreement page shows, as files: the scores as a table or as they are, the figures as drawings. */
import { csvField } from "../panels/csv.js";
import { downloadFile } from "../panels/download.js";
import { svgNode } from "../panels/nodes.js";
import { scoreAt } from "./scores.js";

const PNG_SCALE = 3;
const FIGURE_MARGIN = 14; // px
const SHOWN_STYLES = ["font-size", "font-weight", "font-style", "fill", "stroke", "letter-spacing"];
const CAPTION_LINE = 15; // px

/* Lines of fields as the text of a CSV file. */
export const csvText = (lines) => `${lines.map((line) => line.map(csvField).join(",")).join("\r\n")}\r\n`;

/* What a file of a figure is called: by the run that it shows. */
export const savedStem = (atlas, run, what) => `${atlas}-agreement-${run.name}-${what}`;

/* One metric of a run, a line an ordered pair of models; `layers` is what each model's features are taken from. */
export function scoresTable(run, metrics, name, layers = {}) {
  const head = ["metric", "from", "to", "value", "low_95", "high_95", "permuted_mean", "permuted_97.5", "n", "over", "atoms", "level", "space", "k", "seed", "resamples", "permutations", "selection", "from_layer", "to_layer"];
  const score = run.scores[name];
  const about = [score.n, run.level === "atom" ? "atoms" : "structures", run.atoms, run.level, run.space, run.k, run.seed, run.resamples, run.permutations, run.select];
  const lines = run.models.flatMap((a, i) => run.models.map((b, j) => {
    const found = scoreAt(score, i, j);
    return [metrics[name].label, a, b, found.value, found.low, found.high, found.null, found.nullHigh, ...about, layers[a] || "", layers[b] || ""];
  }));
  return csvText([head, ...lines]);
}

/* A text in lines of at most `most` characters. */
export function wrapWords(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    if (lines[last] && lines[last].length + 1 + word.length > most) lines.push(word);
    else lines[last] += (lines[last] ? " " : "") + word;
  }
  return lines;
}

/* A drawing that stands alone: colours and type as they are shown, a title above and a caption below. */
function standaloneDrawing(svg, title, caption, surface) {
  const box = svg.viewBox.baseVal;
  const copy = svg.cloneNode(true);
  const [from, to] = [svg, copy].map((root) => [...root.querySelectorAll("*")]);
  from.forEach((node, k) => {
    const shown = getComputedStyle(node);
    for (const name of SHOWN_STYLES) if (name !== "stroke" || node.hasAttribute("stroke")) to[k].style.setProperty(name, shown.getPropertyValue(name));
    if (shown.display === "none") to[k].style.display = "none";
    for (const name of ["tabindex", "class", "role", "data-said", "data-key", "aria-label"]) to[k].removeAttribute(name);
    // the style says it, and other programs know no variables
    for (const name of ["fill", "stroke"]) if (to[k].getAttribute(name)?.startsWith("var(")) to[k].removeAttribute(name);
  });
  const width = Math.max(box.width + 2 * FIGURE_MARGIN, 420);
  const lines = wrapWords(caption, Math.floor((width - 2 * FIGURE_MARGIN) / 6.4));
  const height = box.height + 34 + lines.length * CAPTION_LINE + 2 * FIGURE_MARGIN;
  const family = getComputedStyle(document.body).fontFamily;
  const root = svgNode("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, "font-family": family });
  const ink = getComputedStyle(document.body).color;
  root.append(svgNode("rect", { width, height, fill: surface }));
  root.append(svgNode("text", { x: FIGURE_MARGIN, y: FIGURE_MARGIN + 14, "font-size": 15, "font-weight": 650, fill: ink }, title));
  const body = svgNode("g", { transform: `translate(${FIGURE_MARGIN} ${FIGURE_MARGIN + 26})` });
  body.append(...copy.childNodes);
  root.append(body);
  lines.forEach((line, k) => root.append(svgNode("text", { x: FIGURE_MARGIN, y: FIGURE_MARGIN + 26 + box.height + 18 + k * CAPTION_LINE, "font-size": 11, fill: ink }, line)));
  return { text: new XMLSerializer().serializeToString(root), width, height };
}

function drawnPicture({ text, width, height }) {
  return new Promise((resolve, reject) => {
    const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width: width * PNG_SCALE, height: height * PNG_SCALE });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(address);
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be made; save it as SVG."))), "image/png");
    };
    image.onerror = () => {
      URL.revokeObjectURL(address);
      reject(new Error("The picture could not be made; save it as SVG."));
    };
    image.src = address;
  });
}

/* Save a figure as "svg" or "png". */
export async function saveDrawing(svg, kind, { stem, title, caption, surface }) {
  const made = standaloneDrawing(svg, title, caption, surface);
  if (kind === "svg") return downloadFile(`${stem}.svg`, new Blob([made.text], { type: "image/svg+xml" }));
  return downloadFile(`${stem}.png`, await drawnPicture(made));
}
