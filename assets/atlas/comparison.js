/* What a view compares: two models' neighbour lists or those of all potentials shown; named as dashboard/overlap/compared.py does. */
import { escapeItem } from "../points/address.js";

const NOT_POTENTIALS = ["student", "untrained", "control"];
const COMPARING_FIELDS = ["pair", "near", "nearest", "chance"];

/* The models compared, in the order of the atlas. */
export function comparedModels(view, info) {
  const keys = new Set(view.pair.length === 2 ? view.pair : potentialsOf(view.models, info));
  return info.models.map((model) => model.key).filter((key) => keys.has(key));
}

/* Of the models shown those that are no controls; all of them where fewer than two are. */
export function potentialsOf(keys, info) {
  const controls = new Set(info.models.filter((model) => NOT_POTENTIALS.includes(model.status)).map((model) => model.key));
  const known = keys.filter((key) => !controls.has(key));
  return known.length > 1 ? known : keys;
}

export const comparisonName = (view, info) =>
  `${view.near}:${view.nearest}:${view.chance ? "chance" : "raw"}:${comparedModels(view, info).map(escapeItem).join(",")}`;

export const isComparison = (id, info) => info.quantities.find((q) => q.id === id)?.of === "comparison";

/* The fields of a view that say what is compared. */
export const comparisonFields = (view) => (view.pair.length === 2 ? COMPARING_FIELDS : [...COMPARING_FIELDS, "models"]);

/* Those fields where atoms are selected by overlap; none where they are not. */
export const selectedByOverlap = (view, info) => (Object.keys(view.brush).some((id) => isComparison(id, info)) ? comparisonFields(view) : []);

/* Whether what is compared is to be seen somewhere: as colours, as a range, or as a pair that was chosen. */
export const showsOverlap = (view, info) =>
  view.pair.length === 2 || [view.colour, ...Object.keys(view.brush)].some((id) => isComparison(id, info));

/* Whether a change matters to what is coloured or selected by overlap. */
export const changesOverlap = (view, changed, info) =>
  [view.colour, ...Object.keys(view.brush)].some((id) => isComparison(id, info)) && comparisonFields(view).some((field) => changed.has(field));
