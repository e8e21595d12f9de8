"""The colours of the ten element categories and of the two themes; the same in maps, tables, legends.

`colour_vision.search` found the categories' colours near familiar ones (alkali red, transition metals blue, ...), each
with a contrast of at least 2.5 to both surfaces. Their smallest CIEDE2000 difference is 11.1, taken over normal vision,
protanopia, deuteranopia and tritanopia. That tells large patches apart for certain and single small points only mostly,
which is why hover, the periodic table and the legend's switches name and isolate categories as well.
"""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES: dict[str, str] = {
    "alkali": "#dc3e46",
    "alkaline earth": "#d3953e",
    "transition": "#1272f6",
    "post-transition": "#6aa7d3",
    "metalloid": "#3e956a",
    "nonmetal": "#586172",
    "halogen": "#9561a7",
    "noble gas": "#237b09",
    "lanthanide": "#ff619e",
    "actinide": "#953e4f",
}
CATEGORY_NAMES: tuple[str, ...] = tuple(CATEGORIES)
CODES: dict[str, int] = {name: code for code, name in enumerate(CATEGORIES)}
MUTED_CODE = len(CATEGORIES)
UNKNOWN_ELEMENT = "#b0b4ba"


FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"


@dataclass(frozen=True)
class Theme:
    """Colours of surfaces, lines and text.

    Attributes
    ----------
    surface, tint : str
        Background of a panel, and of one that shows no trained model.
    text, quiet : str
        Text, and text of less weight; both readable on `surface`.
    line : str
        Frames and grids.
    bond : str
        Bonds that are not the chosen atom's.
    muted : str
        Points that are not picked out.
    accent : str
        The chosen atom and active controls.
    """

    surface: str
    tint: str
    text: str
    quiet: str
    line: str
    bond: str
    muted: str
    accent: str


THEMES: dict[str, Theme] = {
    "light": Theme("#ffffff", "#f3f3f1", "#16191f", "#5a6270", "#cfd4dc", "#aab1bc", "#dfe2e7", "#0b6bcb"),
    "dark": Theme("#16181d", "#1e2026", "#eceef2", "#a3abb8", "#3b414c", "#7b8492", "#31353d", "#5cb0ff"),
}


def text_on(colour: str) -> str:
    """Black or white, whichever reads better on ``#rrggbb``."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * r**2.2 + 0.7152 * g**2.2 + 0.0722 * b**2.2
    return "#000000" if luminance > 0.179 else "#ffffff"


def scale(theme: str) -> list[list[float | str]]:
    """A stepped plotly colour scale for codes 0-9 (categories) and 10 (muted), read with cmin -0.5, cmax 10.5."""
    colours = [*CATEGORIES.values(), THEMES[theme].muted]
    n = len(colours)
    return [[edge / n, colour] for code, colour in enumerate(colours) for edge in (code, code + 1)]
