/* Numbers and counted nouns as this page writes them: digits in groups of three, a true minus. */

const WORDS_LOCALE = "en";

const trueMinus = (text) => text.replaceAll("-", "−");

/* 1,234 */
export const groupedNumber = (n) => trueMinus(n.toLocaleString(WORDS_LOCALE));

/* "1 atom", "1,234 atoms" */
export const counted = (n, noun) => `${groupedNumber(n)} ${noun}${n === 1 ? "" : "s"}`;

/* Whole numbers in full, others to so many digits; without groups, so that it can be typed back. */
export const shortNumber = (v, digits = 4) => trueMinus(String(Number.isInteger(v) ? v : Number(v.toPrecision(digits))));

/* A tick of an axis: grouped, or with a power of ten where it is very large or very small. */
export function tickNumber(v) {
  if (v !== 0 && (Math.abs(v) >= 1e6 || Math.abs(v) < 1e-3)) return trueMinus(v.toExponential(1).replace("e+", "e"));
  return trueMinus(Number(v.toPrecision(5)).toLocaleString(WORDS_LOCALE, { maximumFractionDigits: 6 }));
}

/* 1,234.50: as many decimals as the column has, so that points stand under each other; null: with a power of ten. */
export function columnNumber(value, decimals) {
  if (value === null || value === undefined) return "";
  if (decimals === null) return value === 0 ? "0" : trueMinus(value.toExponential(2).replace("e+", "e"));
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: "negative" };
  return trueMinus(value.toLocaleString(WORDS_LOCALE, digits));
}

/* What is typed as a number, with either minus and a comma or point before its decimals; NaN where it is none. */
export const typedNumber = (text) => Number(text.trim().replaceAll("−", "-").replace(",", "."));
