/* Plotly's and Dash's scripts, held back until points are on the screen: parsing them takes a second each. */

const load = (source) =>
  new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.async = false; // fetched side by side, run in this order
    script.onload = resolve;
    script.onerror = () => reject(new Error("a part of the page could not be loaded; reload it"));
    document.body.append(script);
  });

function run(original) {
  const script = document.createElement("script");
  for (const { name, value } of original.attributes) script.setAttribute(name, value);
  script.textContent = original.textContent;
  document.body.append(script);
}

const held = () => [...document.getElementById("dash-scripts").content.querySelectorAll("script")];

/* Fetched while something else runs, to be at hand when their turn comes. */
export function fetchAhead() {
  for (const script of held()) {
    if (!script.src) continue;
    const link = document.createElement("link");
    Object.assign(link, { rel: "preload", as: "script", href: script.getAttribute("src") });
    document.head.append(link);
  }
}

export async function loadDash() {
  await Promise.all(held().filter((s) => s.src).map((s) => load(s.getAttribute("src"))));
  for (const script of held()) if (!script.src) run(script);
}

/* Plotly's smallest bundle has all that axes need, and a fifth of the whole to parse. It is not left where Dash's graphs
   would take it for the whole. */
export async function loadPlotly(source) {
  const before = window.Plotly;
  await load(source);
  const found = window.Plotly;
  window.Plotly = before;
  return found;
}
