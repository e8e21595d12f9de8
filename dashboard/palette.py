"""The colours of the ten element categories and of the two themes; the same in maps, tables, legends.

`colour_vision.search` found the categories' colours near familiar ones (alkali red, transition metals blue, ...), each
with a contrast of at least 3 to both surfaces. Their smallest CIEDE2000 difference is 10.8, taken over normal vision,
protanopia, deuteranopia and tritanopia. That tells large patches apart for certain and single small points only mostly,
which is why hover, the periodic table and the legend's switches name and isolate categories as well.
"""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES: dict[str, str] = {
    "alkali": "#dc3546",
    "alkaline earth": "#b98d00",
    "transition": "#3572dc",
    "post-transition": "#3e95ff",
    "metalloid": "#3e9e72",
    "nonmetal": "#6a727b",
    "halogen": "#95589e",
    "noble gas": "#237b09",
    "lanthanide": "#ed61a7",
    "actinide": "#a74658",
}
CATEGORY_NAMES: tuple[str, ...] = tuple(CATEGORIES)
CODES: dict[str, int] = {name: code for code, name in enumerate(CATEGORIES)}
UNKNOWN_ELEMENT = "#b0b4ba"

PALETTE: tuple[str, ...] = (
    "#1a72ed", "#dc2c3e", "#237b09", "#8d61a7", "#a79500", "#469e9e",
    "#ed619e", "#a74658", "#8d8ddc", "#95956a", "#616a7b", "#61847b",
)  # fmt: skip
"""Of all other categories, found likewise (contrast 3, smallest difference 10.0); the first are the liveliest."""
OTHER = "#bcbcc4"
"""What is not worth a colour of its own."""
LEAST_SEEN = 1.5

_SCALES = {
    "viridis": "453581 404688 3a548c 33628d 2d708e 287c8e 23898e 1f958b "
    "1fa187 28ae80 3aba76 54c568 70cf57 90d743 b5de2b d8e219",
    "cividis": "2d416d 3c4a6c 4a536c 565c6d 62656f 6d6f72 787877 848279 "
    "918b78 9e9676 aba072 b9ab6d c6b667 d4c15f e2cd54 f1d945",
    "plasma": "6300a7 7701a8 8a09a5 9a169f ab2494 b83289 c6417d d14e72 "
    "dc5d67 e66c5c ee7b51 f58c46 fa9c3c fdaf31 fdc229 fbd724",
    "magma": "6a1c81 792282 892881 992d80 aa337d ba3878 cc3f71 db476a "
    "e85362 f2625d f8745c fb8761 fd9a6a feac76 febf84 fed194",
    "inferno": "721a6e 82206c 922568 a22b62 b1325a c03a51 ce4347 da4e3c "
    "e55c30 ee6a24 f47918 f98b0b fb9d07 fcb014 fac42a f6d746",
    "purple-orange": "3f1268 582e8c 725ba1 8e82b6 ada6ce c5c2de dadcec eeeef3 "
    "f9f0e4 fde2bb fdcc8c fab35b e8912a d27510 b75c07 974907",
    "blue-red": "124984 246aae 3885bc 59a1ca 8ac0db b1d5e7 d4e6f1 ecf2f5 "
    "f9efe9 fdddcb f8bfa4 f19e7d de735c cb4942 b61f2e 8a0b25",
}
SCALES: dict[str, list[str]] = {name: [f"#{c}" for c in text.split()] for name, text in _SCALES.items()}
"""Sixteen colours of each scale, low to high: matplotlib's (van der Walt and Smith; Nunez et al., PLoS ONE 13,
e0199239 (2018) for cividis) without the ends that cannot be seen on one of the surfaces; the last two diverge
(ColorBrewer)."""
DIVERGING = ("purple-orange", "blue-red")

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


def legible(colour: str) -> str:
    """``#rrggbb`` moved towards grey until it can be seen on the surfaces of both themes: Jmol's hydrogen is white."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    for share in range(0, 11):
        mixed = [round(c + (128 - c) * share / 10) for c in rgb]
        light = sum(w * (c / 255) ** 2.2 for w, c in zip((0.2126, 0.7152, 0.0722), mixed, strict=True)) + 0.05
        if 1.05 / light >= LEAST_SEEN and light / 0.059 >= LEAST_SEEN:
            break
    return "#" + "".join(f"{c:02x}" for c in mixed)
