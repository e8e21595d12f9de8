/* Sets of elements, and places in the periodic table. Elements are records {symbol, category, group, period, block}
   in the order of atomic numbers; group 0 is the f block. */

const inGroup = (group) => (element) => element.group === group;
const inCategory = (category) => (element) => element.category === category;
const dMetals = (period) => (element) => element.block === "d" && element.period === period;
const NONMETAL_CATEGORIES = ["nonmetal", "halogen", "noble gas"];

export const ELEMENT_SETS = [
  { id: "alkali", label: "alkali metals", has: inCategory("alkali") },
  { id: "alkaline", label: "alkaline earth metals", has: inCategory("alkaline earth") },
  { id: "3d", label: "3d metals", has: dMetals(4) },
  { id: "4d", label: "4d metals", has: dMetals(5) },
  { id: "5d", label: "5d metals", has: dMetals(6) },
  { id: "lanthanides", label: "lanthanides", has: inCategory("lanthanide") },
  { id: "actinides", label: "actinides", has: inCategory("actinide") },
  { id: "pnictogens", label: "pnictogens", has: inGroup(15) },
  { id: "chalcogens", label: "chalcogens", has: inGroup(16) },
  { id: "halogens", label: "halogens", has: inGroup(17) },
  { id: "noble", label: "noble gases", has: inGroup(18) },
  { id: "nonmetals", label: "nonmetals", has: (element) => NONMETAL_CATEGORIES.includes(element.category) },
];

/* Symbols of a set. */
export function membersOf(elements, has) {
  return elements.filter(has).map((element) => element.symbol);
}

/* What a label beside the table stands for: "group" 1-18, "period" 1-7 or "block" s, p, d, f. */
export function alongLabel(kind, value) {
  return (element) => String(element[kind]) === String(value);
}

const F_BLOCK_ROWS = { 6: { row: 9, first: 57 }, 7: { row: 10, first: 89 } };

/* Row 1-7 and column 1-18; the f block in rows 9 and 10. Row and column 0 are for labels. */
export function placeOfElement({ group, period }, number) {
  if (group) return { row: period, column: group };
  const { row, first } = F_BLOCK_ROWS[period];
  return { row, column: number - first + 3 };
}

/* Symbols in the rectangle of the table that two elements span. */
export function elementsBetween(elements, from, to) {
  const places = new Map(elements.map((element, i) => [element.symbol, placeOfElement(element, i + 1)]));
  const [a, b] = [places.get(from), places.get(to)];
  const within = (value, x, y) => value >= Math.min(x, y) && value <= Math.max(x, y);
  return elements
    .map((e) => e.symbol)
    .filter((symbol) => {
      const { row, column } = places.get(symbol);
      return within(row, a.row, b.row) && within(column, a.column, b.column);
    });
}

/* Picked symbols after a set has been clicked: all of it, or none of it where all were picked. In the table's order. */
export function pickedAfter(elements, picked, symbols) {
  const now = new Set(picked);
  const all = symbols.every((symbol) => now.has(symbol));
  for (const symbol of symbols) {
    if (all) now.delete(symbol);
    else now.add(symbol);
  }
  return elements.map((element) => element.symbol).filter((symbol) => now.has(symbol));
}
