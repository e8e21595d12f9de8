import assert from "node:assert/strict";
import { test } from "node:test";

import { columnsFor, layOutPanels } from "../../assets/points/panels.js";

const SIZES = [[722, 640], [982, 760], [1200, 900], [640, 300]];

function overlap(a, b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function forEachLayout(check) {
  for (const [width, height] of SIZES) {
    for (const linked of [true, false]) {
      for (let n = 1; n <= 12; n += 1) check(layOutPanels(n, width, height, linked), { n, width, height, linked });
    }
  }
}

test("panels are of one size, whole pixels, inside the width and apart from each other and from all titles", () => {
  forEachLayout(({ rects, titles, height: needed }, { n, width, height }) => {
    assert.equal(rects.length, n);
    assert.equal(titles.length, n);
    assert.ok(needed >= height);
    rects.forEach((rect, i) => {
      assert.ok(Object.values(rect).every((side) => Number.isInteger(side)));
      assert.ok(rect.w === rects[0].w && rect.h === rects[0].h);
      assert.ok(rect.x > 0 && rect.x + rect.w <= width && rect.y > 0 && rect.y + rect.h < needed);
      rects.forEach((other, k) => assert.ok(i === k || !overlap(rect, other)));
      for (const title of titles) assert.ok(!overlap(rect, { ...title, h: 20 }));
    });
  });
});

test("linked panels carry ticks at the left and where none lies below, others everywhere", () => {
  forEachLayout(({ rects, outer }, { linked }) => {
    rects.forEach((rect, i) => {
      const first = !rects.some((other) => other.y === rect.y && other.x < rect.x);
      const lowest = !rects.some((other) => other.x === rect.x && other.y > rect.y);
      assert.deepEqual(outer[i], { left: !linked || first, bottom: !linked || lowest });
    });
  });
});

test("where there are ticks there is room for their labels", () => {
  forEachLayout(({ rects, outer, height }) => {
    rects.forEach((rect, i) => {
      const labels = { x: rect.x - 20, y: rect.y, w: 20, h: rect.h };
      const under = { x: rect.x, y: rect.y + rect.h, w: rect.w, h: 18 };
      if (outer[i].left) assert.ok(labels.x >= 0 && !rects.some((other) => overlap(labels, other)));
      if (outer[i].bottom) assert.ok(under.y + under.h <= height && !rects.some((other) => overlap(under, other)));
    });
  });
});

test("linked panels are larger than unlinked ones in the same space", () => {
  for (const n of [2, 4, 6, 8]) {
    const [linked] = layOutPanels(n, 982, 900, true).rects;
    const [alone] = layOutPanels(n, 982, 900, false).rects;
    assert.ok(linked.w * linked.h > alone.w * alone.h);
  }
});

test("eight panels fill two rows of four", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8].map(columnsFor), [1, 2, 3, 2, 3, 3, 4, 4]);
});
