/* A crystal seen from a direction: where its parts are on the canvas, from back to front. No DOM here. */

const EYE_YAW = -1.18; // a little to the right of the b axis, so that the three axes are told apart
const EYE_PITCH = 0.32;
const ATOM_SCALE = 0.36; // of the covalent radius, so that bonds are seen
const EDGE_PARTS = 6; // an edge is sorted into the depth part by part
const MOST_PIXELS_PER_ANGSTROM = 44;

export function firstTurn() {
  return { yaw: EYE_YAW, pitch: EYE_PITCH, zoom: 1 };
}

/* Rows of the rotation: to the right, upwards, towards the eye. c stays upright on the canvas. */
export function turnRows({ yaw, pitch }) {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return [
    [-sy, cy, 0],
    [-sp * cy, -sp * sy, cp],
    [cp * cy, cp * sy, sp],
  ];
}

const dot = (row, [x, y, z]) => row[0] * x + row[1] * y + row[2] * z;

/* Middle and scale of a scene, so that it fills the canvas as first seen. */
export function fitScene(scene, width, height, margin) {
  const points = [...scene.atoms, ...scene.edges.flatMap((e) => [e.slice(0, 3), e.slice(3)])];
  const low = [0, 1, 2].map((i) => Math.min(...points.map((p) => p[i])));
  const high = [0, 1, 2].map((i) => Math.max(...points.map((p) => p[i])));
  const middle = low.map((v, i) => (v + high[i]) / 2);
  const rows = turnRows(firstTurn());
  const largest = Math.max(...scene.kinds.map(([, , radius]) => radius)) * ATOM_SCALE;
  let [across, up] = [largest, largest];
  for (const p of points) {
    const from = p.slice(0, 3).map((v, i) => v - middle[i]);
    across = Math.max(across, Math.abs(dot(rows[0], from)) + largest);
    up = Math.max(up, Math.abs(dot(rows[1], from)) + largest);
  }
  const scale = Math.min((width / 2 - margin) / across, (height / 2 - margin) / up, MOST_PIXELS_PER_ANGSTROM);
  return { middle, scale: Math.max(scale, 0.5) };
}

/* Discs, lines and letters in the order in which they are to be painted. `scale` is in pixels an angstrom. */
export function projectScene(scene, turn, { middle, scale }, width, height) {
  const rows = turnRows(turn);
  const zoomed = scale * turn.zoom;
  const place = (p) => {
    const from = [p[0] - middle[0], p[1] - middle[1], p[2] - middle[2]];
    return [width / 2 + zoomed * dot(rows[0], from), height / 2 - zoomed * dot(rows[1], from), zoomed * dot(rows[2], from)];
  };
  const radiusOf = (atom) => scene.kinds[atom[3]][2] * ATOM_SCALE;
  const discs = scene.atoms.map((atom, i) => {
    const [x, y, depth] = place(atom);
    return { what: "atom", i, x, y, depth, r: radiusOf(atom) * zoomed };
  });
  const lines = [];
  const addBond = (what) => ([a, b]) => {
    const [p, q] = [scene.atoms[a], scene.atoms[b]];
    const length = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
    // from surface to surface: the end behind must not be seen over its atom's disc
    const [s, t] = [Math.min(radiusOf(p) / length, 0.45) * 0.9, 1 - Math.min(radiusOf(q) / length, 0.45) * 0.9];
    const at = (u) => place([0, 1, 2].map((k) => p[k] + u * (q[k] - p[k])));
    const [from, to] = [at(s), at(t)];
    lines.push({ what, a, b, length, x: from[0], y: from[1], x2: to[0], y2: to[1], depth: (from[2] + to[2]) / 2 });
  };
  scene.bonds.forEach(addBond("bond"));
  scene.shell.forEach(addBond("shell"));
  for (const edge of scene.edges) {
    for (let n = 0; n < EDGE_PARTS; n++) {
      const at = (u) => place([0, 1, 2].map((k) => edge[k] + u * (edge[k + 3] - edge[k])));
      const [from, to] = [at(n / EDGE_PARTS), at((n + 1) / EDGE_PARTS)];
      lines.push({ what: "edge", x: from[0], y: from[1], x2: to[0], y2: to[1], depth: (from[2] + to[2]) / 2 });
    }
  }
  const [start, ...ends] = scene.axes.map(place);
  const beyond = Math.max(...scene.kinds.map(([, , radius]) => radius)) * ATOM_SCALE * zoomed + 8; // clear of a corner's atom
  const letters = ends.map(([x, y], i) => {
    const length = Math.hypot(x - start[0], y - start[1]) || 1;
    const [far, high] = [x + (beyond * (x - start[0])) / length, y + (beyond * (y - start[1])) / length];
    return { text: "abc"[i], x: Math.min(Math.max(far, 7), width - 7), y: Math.min(Math.max(high, 8), height - 8) };
  });
  return { parts: [...discs, ...lines].sort((p, q) => p.depth - q.depth), letters };
}

function offLine(part, x, y) {
  const [dx, dy] = [part.x2 - part.x, part.y2 - part.y];
  const along = Math.min(Math.max(((x - part.x) * dx + (y - part.y) * dy) / (dx * dx + dy * dy || 1), 0), 1);
  return Math.hypot(x - part.x - along * dx, y - part.y - along * dy);
}

/* The frontmost atom or bond at a place of the canvas; null where there is none. */
export function partAt(parts, x, y, reach) {
  for (let n = parts.length - 1; n >= 0; n--) {
    const part = parts[n];
    if (part.what === "atom" ? Math.hypot(x - part.x, y - part.y) <= Math.max(part.r, reach) : false) return part;
    if ((part.what === "bond" || part.what === "shell") && offLine(part, x, y) <= reach) return part;
  }
  return null;
}

/* What the pointer is told: "O 3, 2.220 Å from Ce 1" or "Ce 1–O 3, 2.220 Å". */
export function partText(scene, part) {
  const name = (i) => `${scene.kinds[scene.atoms[i][3]][0]} ${scene.atoms[i][5]}`;
  if (part.what !== "atom") return `${name(part.a)}–${name(part.b)}, ${part.length.toFixed(3)} Å`;
  const [p, q] = [scene.atoms[0], scene.atoms[part.i]];
  if (!part.i) return `${name(0)}, the chosen atom`;
  return `${name(part.i)}, ${Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]).toFixed(3)} Å from ${name(0)}`;
}
