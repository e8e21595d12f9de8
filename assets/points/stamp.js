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
 * at `floor(centre - shift)`. `coverage` of 256 is that of the whole square; `offsets` of pixels and their `cover` leave
 * out those not covered.
 */
export function makeStamp(radius, width) {
  const disc = radius >= LEAST_DISC;
  const reach = Math.ceil(radius - 0.5);
  const size = disc ? 2 * reach + 1 : Math.max(1, Math.round(2 * radius));
  const coverage = Int32Array.from({ length: size * size }, (_, k) => {
    return disc ? discCoverage((k % size) - reach, Math.floor(k / size) - reach, radius) : 256;
  });
  const covered = [...coverage.keys()].filter((k) => coverage[k] > 0);
  return {
    disc,
    size,
    shift: (size - 1) / 2,
    coverage,
    offsets: Int32Array.from(covered, (k) => Math.floor(k / size) * width + (k % size)),
    cover: Int32Array.from(covered, (k) => coverage[k]),
  };
}

/**
 * Colour `ink` laid with coverage `part` of 256 beneath `front`; all ABGR with straight alpha, as a canvas stores them.
 * Where nothing lies in front, the colour is the ink's own and only alpha is partial: that keeps rims free of a dark seam
 * on a light page. Alpha is rounded up, so that rims that pile up come to an end.
 */
export function layUnder(front, ink, part) {
  const before = front >>> 24;
  if (part === 0) return front;
  if (before === 0) return (ink & 0xffffff) | (Math.ceil(((ink >>> 24) * part) / 256) << 24);
  const added = ((255 - before) * (ink >>> 24) * part) / 65280;
  const ours = added / (before + added);
  const red = (front & 0xff) + ((ink & 0xff) - (front & 0xff)) * ours;
  const green = ((front >>> 8) & 0xff) + (((ink >>> 8) & 0xff) - ((front >>> 8) & 0xff)) * ours;
  const blue = ((front >>> 16) & 0xff) + (((ink >>> 16) & 0xff) - ((front >>> 16) & 0xff)) * ours;
  return (Math.ceil(before + added) << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red);
}
