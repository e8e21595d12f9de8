/* Arrays of the atlas: fetched once, kept while they are among the most recently used, in display order. */

import { MISSING } from "../points/place.js";

// what names atoms is asked for once and needed always
const PINNED = /^(rank|names|columns\/.*)$/;
const MOST_BYTES = 400e6; // of typed arrays; a map of 283k atoms is 1.1 MB

async function bodyOf(answer, what) {
  if (answer.ok) return answer.arrayBuffer();
  let said = "";
  try {
    said = (await answer.json()).error || "";
  } catch {
    said = "";
  }
  throw Object.assign(new Error(said || `${what} could not be read (${answer.status})`), { status: answer.status, said });
}

/* `between` names what the view compares now. */
export function makeArrays(info, dataAddress, between = () => "") {
  const kept = new Map(); // key -> {promise, value, bytes}

  function keep(key, read) {
    let found = kept.get(key);
    if (found) {
      kept.delete(key);
    } else {
      found = { promise: null, value: undefined, bytes: 0 };
      found.promise = read().then(
        ([value, bytes]) => {
          found.value = value;
          found.bytes = bytes;
          trim();
          return value;
        },
        (error) => {
          kept.delete(key);
          throw error;
        },
      );
      // a promise that nobody waits for any more must not count as an unhandled error
      found.promise.catch(() => {});
    }
    kept.set(key, found);
    return found.promise;
  }

  function trim() {
    let total = 0;
    for (const { bytes } of kept.values()) total += bytes;
    for (const [key, { bytes, value }] of kept) {
      if (total <= MOST_BYTES) return;
      if (value !== undefined && !PINNED.test(key)) {
        kept.delete(key);
        total -= bytes;
      }
    }
  }

  const binary = (path, make) =>
    keep(path, async () => {
      const answer = await fetch(dataAddress(path));
      const body = await bodyOf(answer, path);
      return [make(body, answer.headers), body.byteLength];
    });

  const json = (path) =>
    keep(path, async () => {
      const body = await bodyOf(await fetch(dataAddress(path)), path);
      return [JSON.parse(new TextDecoder().decode(body)), body.byteLength];
    });

  const pointsPath = (key, map, align = "", exact = false) => {
    const asked = [align && align !== key ? `align=${encodeURIComponent(align)}` : "", exact ? "exact=1" : ""].filter(Boolean);
    return `points/${encodeURIComponent(key)}/${map}${asked.length ? `?${asked.join("&")}` : ""}`;
  };
  const ofQuantity = (id) => info.quantities.find((q) => q.id === id)?.of;
  const asked = (name, value) => (value ? `?${name}=${encodeURIComponent(value)}` : "");
  const valuesPath = (id, key) =>
    `values/${encodeURIComponent(id)}${ofQuantity(id) === "comparison" ? asked("between", between()) : asked("model", key)}`;
  const legendPath = (id) => `legend/${encodeURIComponent(id)}${ofQuantity(id) === "comparison" ? asked("between", between()) : ""}`;
  const kinds = { order: Uint32Array, element: Uint8Array, structure: Uint32Array, counter: Uint16Array, site: Uint16Array };
  const legends = info.legend ? { [legendPath(info.legend.id)]: info.legend } : {};

  const arrays = {
    points: (key, map, align, exact) =>
      binary(pointsPath(key, map, align, exact), (body, headers) => ({
        xy: exact ? new Float32Array(body) : new Uint16Array(body),
        range: headers.get("X-Range").split(",").map(Number),
        drawn: Number(headers.get("X-Drawn")),
        turn: headers.get("X-Turn")?.split(",").map(Number) ?? null, // how the map was turned onto another: x R + shift
        exact: Boolean(exact),
      })),
    async values(id, key) {
      const quantity = info.quantities.find((q) => q.id === id);
      const wide = quantity?.kind === "number";
      const of = quantity?.of === "model" ? key : null;
      if (of && !quantity.models.includes(of)) return wide ? new Uint16Array(info.n_atoms).fill(MISSING) : new Uint8Array(info.n_atoms).fill(255);
      return binary(valuesPath(id, of), (body) => (wide ? new Uint16Array(body) : new Uint8Array(body)));
    },
    legend: (id) => (legends[legendPath(id)] ? Promise.resolve(legends[legendPath(id)]) : json(legendPath(id))),
    /* What an address of this atlas answers, as JSON. */
    asked: (path) => json(path),
    /* What an address of this atlas answers, as `make(bytes, headers)` reads it. */
    bytes: (path, make) => binary(path, make),
    column: (name) => binary(`columns/${name}`, (body) => new kinds[name](body)),
    names: () => json("names"),
    mask: (query) => binary(`mask${query || "?"}`, (body, headers) => ({ bits: new Uint8Array(body), n: Number(headers.get("X-Selected")) })),
    state: (query) => fetch(dataAddress(`state${query || "?"}`)).then((a) => bodyOf(a, "the view")).then((b) => JSON.parse(new TextDecoder().decode(b))),
    async rank() {
      const order = await arrays.column("order");
      return keep("rank", async () => {
        const rank = new Uint32Array(order.length);
        for (let i = 0; i < order.length; i++) rank[order[i]] = i;
        return [rank, rank.byteLength];
      });
    },
    /* What is here already, without waiting: undefined where it is not. */
    now: {
      points: (key, map, align, exact) => kept.get(pointsPath(key, map, align, exact))?.value,
      rank: () => kept.get("rank")?.value,
      column: (name) => kept.get(`columns/${name}`)?.value,
      names: () => kept.get("names")?.value,
      bytes: (path) => kept.get(path)?.value,
      values: (id, key) => kept.get(valuesPath(id, info.quantities.find((q) => q.id === id)?.of === "model" ? key : null))?.value,
    },
  };
  return arrays;
}
