"""How fast the explorer is, beside a plain page of ``go.Scattergl``: ``python -m benchmarks.explorer ATLAS``.

Each action is measured from the event to the second animation frame after the maps (or the panel) have followed. The
baseline page shows the same points in the same number of panels with plotly.js alone. Needs playwright and Chromium.
`benchmarks.large_atlas` makes an atlas of 282,847 atoms and seven models.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.browser import chromium, resident_mb, served
from precompute.store import Atlas

REPEATS = 5
SIZE = {"width": 1280, "height": 720}
FRAMES = "await new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)));"
# from a change of the view until the maps are drawn with it
FOLLOW = f"""async changes => {{
    const t = performance.now();
    const drawn = new Promise(d => document.addEventListener("atlas:drawn", d, {{ once: true }}));
    atlas.view.set(changes);
    const patience = new Promise((_, fail) => setTimeout(() => fail(new Error("nothing was drawn")), 20000));
    await Promise.race([drawn, patience]);
    const ready = performance.now() - t;
    {FRAMES}
    return ready;
}}"""
MOUNTED = "performance.getEntriesByName('atlas:mounted')[0]"
MARKS = "['points', 'axes', 'mounted'].map(m => performance.getEntriesByName('atlas:' + m)[0].startTime)"
HOVER = """async () => {
    const host = atlas.maps.host, box = host.getBoundingClientRect(), times = [];
    for (let i = 0; i < 40; i++) {
        const { rect } = atlas.maps.panels()[i % atlas.maps.panels().length];
        const x = box.left + rect.x + rect.w * (0.2 + 0.6 * ((i * 37) % 41) / 41);
        const y = box.top + rect.y + rect.h * (0.2 + 0.6 * ((i * 17) % 41) / 41);
        await new Promise(requestAnimationFrame);
        host.dispatchEvent(new PointerEvent("pointermove", { clientX: x, clientY: y, bubbles: true }));
        // the look-up runs at the beginning of the next frame, before this
        const began = await new Promise(requestAnimationFrame);
        times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b)[20];
}"""


def explorer_times(browser: Any, address: str, atlas: Atlas) -> dict[str, float]:
    """Milliseconds of each action."""
    found: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)

    models = [k for k in atlas.model_keys if atlas.model(k).status in ("pretrained", "fine-tuned")][:8]
    query = f"?models={','.join(models)}"
    for _ in range(REPEATS):
        page = browser.new_context(viewport=SIZE).new_page()
        page.goto(address + query)
        page.wait_for_function(MOUNTED)
        for name, value in zip(("first points", "axes", "complete page"), page.evaluate(MARKS), strict=True):
            add(name, value)
        page.context.close()
    page = browser.new_context(viewport=SIZE).new_page()
    page.goto(address + query)
    page.wait_for_function(MOUNTED)
    page.wait_for_timeout(3000)

    def follow(changes: dict[str, Any]) -> float:
        return float(page.evaluate(FOLLOW, changes))

    for colour in ("electronegativity", "category"):
        follow({"colour": colour})  # fetched once
    for i in range(REPEATS):
        add(f"recolour, {len(models)} maps", follow({"colour": ("electronegativity", "category")[i % 2]}))
        add("pick an element", follow({"elements": [("O", "Ti", "Si", "Fe", "Ce")[i]]}))
        add("hide a model", follow({"models": models[:-1]}))
        add("show a model", follow({"models": models}))
        add("density", follow({"draw": ("density", "points")[i % 2]}))
        add("zoom", follow({"zoom": {"": [0.1 + 0.01 * i, 0.6, 0.1, 0.6]}}))
    follow({"zoom": {}, "draw": "points", "elements": []})
    follow({"models": models[:1]})
    for i in range(REPEATS):
        add("recolour, 1 map", follow({"colour": ("category", "electronegativity")[i % 2]}))
    follow({"models": models})
    for _ in range(REPEATS):
        add("hover", float(page.evaluate(HOVER)))
    for i in range(REPEATS):
        add("lasso of 50,000 atoms to maps and counts", float(page.evaluate(LASSO, [models[0], i])))
        page.evaluate(FOLLOW, {"lasso": None})
    for i in range(REPEATS):
        add("click to crystal", float(page.evaluate(CLICK, 1000 * (i + 1))))
    return {name: statistics.median(values) for name, values in found.items()}


# a lasso around about 50,000 atoms of one map, until maps, histogram and table heading show it
LASSO = f"""async ([key, i]) => {{
    const {{ xy, range }} = await atlas.arrays.points(key, atlas.maps.panels()[0].map, "");
    const [x0, x1, y0, y1] = range, n = atlas.info.n_atoms;
    const xs = Float64Array.from({{ length: n }}, (_, j) => xy[2 * j]).sort();
    const cut = x0 + xs[Math.min(n - 1, 50000 + 100 * i)] * (x1 - x0) / 65534;
    const points = Array.from({{ length: 40 }}, (_, j) => [
        j < 20 ? x0 - 1 : cut, (j < 20 ? y1 + 1 - j * (y1 - y0 + 2) / 19 : y0 - 1 + (j - 20) * (y1 - y0 + 2) / 19)]);
    const line = document.getElementById("drawn");
    const t = performance.now();
    atlas.view.set({{ lasso: {{ model: key, points }} }});
    while (!line.textContent.includes("selected")) await new Promise(requestAnimationFrame);
    {FRAMES}
    return performance.now() - t;
}}"""
CLICK = """async atom => {
    const panel = document.querySelector(".right");
    const t = performance.now();
    const changed = new Promise(done => {
        const seen = new MutationObserver(() => { seen.disconnect(); done(); });
        seen.observe(panel, { childList: true, subtree: true, characterData: true });
    });
    atlas.view.set({ atom });
    await changed;
    await new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)));
    return performance.now() - t;
}"""

BASELINE = """<!DOCTYPE html><html><head><meta charset="utf-8"><script src="plotly.js"></script></head>
<body style="margin:0"><div id="g" style="width:1000px;height:640px"></div><script>
const codes = await_codes, layout = await_layout, data = await_data;
Plotly.newPlot("g", data, layout).then(() => requestAnimationFrame(() => requestAnimationFrame(
    () => performance.mark("painted"))));
