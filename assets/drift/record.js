/* What is known of a series, as a list of names and texts. */
import { buildNode } from "../panels/nodes.js";

/* Lines of a definition list: [[name, text]]. */
export const definitions = (pairs) => pairs.flatMap(([name, ...said]) => [buildNode("dt", {}, name), buildNode("dd", {}, ...said)]);

/* A record of anything as lines of names and texts. */
export function recordLines(record, before = "") {
  return Object.entries(record || {}).flatMap(([key, value]) => {
    const name = `${before}${key.replaceAll("_", " ")}`;
    if (value && typeof value === "object" && !Array.isArray(value)) return recordLines(value, `${name}: `);
    const text = Array.isArray(value) ? value.map((v) => (v && typeof v === "object" ? JSON.stringify(v) : v)).join(", ") : String(value ?? "–");
    return text ? [[name, text]] : [];
  });
}
