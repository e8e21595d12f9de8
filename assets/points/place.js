/** Where a stored point falls on the raster: one affine map a panel. */

/** Code of a 16-bit coordinate of an atom that has no place on the map. */
export const MISSING = 65535;
/** Largest code of a 16-bit coordinate that is a place: the far end of the range. */
export const LAST_CODE = 65534;

/**
 * Map from stored numbers to device pixels, y upwards: `x = ax * stored + bx`, `y = ay * stored + by`.
 * `range` [x0, x1, y0, y1] is that of 16-bit codes, null where coordinates are stored as they are; `axes` is what the
 * panel shows; `rect` is the panel in device pixels and need not be whole, so that points sit on the axes at any ratio.
 */
export function placeOf(range, axes, rect) {
  const perX = rect.w / (axes[1] - axes[0]);
  const perY = rect.h / (axes[3] - axes[2]);
  const stepX = range ? (range[1] - range[0]) / LAST_CODE : 1;
  const stepY = range ? (range[3] - range[2]) / LAST_CODE : 1;
  const originX = range ? range[0] : 0;
  const originY = range ? range[2] : 0;
  return {
    ax: stepX * perX,
    bx: rect.x + (originX - axes[0]) * perX,
    ay: -stepY * perY,
    by: rect.y + rect.h - (originY - axes[2]) * perY,
  };
}

/** `rect` of CSS pixels in device pixels, not rounded: what `placeOf` takes. */
export function deviceRect(rect, ratio) {
  return { x: rect.x * ratio, y: rect.y * ratio, w: rect.w * ratio, h: rect.h * ratio };
}

/** The whole device pixels nearest to `rect` of CSS pixels: what drawing is clipped to. Neighbours never overlap. */
export function clipRect(rect, ratio) {
  const x = Math.round(rect.x * ratio);
  const y = Math.round(rect.y * ratio);
  return { x, y, w: Math.round((rect.x + rect.w) * ratio) - x, h: Math.round((rect.y + rect.h) * ratio) - y };
}
