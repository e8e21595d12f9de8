/** How panels share the space of the maps, in CSS pixels. */

const TITLE = 36;
const TICKS_LEFT = 22;
const TICKS_BOTTOM = 20;
const GAP = 10;
const LEAST_HEIGHT = 120;

/** Columns for `n` panels. */
export function columnsFor(n) {
  if (n <= 3) return Math.max(1, n);
  if (n === 4) return 2;
  return n <= 6 ? 3 : 4;
}

/**
 * Plot areas, titles and where axes carry tick labels. Linked panels are labelled at the left and at the bottom of the
 * grid only, the others each for themselves. `height` grows beyond what was given where panels would be too low to read.
 */
export function layOutPanels(n, width, height, linked) {
  const columns = columnsFor(n);
  const rows = Math.max(1, Math.ceil(n / columns));
  const left = (column) => (linked && column > 0 ? 0 : TICKS_LEFT);
  // labels below a row that ends early hang in the empty place beneath it
  const below = (row) => (linked && row < rows - 1 ? 0 : TICKS_BOTTOM);
  let sidewards = GAP * columns;
  for (let column = 0; column < columns; column += 1) sidewards += left(column);
  let upright = 0;
  for (let row = 0; row < rows; row += 1) upright += TITLE + below(row) + (row < rows - 1 ? GAP : 0);
  const w = Math.max(1, Math.floor((width - sidewards) / columns));
  const h = Math.max(LEAST_HEIGHT, Math.floor((height - upright) / rows));
  const rects = [];
  const titles = [];
  const outer = [];
  for (let i = 0; i < n; i += 1) {
    const column = i % columns;
    const row = Math.floor(i / columns);
    let x = left(0) + column * (w + GAP);
    for (let before = 1; before <= column; before += 1) x += left(before);
    let y = TITLE + row * (TITLE + h + GAP);
    for (let before = 0; before < row; before += 1) y += below(before);
    rects.push({ x, y, w, h });
    titles.push({ x, y: y - TITLE, w });
    outer.push({ left: !linked || column === 0, bottom: !linked || i + columns >= n });
  }
  return { height: Math.max(height, upright + rows * h), rects, titles, outer };
}
