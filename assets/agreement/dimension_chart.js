/* Intrinsic dimension of each model beside the share of atoms that it cannot tell apart. */
import { replaceKeeping, svgNode } from "../panels/nodes.js";
import { chartFrame, chartLine, chartScale, chartText, cutText, inkOf, roundRange } from "./frame.js";
import { intervalText, isKnown, overText, scoreAt, scoreText } from "./scores.js";

const shareText = (part) => `${(100 * part).toFixed(part > 0 && part < 0.01 ? 2 : 1)} %`;
const DIMENSION_PARTS = ["intrinsic-dimension", "collapse"];

export function drawDimension(svg, { run, metrics, cards }, [w, h]) {
  const names = Math.min(140, w * 0.3);
  const rows = run.models.length;
  const [top, bottom] = [26, h - 40];
  const step = Math.min((bottom - top) / rows, 44);
  const middle = names + (w - names) * 0.58;
  const boxes = [{ left: names, right: middle - 14, top, bottom: top + rows * step }, { left: middle, right: w - 12, top, bottom: top + rows * step }];
  const parts = [];
  DIMENSION_PARTS.forEach((name, k) => {
    const score = run.scores[name];
    const box = boxes[k];
    parts.push(chartText(box.left, top - 9, k ? "Collapsed atoms" : "Intrinsic dimension", { class: "panel-title" }));
    if (!score || score.reason) return parts.push(chartText(box.left, top + 14, cutText(score?.reason || "not computed", box.right - box.left), { class: "tick" }));
    const found = run.models.map((_, i) => scoreAt(score, i));
    const x = chartScale(roundRange(found.flatMap((f) => [f.value, f.low, f.high]), [0], 4), [box.left, box.right]);
    parts.push(...chartFrame(box, { scale: x, grid: true, title: k ? "Share of atoms" : "Dimensions, 95 % interval" }, { scale: chartScale([0, 1], [box.bottom, box.top]), ticks: [] }));
    found.forEach((f, i) => {
      const y = top + (i + 0.5) * step;
      const said = [run.models[i], `${metrics[name].label} ${scoreText(f.value, name === "collapse" ? 4 : 2)} ${intervalText(f, name === "collapse" ? 4 : 2)}`, `Over ${overText(run, score.n)}`];
      if (!isKnown(f.value)) return;
      const colour = inkOf(cards.find((c) => c.key === run.models[i])?.trained ? "accent" : "quiet");
      const mark = { class: "mark", "data-key": `${name} ${run.models[i]}`, tabindex: -1, role: "img", "data-said": said.join("\n"), "aria-label": said.join("; ") };
      const text = k ? shareText(f.value) : scoreText(f.value, 1);
      const end = x(k ? f.value : (f.high ?? f.value)) + (k ? 5 : 8);
      const inside = end + (k ? 32 : 24) > box.right;
      parts.push(chartText(inside && k ? end - 10 : inside ? x(f.low ?? f.value) - 8 : end, y + 3.5, text, { class: "tick", "text-anchor": inside ? "end" : "start", ...(inside && k && { style: `fill: ${inkOf("surface")}` }) }));
      if (k) return parts.splice(-1, 0,svgNode("rect", { x: box.left, y: y - 4.5, width: Math.max(x(f.value) - box.left, 1), height: 9, fill: colour, ...mark }));
      if (isKnown(f.low) && isKnown(f.high)) parts.push(chartLine(x(f.low), y, x(f.high), y, { stroke: colour, "stroke-width": 2 }));
      parts.push(svgNode("circle", { cx: x(f.value), cy: y, r: 4, fill: colour, ...mark }));
      return null;
    });
  });
  run.models.forEach((key, i) => {
    const other = !cards.find((c) => c.key === key)?.trained;
    parts.push(chartText(names - 8, top + (i + 0.5) * step + 4, cutText(key, names - 10), { class: other ? "model-label other" : "model-label", "text-anchor": "end" }));
  });
  replaceKeeping(svg, ...parts);
}
