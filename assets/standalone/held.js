/* The arrays of a saved page: held in it as base64, asked for as those of the server are. */

function heldBytes(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

const HELD_TYPES = { Uint8Array, Uint16Array, Uint32Array };

/* Deeper than the grid of the stored places nothing is known; the places themselves then stand for exact points. */
function heldExact({ xy, range, drawn }) {
  const [x0, x1, y0, y1] = range;
  const places = new Float32Array(xy.length);
  for (let i = 0; i < xy.length; i += 2) {
    const none = xy[i] === 65535;
    places[i] = none ? NaN : x0 + (xy[i] * (x1 - x0)) / 65534;
    places[i + 1] = none ? NaN : y0 + (xy[i + 1] * (y1 - y0)) / 65534;
  }
  return { xy: places, range, drawn, exact: true };
}

export function makeHeldArrays(info, document) {
  const { own } = info;
  const texts = new Map([...document.querySelectorAll("script.array")].map((node) => [node.dataset.name, node]));
  const read = new Map();
  const exact = new Map();

  function held(name) {
    if (!read.has(name)) {
      const node = texts.get(name);
      if (!node) throw new Error(`this page does not hold ${name}`);
      read.set(name, new HELD_TYPES[node.dataset.kind](heldBytes(node.textContent)));
      node.textContent = "";
    }
    return read.get(name);
  }

  function column(name) {
    if (name === "order" && !read.has("order")) read.set("order", Uint32Array.from({ length: info.n_atoms }, (_, i) => i));
    return held(name);
  }

  function points(key, deep) {
    const found = { xy: held(`points ${key}`), ...own.points[key], exact: false };
    if (!deep) return found;
    if (!exact.has(key)) exact.set(key, heldExact(found));
    return exact.get(key);
  }

  const values = (key) => held(own.values_of[key] || Object.values(own.values_of)[0]);
  return {
    points: async (key, _map, _align, deep) => points(key, deep),
    values: async (_id, key) => values(key),
    legend: async () => info.legend,
    column: async (name) => column(name),
    names: async () => own.names,
    mask: async () => ({ bits: held("mask") }),
    rank: async () => column("order"),
    now: {
      points: (key, _map, _align, deep) => points(key, deep),
      rank: () => column("order"),
      column,
      names: () => own.names,
      values: (_id, key) => values(key),
    },
  };
}
