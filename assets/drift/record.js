/* What is known of a series, as a list of names and texts. */
import { buildNode } from "../panels/nodes.js";

/* Lines of a definition list: [[name, text]]. */
export const definitions = (pairs) => pairs.flatMap(([name, ...said]) => [buildNode("dt", {}, name), buildNode("dd", {}, ...said)]);

const HASH_SHOWN = 12; // signs

const shortHash = (key, text) => (key.endsWith("sha256") && text.length > HASH_SHOWN ? `${text.slice(0, HASH_SHOWN)}…` : text);

/* A record of anything as lines of names and texts. */
export function recordLines(record, before = "") {
  return Object.entries(record || {}).flatMap(([key, value]) => {
    const name = `${before}${key.replaceAll("_", " ")}`;
    if (value && typeof value === "object" && !Array.isArray(value)) return recordLines(value, `${name}: `);
    if (Array.isArray(value) && value.some((v) => v && typeof v === "object")) return value.map((v, k) => [`${name}: ${v?.name ?? k}`, recordLines(v).filter(([of]) => of !== "name").map(([of, said]) => `${of} ${said}`).join(", ")]);
    const text = Array.isArray(value) ? value.join(", ") : shortHash(key, String(value ?? ""));
    return text ? [[name, text]] : [];
  });
}
