/* A file for the visitor to keep, made in the page. */
import { buildNode } from "./nodes.js";

const DOWNLOAD_BEGINS = 60000; // ms after which the browser has surely taken it

export function downloadFile(name, ...parts) {
  const address = URL.createObjectURL(new Blob(parts, { type: parts[0].type || "application/json" }));
  const link = buildNode("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), DOWNLOAD_BEGINS);
}
