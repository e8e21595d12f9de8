import assert from "node:assert/strict";
import { test } from "node:test";
import { heatCells, legendCells } from "../../assets/panels/element_cells.js";
import { countElements, finiteRange, knownElements, meanByElement } from "../../assets/panels/element_means.js";
import {
  ELEMENT_SETS,
  alongLabel,
  elementsBetween,
  membersOf,
  pickedAfter,
  placeOfElement,
} from "../../assets/panels/element_sets.js";

const SYMBOLS = (
  "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb " +
  "Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu " +
  "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db " +
  "Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
).split(" ");
const GASES = [2, 10, 18, 36, 54, 86, 118];
const NAMED = {
  alkali: "Li Na K Rb Cs Fr",
  "alkaline earth": "Be Mg Ca Sr Ba Ra",
  nonmetal: "H C N O P S Se",
  halogen: "F Cl Br I At Ts",
  metalloid: "B Si Ge As Sb Te",
  "noble gas": "He Ne Ar Kr Xe Rn Og",
  "post-transition": "Al Ga In Sn Tl Pb Bi Po Nh Fl Mc Lv",
};

/* The conventions of precompute/elements.py: group 3 is Sc, Y, Lu, Lr, and La-Yb and Ac-No have no group. */
function element(symbol, i) {
  const z = i + 1;
  const period = GASES.findIndex((gas) => z <= gas) + 1;
  const [start, end] = [period === 1 ? 1 : GASES[period - 2] + 1, GASES[period - 1]];
  const f = (z >= 57 && z <= 70) || (z >= 89 && z <= 102);
  const fromLeft = z - start + 1;
  const group = f ? 0 : fromLeft <= 2 && z !== 2 ? fromLeft : 18 - (end - z);
  const block = f ? "f" : group <= 2 || z === 2 ? "s" : group <= 12 ? "d" : "p";
  const named = Object.keys(NAMED).find((name) => NAMED[name].split(" ").includes(symbol));
  const category = named ?? (z >= 57 && z <= 71 ? "lanthanide" : z >= 89 && z <= 103 ? "actinide" : "transition");
  return { symbol, name: symbol, category, group, period, block, n: 1 };
}
const ELEMENTS = SYMBOLS.map(element);
const INFO = {
  elements: ELEMENTS,
  category_colours: { alkali: "#dc3e46", nonmetal: "#586172" },
  scales: { grey: ["#000000", "#ffffff"] },
};
const VIEW = { hide: [], limits: null, log: false, reverse: false, palette: "grey" };
const members = (id) => membersOf(ELEMENTS, ELEMENT_SETS.find((set) => set.id === id).has).join(" ");

test("sets of elements are those of the field", () => {
  assert.equal(members("3d"), "Sc Ti V Cr Mn Fe Co Ni Cu Zn");
  assert.equal(members("4d"), "Y Zr Nb Mo Tc Ru Rh Pd Ag Cd");
  assert.equal(members("5d"), "Lu Hf Ta W Re Os Ir Pt Au Hg");
  assert.equal(members("lanthanides"), "La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu");
  assert.equal(members("actinides").split(" ").length, 15);
  assert.equal(members("alkali"), "Li Na K Rb Cs Fr");
  assert.equal(members("pnictogens"), "N P As Sb Bi Mc");
  assert.equal(members("chalcogens"), "O S Se Te Po Lv");
  assert.equal(members("halogens"), "F Cl Br I At Ts");
  assert.equal(members("noble"), "He Ne Ar Kr Xe Rn Og");
  assert.equal(members("nonmetals"), "H He C N O F Ne P S Cl Ar Se Br Kr I Xe At Rn Ts Og");
});

test("labels stand for whole groups, periods and blocks", () => {
  assert.deepEqual(membersOf(ELEMENTS, alongLabel("group", "3")), ["Sc", "Y", "Lu", "Lr"]);
  assert.equal(membersOf(ELEMENTS, alongLabel("period", 6)).length, 32);
  assert.equal(membersOf(ELEMENTS, alongLabel("block", "f")).length, 28);
  assert.equal(["s", "p", "d", "f"].flatMap((b) => membersOf(ELEMENTS, alongLabel("block", b))).length, 118);
});

test("no two elements share a place, and none lies outside", () => {
  const places = ELEMENTS.map((e, i) => placeOfElement(e, i + 1));
  assert.equal(new Set(places.map(({ row, column }) => `${row},${column}`)).size, 118);
  for (const { row, column } of places) assert.ok(row >= 1 && row <= 10 && row !== 8 && column >= 1 && column <= 18);
  assert.deepEqual(placeOfElement(ELEMENTS[57], 58), { row: 9, column: 4 });
});

