/* Tables as CSV files. */
const RUNNABLE = /^[=+\-@\t\r]/; // what a spreadsheet takes for a formula

/* A field of a CSV file. */
export function csvField(value) {
  if (typeof value === "number") return String(value);
  if (value === null || value === undefined) return "";
  const text = RUNNABLE.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
