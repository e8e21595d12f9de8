/** The address of a view: every field that is not the default, in one fixed order. Written alike in dashboard/state.py. */

/** `text` of a JavaScript or JSON number without an exponent and without needless zeros. */
function plainDecimal(text) {
  const [mantissa, exponent] = text.split("e");
  const negative = mantissa.startsWith("-");
  const [whole, part = ""] = (negative ? mantissa.slice(1) : mantissa).split(".");
  const digits = whole + part;
  const point = whole.length + Number(exponent ?? 0);
  const left = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const right = (point < 0 ? "0".repeat(-point) + digits : digits.slice(point)).replace(/0+$/, "");
  const plain = right ? `${left}.${right}` : left;
  return negative && /[1-9]/.test(plain) ? `-${plain}` : plain;
}

/** Shortest decimal that reads back as `value`, never with an exponent. */
export function exactDecimal(value) {
  return plainDecimal(String(value));
}

/** `value` to `digits` significant digits (halves away from zero), never with an exponent. */
export function shortDecimal(value, digits = 4) {
  return plainDecimal(value.toPrecision(digits));
}

/** Significant digits that keep `values` apart: four, and one more for each power of ten they exceed their spread by. */
export function digitsTogether(values) {
  const least = Math.min(...values);
  const most = Math.max(...values);
  let digits = 4;
  if (!(most > least)) return digits;
  let scale = Math.max(Math.abs(least), Math.abs(most)) / (most - least);
  while (scale >= 10 && digits < 15) {
    scale /= 10;
    digits += 1;
  }
  return digits;
}

function shortTogether(values) {
  const digits = digitsTogether(values);
  return values.map((value) => shortDecimal(value, digits));
}

/** `values` as the address will carry them, so that who pastes it sees the same to the last bit. */
export function roundTogether(values) {
  return shortTogether(values).map(Number);
}

function quoteAddress(text) {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\uFFFD"))
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%2C/g, ",")
    .replace(/%3A/g, ":")
    .replace(/%3B/g, ";");
}

/** One item of a list: the signs that join lists are escaped once here, and once more with the whole value. */
export function escapeItem(text) {
  return text.replace(/[%,:;]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function formatList(items) {
  return items.map(escapeItem).join(",");
}

function formatFlag(value) {
  return value ? "1" : "0";
}

function formatText(value) {
  return value;
}

function formatInterval(limits) {
  return limits ? `${exactDecimal(limits[0])}..${exactDecimal(limits[1])}` : "";
}

function formatColours(colours) {
  const labels = Object.keys(colours).sort();
  return labels.map((label) => `${escapeItem(label)}:${colours[label].replace(/^#/, "")}`).join(",");
}

function formatBrush(brush) {
  const ids = Object.keys(brush).sort();
  return ids.map((id) => `${escapeItem(id)}:${formatInterval(brush[id])}`).join(",");
}

function formatLasso(lasso) {
  if (!lasso) return "";
  const x = shortTogether(lasso.points.map((point) => point[0]));
  const y = shortTogether(lasso.points.map((point) => point[1]));
  return `${escapeItem(lasso.model)}:${x.map((value, i) => `${value},${y[i]}`).join(";")}`;
}

function formatZoom(zoom) {
  const keys = Object.keys(zoom).sort();
  return keys
    .map((key) => {
      const [x0, x1, y0, y1] = zoom[key];
      const box = [...shortTogether([x0, x1]), ...shortTogether([y0, y1])].join(",");
      return key ? `${escapeItem(key)}:${box}` : box;
    })
    .join(";");
}

/**
 * Query string of a view, without "?"; empty where nothing differs from `defaults`.
 * `atomName` gives an atom's name "structure id:n" from its index.
 */
export function formatView(view, defaults, atomName) {
  const formatAtom = (atom) => (atom === null ? "" : atomName(atom));
  const fields = [
    ["atlas", "atlas", formatText],
    ["page", "page", formatText],
    ["models", "models", formatList],
    ["space", "space", formatText],
    ["method", "map", formatText],
    ["align", "align", formatText],
    ["k", "k", exactDecimal],
    ["colour", "colour", formatText],
    ["palette", "scale", formatText],
    ["limits", "range", formatInterval],
    ["log", "log", formatFlag],
    ["reverse", "reverse", formatFlag],
    ["colours", "colours", formatColours],
    ["hide", "hide", formatList],
    ["elements", "elements", formatList],
    ["find", "find", formatText],
    ["brush", "brush", formatBrush],
    ["lasso", "lasso", formatLasso],
    ["atom", "atom", formatAtom],
    ["near", "near", formatText],
    ["draw", "draw", formatText],
    ["size", "size", exactDecimal],
    ["zoom", "zoom", formatZoom],
    ["panel", "panel", formatText],
    ["charts", "charts", formatList],
    ["counts", "counts", formatText],
    ["once", "once", formatFlag],
    ["cells", "cells", formatText],
    ["run", "run", formatText],
    ["metric", "metric", formatText],
    ["order", "order", formatText],
    ["figure", "figure", formatText],
    ["pair", "pair", formatList],
    ["axes", "axes", formatList],
    ["over", "over", formatText],
    ["nearest", "nearest", exactDecimal],
    ["chance", "chance", formatFlag],
    ["ranked", "ranked", formatText],
    ["sort", "sort", formatText],
    ["series", "series", formatText],
    ["step", "step", exactDecimal],
    ["anchors", "anchors", formatText],
    ["measure", "measure", formatText],
    ["seeds", "seeds", formatText],
    ["movers", "movers", formatText],
    ["decades", "decades", formatFlag],
    ["grouped", "grouped", formatFlag],
    ["stretch", "stretch", exactDecimal],
    ["beside", "beside", formatFlag],
    ["theme", "theme", formatText],
  ];
  const parts = [];
  for (const [field, parameter, format] of fields) {
    const text = format(view[field]);
    if (text !== format(defaults[field])) parts.push(`${parameter}=${quoteAddress(text)}`);
  }
  return parts.join("&");
}
