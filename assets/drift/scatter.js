/* The figure of drift against change of output, with what is said and done at its dots. */
import { correlationText, dotsWords, drawOutputs, outputOf, stillWords } from "./outputs.js";
import { stepText, strategyName } from "./series.js";
import { CHANGES, changeLabel, shownText, withUnit } from "./words.js";
import { sizesOf } from "./worst.js";

const noOutputs = (series) => (series.kind === "training" ? "Energies and forces of a student are not followed: its random start predicts nothing to change from." : "No energies or forces were computed for this series; follow it again without --no-outputs.");

export function makeScatter(parts, { choose, atomLines, firstAtom }) {
  const svg = parts.outputs;
  let near = null; // what is under a place in it, and of what
  let last = null;

  function dotUnder(event) {
    if (!near || !event.target.closest(".catcher")) return -1;
    const [box, view] = [svg.getBoundingClientRect(), svg.viewBox.baseVal];
    return near(((event.clientX - box.left) / box.width) * view.width, ((event.clientY - box.top) / box.height) * view.height);
  }
  svg.addEventListener("pointermove", (event) => {
    const i = dotUnder(event);
    if (i < 0) return parts.tip.hide();
    const { join, names } = last.atoms;
    const numbers = [`${changeLabel(last.change, last.noun)} ${shownText(last.change, last.x[i])}`, `${last.output.label} ${withUnit(last.output, last.y[i])}`];
    const lines = last.ofStructures ? [`${names.formula[join.structures[i]]}, ${names.id[join.structures[i]]}`, ...numbers] : atomLines(i, numbers);
    return parts.tip.show(lines, event.clientX, event.clientY);
  });
  svg.addEventListener("pointerleave", parts.tip.hide);
  svg.addEventListener("click", (event) => {
    const i = dotUnder(event);
    if (i >= 0) choose(last.ofStructures ? firstAtom(i) : last.atoms.join.ids[i]);
  });

  return {
    draw({ asked, noun, told, t, chosen, atoms, picked }) {
      const ofStructures = asked.movers === "structures";
      const [output, change] = [outputOf(asked.movers), CHANGES[asked.anchors]];
      const values = ofStructures ? atoms.structures : atoms.atoms;
      const [x, y] = [values[asked.anchors], sizesOf(output.field, values[output.field])];
      const base = ofStructures ? new Uint8Array(atoms.join.structures.length).fill(1) : atoms.join.counted;
      const what = ofStructures ? "crystal" : "symmetry-distinct atom";
      const [w, h] = [Math.max(300, parts.outputsPlace.clientWidth), Math.max(220, parts.outputsPlace.clientHeight)];
      const known = y.some((v) => !Number.isNaN(v));
      parts.outputsTitle.textContent = `${noun} against ${output.label.toLowerCase()}: ${strategyName(chosen)}, ${stepText(chosen, t)}`;
      svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
      parts.outputsPlace.hidden = !known;
      const at = ofStructures ? -1 : atoms.join.ids.indexOf(asked.atom ?? -1);
      const drawn = drawOutputs(svg, { x, y, base, mask: ofStructures ? picked.structures : picked.mask, change, output, noun, log: asked.decades, chosen: at }, [w, h]);
      near = known ? drawn.near : null;
      last = { x, y, output, change, noun, ofStructures, atoms };
      parts.outputsSay.textContent = known ? `${dotsWords(drawn, `${what}s`)}${picked.mask ? ", those not selected in grey" : ""}. ${correlationText(told.output[asked.movers][asked.anchors][t], what)}${t ? stillWords(y, base, output) : ""}` : noOutputs(chosen);
      svg.setAttribute("aria-label", `${parts.outputsTitle.textContent}. ${parts.outputsSay.textContent}`);
    },
  };
}
