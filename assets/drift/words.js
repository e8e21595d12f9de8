/* What the numbers of drift are: names, units, meanings, sources; and how they are written. */
import { isKnown } from "../agreement/scores.js";

const SIGNS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raised = (text) => [...text].map((sign) => SIGNS[sign] ?? sign).join("");

export const powerText = (power) => `10${raised(String(power))}`;

/* 0.0038, 0.313, 2.4·10⁻⁵, 0: three significant digits, a power of ten below a ten-thousandth. */
export function changeText(v) {
  if (!isKnown(v) || Number.isNaN(v)) return "–";
  if (v === 0) return "0";
  const size = Math.abs(v);
  if (size < 9.95e-5) {
    const [digits, power] = v.toExponential(1).split("e");
    return `${digits}·${powerText(Number(power))}`.replace("-", "−");
  }
  const decimals = size >= 99.95 ? 0 : Math.min(5, Math.max(0, 2 - Math.floor(Math.log10(size))));
  return v.toFixed(decimals).replace("-", "−");
}

const LW = "Li & Walsh, Nat. Mach. Intell. 8, 830 (2026)";

/* `field` is the name of the stored numbers; `factor` and `unit` those in which they are shown; below `least`, in that
   unit, a change is rounding. */
export const CHANGES = {
  reembedded: {
    field: "reembedded", label: "Drift, anchors re-embedded", short: "re-embedded", unit: "", factor: 1, worst: "high",
    meaning: "1 − cosine between an atom’s coordinates in the base and in the checkpoint, which embeds the anchors anew. It asks whether the atom moved among its anchors: what the whole space does together, such as a rotation, cancels, and an atom near which anchors moved drifts too.",
    source: `coordinates as in ${LW}, after Moschella et al., ICLR 2023`,
  },
  frozen: {
    field: "frozen", label: "Drift, anchors frozen", short: "frozen", unit: "", factor: 1, worst: "high",
    meaning: "The same with the anchors’ embeddings kept from the base. It asks whether the atom moved against vectors that stand still: rotations of the whole space count, though no prediction notices them, so it says little between models trained apart. Neither of the two bounds the other: they answer different questions.",
    source: `coordinates as in ${LW}, after Moschella et al., ICLR 2023`,
  },
  retention: {
    field: "retention", label: "Neighbours kept", short: "kept", unit: "", factor: 1, worst: "low",
    meaning: "Share of an atom’s k nearest neighbours in the base that are still among its k nearest, by cosine of re-embedded coordinates among symmetry-distinct atoms other than its own.",
    source: "mutual k-nearest neighbours, Huh et al., ICML 2024",
  },
  procrustes: {
    field: "procrustes", label: "Procrustes to base", short: "Procrustes", unit: "", factor: 1, worst: "low",
    meaning: "How well one rotation and scaling lays all atoms’ coordinates in the checkpoint onto those in the base; 1 where it fits exactly.",
    source: "nuclear-norm form, Williams et al., NeurIPS 2021",
  },
  angular: {
    field: "angular", label: "Procrustes, angular", short: "angular", unit: "", factor: 1, worst: "low",
    meaning: "The same as an angle, which falls sooner where agreement is high; 1 where it fits exactly.",
    source: "Williams et al., NeurIPS 2021",
  },
  energy: {
    field: "energy", label: "Energy change", short: "energy", unit: "meV/atom", factor: 1000, least: 0.001, worst: "high",
    meaning: "Mean absolute change of the predicted energy of the same structures, after a least-squares shift for each element: functionals differ by such an offset, which no reaction energy sees. A change that is linear in composition is absorbed with it.",
    source: "per-element shift by least squares over the measured structures",
  },
  forces: {
    field: "forces", label: "Force change", short: "forces", unit: "meV/Å", factor: 1000, least: 0.1, worst: "high",
    meaning: "Change of the predicted force on the same atom at the same place: its length for one atom, the mean absolute change of a component (MAE) in means.",
    source: "checkpoint against base, no reference data",
  },
};

/* The stored numbers that a view's measure and anchors stand for, of atoms, or of structures too. */
export function changeOf({ measure, anchors }, ofStructures = false) {
  if (measure === "drift" || (measure === "energy" && !ofStructures)) return CHANGES[anchors];
  return CHANGES[measure];
}

/* "Difference, anchors frozen" where nothing drifts. */
export const changeLabel = (change, noun) => change.label.replace("Drift", noun);

/* A share of what was: how much is missing is what matters, so it is never rounded to all. */
export function keptShareText(v) {
  if (!isKnown(v) || Number.isNaN(v)) return "–";
  const text = v.toFixed(4);
  return v < 1 && Number(text) === 1 ? ">0.9999" : text === "1.0000" || v === 0 ? String(Number(text)) : text;
}

export function shownText(change, v) {
  if (change.worst === "low") return keptShareText(v);
  const shown = isKnown(v) ? v * change.factor : v;
  return change.least && shown && Math.abs(shown) < change.least ? `<${change.least}` : changeText(shown);
}
/* The power of ten that cells of a table share where all are small; 0 for none. */
export const cellPower = (change, most) => (change.worst === "low" || most * change.factor >= 0.1 ? 0 : Math.floor(Math.log10(most * change.factor)));
export const cellUnit = (change, most) => (cellPower(change, most) ? `Cells in ${powerText(cellPower(change, most))}${change.unit ? ` ${change.unit}` : ""}. ` : change.unit ? `Cells in ${change.unit}. ` : "");

/* A number as it stands in a cell, in the shared power of ten; shares are not rounded to all. */
export function changeCellText(change, v, most) {
  if (change.worst === "low") {
    const digits = [2, 3].find((n) => v >= 1 || Number(v.toFixed(n)) < 1);
    return v >= 1 ? "1" : digits ? v.toFixed(digits).replace("0.", ".") : ">.999";
  }
  const power = cellPower(change, most);
  const shown = (v * change.factor) / 10 ** power;
  return shown === 0 ? "0" : shown.toFixed(shown >= 10 ? 0 : power ? 1 : 2);
}

export const withUnit = (change, v) => `${shownText(change, v)}${change.unit && isKnown(v) ? ` ${change.unit}` : ""}`;
export const rangeText = (change, low, high) => (isKnown(low) && isKnown(high) ? `[${shownText(change, low)}, ${shownText(change, high)}]` : "");