test("a rectangle of the table is the same from any two opposite corners", () => {
  const expected = ["Ti", "V", "Cr", "Zr", "Nb", "Mo"];
  for (const [from, to] of [
    ["Ti", "Mo"],
    ["Mo", "Ti"],
    ["Cr", "Zr"],
    ["Zr", "Cr"],
  ])
    assert.deepEqual(elementsBetween(ELEMENTS, from, to), expected);
  assert.deepEqual(elementsBetween(ELEMENTS, "Fe", "Fe"), ["Fe"]);
});

test("a set is added unless all of it is picked, and then taken away", () => {
  assert.deepEqual(pickedAfter(ELEMENTS, ["O"], ["S", "O"]), ["O", "S"]);
  assert.deepEqual(pickedAfter(ELEMENTS, ["Fe", "O", "S"], ["S", "O"]), ["Fe"]);
  assert.deepEqual(pickedAfter(ELEMENTS, [], ["Ce"]), ["Ce"]);
});

/* A small generator, so that the comparison is the same each time. */
function* numbersFrom(seed) {
  for (let state = seed; ;) yield (state = (state * 1103515245 + 12345) % 2147483648);
}

for (const log of [false, true])
  test(`means by element are those of a plain sum (${log ? "logarithmic" : "linear"} storage)`, () => {
    const random = numbersFrom(7);
    const n = 3000;
    const numbers = Uint8Array.from({ length: n }, () => 1 + (random.next().value % 9));
    const stored = Uint16Array.from({ length: n }, (_, i) => (i % 11 ? random.next().value % 65535 : 65535));
    const mask = Uint8Array.from({ length: n }, () => random.next().value % 3);
    const legend = { lo: 0.5, hi: 40, log };
    const decode = (code) => (log ? 0.5 * 80 ** (code / 65534) : 0.5 + (39.5 * code) / 65534);
    for (const chosen of [null, mask]) {
      const { means, counts } = meanByElement(numbers, stored, legend, chosen);
      for (let z = 1; z <= 118; z++) {
        const values = [...stored]
          .filter((code, i) => numbers[i] === z && code !== 65535 && (!chosen || chosen[i]))
          .map(decode);
        assert.equal(counts[z], values.length);
        if (!values.length) assert.ok(Number.isNaN(means[z]));
        else assert.ok(Math.abs(means[z] - values.reduce((a, b) => a + b) / values.length) < 1e-9 * 40);
      }
    }
    assert.equal(
      countElements(numbers, null).reduce((a, b) => a + b),
      n,
    );
    assert.equal(
      countElements(numbers, mask).reduce((a, b) => a + b),
      mask.filter(Boolean).length,
    );
  });

test("an element is known where every map has a place for one of its atoms", () => {
  const numbers = Uint8Array.of(8, 8, 58, 11);
  const first = Uint16Array.of(65535, 65535, 4, 5, 6, 7, 8, 9);
  const second = Uint16Array.of(1, 2, 3, 4, 65535, 65535, 8, 9);
  assert.deepEqual(knownElements(numbers, []), [8, 11, 58]);
  assert.deepEqual(knownElements(numbers, [first]), [8, 11, 58]);
  assert.deepEqual(knownElements(numbers, [first, second]), [8, 11]);
});

test("a heat map's ends take the ends of the scale, and each cell says over how many atoms", () => {
  const values = new Float64Array(120).fill(NaN);
  const counts = new Float64Array(120);
  [values[8], values[58], counts[8], counts[58]] = [2, 6, 10, 1];
  const { cells, scale } = heatCells(INFO, VIEW, {
    values,
    counts,
    label: "mean band gap",
    unit: "eV",
    of: " of mine",
    log: false,
  });
  assert.equal(cells[7].colour, "#000000");
  assert.equal(cells[57].colour, "#ffffff");
  assert.equal(cells[57].says, "Ce: mean band gap 6 eV, over 1 atom of mine");
  assert.equal(cells[0].colour, null);
  assert.deepEqual([scale.lo, scale.hi], ["2", "6"]);
  assert.equal(finiteRange(new Float64Array(120).fill(NaN)), null);
});

test("as a legend, cells have the colours of the maps, and what is hidden there is faded", () => {
  const entries = [
    { label: "alkali", colour: "#123456" },
    { label: "nonmetal", colour: "#586172" },
  ];
  const cells = legendCells(INFO, { kind: "category", id: "category", entries }, { ...VIEW, hide: ["nonmetal"] }, null);
  assert.equal(cells[2].colour, "#123456");
  assert.deepEqual([cells[2].faded, cells[7].faded], [false, true]);
  const byElement = legendCells(
    INFO,
    { kind: "category", id: "element", entries: [{ label: "Li", colour: "#abcdef" }] },
    VIEW,
    null,
  );
  assert.equal(byElement[2].colour, "#abcdef");
  const numbers = legendCells(INFO, { kind: "number", id: "x", label: "x", lo: 1, hi: 118 }, VIEW, (number) => number);
  assert.deepEqual([numbers[0].colour, numbers[117].colour], ["#000000", "#ffffff"]);
});