</script></body></html>"""
RECOLOUR = f"""async () => {{
    const t = performance.now(), g = document.getElementById("g");
    await Plotly.restyle(g, {{ "marker.color": g.data.map(t => t.marker.color.map(c => (c + 1) % 10)) }});
    {FRAMES}
    return performance.now() - t;
}}"""
TOGGLE = f"""async shown => {{
    const t = performance.now(), g = document.getElementById("g");
    await Plotly.restyle(g, {{ visible: shown }}, [g.data.length - 1]);
    {FRAMES}
    return performance.now() - t;
}}"""
# as many atoms as an element or a lasso has, of every map
SELECT = f"""async n => {{
    const t = performance.now(), g = document.getElementById("g");
    const chosen = Array.from({{ length: n }}, (_, i) => i);
    await Plotly.restyle(g, {{ selectedpoints: g.data.map(() => chosen) }});
    {FRAMES}
    return performance.now() - t;
}}"""
ZOOM = f"""async i => {{
    const t = performance.now(), g = document.getElementById("g");
    const names = Object.keys(g._fullLayout).filter(n => /^[xy]axis\\d*$/.test(n));
    await Plotly.relayout(g, Object.fromEntries(names.map(n => [n + ".range", [0.1 + 0.01 * i, 0.6]])));
    {FRAMES}
    return performance.now() - t;
}}"""
POINT = """async i => {
    const g = document.getElementById("g"), { xaxis, yaxis } = g._fullLayout, box = g.getBoundingClientRect();
    const clientX = box.left + xaxis._offset + xaxis.l2p(g.data[0].x[i]);
    const clientY = box.top + yaxis._offset + yaxis.l2p(g.data[0].y[i]);
    await new Promise(requestAnimationFrame);
    const t = performance.now();
    const seen = new Promise(d => g.once("plotly_hover", () => d(true)));
    g.querySelector(".nsewdrag").dispatchEvent(new MouseEvent("mousemove", { clientX, clientY, bubbles: true }));
    const found = await Promise.race([seen, new Promise(d => setTimeout(() => d(false), 3000))]);
    return found ? performance.now() - t : null;
}"""


def baseline_times(browser: Any, atlas: Atlas) -> dict[str, float]:
    """The same points in as many panels on a page of plotly.js alone."""
    import plotly

    keys = [k for k in atlas.model_keys if atlas.model(k).status in ("pretrained", "fine-tuned")][:8]
    columns = 4
    codes = (atlas.atoms("atomic_number") % 10).tolist()
    data: list[dict[str, Any]] = []
    grid = {"rows": -(-len(keys) // columns), "columns": columns, "pattern": "independent"}
    layout = {"showlegend": False, "grid": grid}
    for i, key in enumerate(keys):
        xy = np.nan_to_num(atlas.model(key).map("pca-2d").xy).round(4)
        suffix = str(i + 1) if i else ""
        data.append(
            {"type": "scattergl", "mode": "markers", "x": xy[:, 0].tolist(), "y": xy[:, 1].tolist(),
             "xaxis": f"x{suffix}", "yaxis": f"y{suffix}",
             "marker": {"size": 2, "color": codes, "colorscale": "Viridis"}}
        )  # fmt: skip
    times: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        page_text = BASELINE.replace("await_codes", "null").replace("await_layout", json.dumps(layout))
        Path(folder, "index.html").write_text(page_text.replace("await_data", json.dumps(data)))
        script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
        Path(folder, "plotly.js").write_bytes(script.read_bytes())
        page = browser.new_context(viewport=SIZE).new_page()
        page.set_default_timeout(240_000)
        page.goto(f"file://{folder}/index.html")
        page.wait_for_function("performance.getEntriesByName('painted')[0]")
        times["first points"] = page.evaluate("performance.getEntriesByName('painted')[0].startTime")
        times["axes"] = times["complete page"] = times["first points"]
        times[f"recolour, {len(keys)} maps"] = statistics.median(page.evaluate(RECOLOUR) for _ in range(3))
        times["hide a model"] = page.evaluate(TOGGLE, False)
        times["show a model"] = page.evaluate(TOGGLE, True)
        seen = [page.evaluate(POINT, 1000 * i) for i in range(10)]
        times["hover"] = statistics.median([t for t in seen if t is not None] or [float("nan")])
        times["zoom"] = statistics.median(page.evaluate(ZOOM, i) for i in range(3))
        times["pick an element"] = page.evaluate(SELECT, atlas.n_atoms // 20)
        times["lasso of 50,000 atoms to maps and counts"] = page.evaluate(SELECT, min(50_000, atlas.n_atoms))
        page.context.close()
        Path(folder, "index.html").write_text(page_text.replace("await_data", json.dumps(data[:1])))
        page = browser.new_context(viewport=SIZE).new_page()
        page.set_default_timeout(240_000)
        page.goto(f"file://{folder}/index.html")
        page.wait_for_function("performance.getEntriesByName('painted')[0]")
        times["recolour, 1 map"] = statistics.median(page.evaluate(RECOLOUR) for _ in range(3))
        page.context.close()
    return times


def table(times: dict[str, float], baseline: dict[str, float], heading: list[str]) -> str:
    rows = [*heading, "", "| action | explorer / ms | go.Scattergl / ms | ratio |", "|---|---:|---:|---:|"]
    for name, value in times.items():
        other = baseline.get(name, float("nan"))
        compared = f"{other:,.0f} | {other / value:.0f}" if np.isfinite(other) else "– | –"
        rows.append(f"| {name} | {value:,.0f} | {compared} |")
    return "\n".join(rows) + "\n"


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("atlas")
    parser.add_argument("--one", help="an atlas of two million atoms and one model, for the largest map")
    parser.add_argument("--out", type=Path, help="write the table here too")
    given = parser.parse_args()
    atlas = Atlas(given.atlas)
    with chromium() as browser:
        with served(given.atlas) as (address, server, started):
            times = explorer_times(browser, address, atlas)
            memory = resident_mb(server.pid)
        if given.one:
            with served(given.one) as (address, _, _):
                page = browser.new_context(viewport=SIZE).new_page()
                page.goto(address)
                page.wait_for_function(MOUNTED)
                page.wait_for_timeout(5000)
                follow = [page.evaluate(FOLLOW, {"colour": c}) for c in ("electronegativity", "category") * 4]
                times[f"recolour, 1 map of {Atlas(given.one).n_atoms:,} atoms"] = statistics.median(follow[2:])
        baseline = baseline_times(browser, atlas)
        version = browser.version
    heading = [
        f"{atlas.n_atoms:,} atoms, {len(atlas.model_keys)} models; {processor()}, {os.cpu_count()} cores; Chromium",
        f"{version} with software rendering, {SIZE['width']} x {SIZE['height']}; median of {REPEATS}.",
        f"Server: first page after {started:.2f} s, {memory:.0f} MB resident after these visits.",
    ]
    text = table(times, baseline, heading)
    print(text)
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
