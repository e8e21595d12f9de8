/** What one point leaves on the raster: offsets from its upper left pixel, computed once for all points. */

/** Radius in device pixels below which a point is a square: a rim would be all there is. */
export const LEAST_DISC = 1.2;
const SAMPLES = 16;

/** Part of the pixel (dx, dy) from the centre that a disc of `radius` covers, of 256. */
function discCoverage(dx, dy, radius) {
  const far = Math.hypot(Math.abs(dx) + 0.5, Math.abs(dy) + 0.5);
  if (far <= radius) return 256;
  let inside = 0;
  for (let i = 0; i < SAMPLES; i += 1) {
    const y = dy - 0.5 + (i + 0.5) / SAMPLES;
    for (let k = 0; k < SAMPLES; k += 1) {
      const x = dx - 0.5 + (k + 0.5) / SAMPLES;
      if (x * x + y * y <= radius * radius) inside += 1;
    }
  }
  return inside;
}

/**
 * Stamp of a point of `radius` device pixels on a raster `width` pixels wide: `size` pixels square, its upper left pixel
 * at `floor(centre - shift)`; `solid` and `rim` are pixel offsets from there, `cover` the rim's coverage of 256;
 * `coverage` is the whole square, for clipping.
 */
export function makeStamp(radius, width) {
  const disc = radius >= LEAST_DISC;
  const reach = Math.ceil(radius - 0.5);
  const size = disc ? 2 * reach + 1 : Math.max(1, Math.round(2 * radius));
  const coverage = new Uint16Array(size * size).fill(256);
  const solid = [];
  const rim = [];
  const cover = [];
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const part = disc ? discCoverage(column - reach, row - reach, radius) : 256;
      coverage[row * size + column] = part;
      if (part === 256) solid.push(row * width + column);
      else if (part > 0) {
        rim.push(row * width + column);
        cover.push(part);
      }
    }
  }
  return {
    size,
    shift: (size - 1) / 2,
    coverage,
    solid: Int32Array.from(solid),
    rim: Int32Array.from(rim),
    cover: Int32Array.from(cover),
  };
}

/** Colour `ink` laid with coverage `part` of 256 over `under`; both ABGR with straight alpha, as a canvas stores them. */
export function layOver(under, ink, part) {
  if (under >>> 24 === 255 && ink >>> 24 === 255) {
    const rest = 256 - part;
    const redBlue = (Math.imul(under & 0xff00ff, rest) + Math.imul(ink & 0xff00ff, part) + 0x800080) >>> 8;
    const green = (Math.imul(under & 0xff00, rest) + Math.imul(ink & 0xff00, part) + 0x8000) >>> 8;
    return (redBlue & 0xff00ff) | (green & 0xff00) | 0xff000000;
  }
  const over = ((ink >>> 24) * part) / 256;
  const kept = ((under >>> 24) * (255 - over)) / 255;
  const alpha = over + kept;
  if (alpha === 0) return 0;
  // weights of the two colours: where nothing lies beneath, the colour is the ink's own and only alpha is partial,
  // which is what keeps rims free of a dark seam on a light page
  const ours = over / alpha;
  const red = (under & 0xff) + ((ink & 0xff) - (under & 0xff)) * ours;
  const green = ((under >>> 8) & 0xff) + (((ink >>> 8) & 0xff) - ((under >>> 8) & 0xff)) * ours;
  const blue = ((under >>> 16) & 0xff) + (((ink >>> 16) & 0xff) - ((under >>> 16) & 0xff)) * ours;
  return (Math.round(alpha) << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red);
}
