"""The page as the server first answers it: its frame, what the script needs to draw points, and Dash held back.

Parsing Dash's and Plotly's scripts takes a browser a second or two. So the points are drawn by our own script on an
element outside of Dash, and Dash's scripts wait in a template until that has happened.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

import dash
from flask import request

from dashboard.atlases import Atlases
from dashboard.bootstrap import bootstrap
from dashboard.labels import clean
from dashboard.scripts import assets_folder, explorer

PLOTLY = "assets/vendor/plotly-basic.min.js"
# before the first paint, so that a dark page never flashes white
EARLY_THEME = """
(() => {
  let kept = "";
  try { kept = localStorage.getItem("platonic-atlas:theme") || ""; } catch { kept = ""; }
  const asked = new URLSearchParams(location.search).get("theme") || kept;
  const dark = asked === "dark" || (asked !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
"""
PAGE = """<!DOCTYPE html>
<html lang="en" data-page="{page}">
<head>
{metas}
<title>{title}</title>
{favicon}
<script>{early}</script>
{css}
<link rel="preload" as="script" fetchpriority="low" href="{plotly}">
</head>
<body>
<div id="frame" class="page" aria-hidden="true">
<header class="top"><div class="brand">Platonic Atlas</div><span class="atlas-title">{atlas}</span></header>
<div class="left"></div>
<div class="centre"><div id="frame-place" class="map-place"></div><div class="below"></div></div>
<div class="right"></div>
</div>
{app_entry}
<div id="maps" class="maps" tabindex="0" role="application"
 aria-label="Maps of the models: arrows go from atom to atom, Page Up and Down to another map, Enter chooses">
<div id="titles"></div><canvas id="points"></canvas><div id="axes"></div><canvas id="marks"></canvas>
<div id="tip" class="tip" hidden></div>
<div id="atom-said" class="unseen" role="status"></div>
</div>
<noscript>The explorer draws its maps with JavaScript; please allow it.</noscript>
<script type="application/json" id="info">{info}</script>
<script src="{script}"></script>
<footer>
<template id="dash-scripts">
{config}
{scripts}
{renderer}
</template>
</footer>
</body>
</html>"""


def safe_json(value: Any) -> str:
    """JSON that can stand inside a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).translate(
        {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}
    )


class ExplorerApp(dash.Dash):
    """A Dash app whose first answer already holds what the points need."""

    atlases: Atlases

    def interpolate_index(
        self, metas: str = "", title: str = "", css: str = "", config: str = "", scripts: str = "",
        app_entry: str = "", favicon: str = "", renderer: str = "",
    ) -> str:  # fmt: skip
        _ = title  # the atlas has its own
        root = self.config.requests_pathname_prefix
        search = "?" + request.query_string.decode("utf-8", "replace")
        info = bootstrap(self.atlases, search, root)
        info["plotly"] = root + PLOTLY
        if info["state"]["atom"] is not None:
            info["atom_name"] = self.atlases.of(search).atom_name(info["state"]["atom"])
        shown = clean(str(info["title"]), 60)
        return PAGE.format(
            page=info["state"]["page"], metas=metas, title=escape(f"{shown} · Platonic Atlas"), css=css,
            favicon=favicon, early=EARLY_THEME, atlas=escape(shown), app_entry=app_entry, info=safe_json(info),
            script=f"{root}atlas.js?v={explorer()[1]}", plotly=info["plotly"], config=config, scripts=scripts,
            renderer=renderer,
        )  # fmt: skip


def make_app(atlases: Atlases) -> ExplorerApp:
    """The app without its pages."""
    app = ExplorerApp(
        __name__,
        title="Platonic Atlas",
        update_title="",
        assets_folder=str(assets_folder()),
        assets_ignore=r".*\.js$",  # joined into one script, see `scripts`
        serve_locally=True,
        compress=False,
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.atlases = atlases
    return app
