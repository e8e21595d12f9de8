"""How far apart colours look, with normal and with deficient colour vision; and the search that chose the palette.

Simulation: Machado, Oliveira & Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009), severity 1.0, applied in
linear sRGB. Distance: CIEDE2000 (Sharma, Wu & Dalal, Color Res. Appl. 30, 21 (2005)); about 1 is just noticeable for
large patches side by side, small points need several times that. Contrast: WCAG 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

DEFICIENCIES: dict[str, FloatArray] = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _XYZ.sum(axis=1)


def linear(colours: Sequence[str]) -> FloatArray:
    """``#rrggbb`` strings to linear sRGB, (n, 3) in [0, 1]."""
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def simulated(rgb: FloatArray, deficiency: str) -> FloatArray:
    """Linear sRGB, (..., 3), as a person with the deficiency sees it."""
    return np.clip(rgb @ DEFICIENCIES[deficiency].T, 0, 1)


def lab(rgb: FloatArray) -> FloatArray:
    """Linear sRGB, (..., 3), to CIELAB under D65."""
    t = rgb @ _XYZ.T / _WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def ciede2000(a: FloatArray, b: FloatArray) -> FloatArray:
    """CIEDE2000 difference of CIELAB colours, (..., 3) each; Sharma et al., eqs 2-22, with unit weights."""
    c_mean7 = ((np.hypot(a[..., 1], a[..., 2]) + np.hypot(b[..., 1], b[..., 2])) / 2) ** 7
    g = 1 + 0.5 * (1 - np.sqrt(c_mean7 / (c_mean7 + 25.0**7)))
    (l1, c1, h1), (l2, c2, h2) = (
        (x[..., 0], np.hypot(g * x[..., 1], x[..., 2]), np.degrees(np.arctan2(x[..., 2], g * x[..., 1])) % 360)
        for x in (a, b)
    )
    grey = c1 * c2 == 0
    dh = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    h_mean = np.where(grey, h1 + h2, (h1 + dh / 2) % 360)
    l_mean, c_mean = (l1 + l2) / 2, (c1 + c2) / 2
    r = np.radians
    t = (
        1
        - 0.17 * np.cos(r(h_mean - 30))
        + 0.24 * np.cos(r(2 * h_mean))
        + 0.32 * np.cos(r(3 * h_mean + 6))
        - 0.20 * np.cos(r(4 * h_mean - 63))
    )
    s_l = 1 + 0.015 * (l_mean - 50) ** 2 / np.sqrt(20 + (l_mean - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c_mean, 1 + 0.015 * c_mean * t
    turn = -np.sin(r(60 * np.exp(-(((h_mean - 275) / 25) ** 2)))) * 2 * np.sqrt(c_mean**7 / (c_mean**7 + 25.0**7))
    x, y = (c2 - c1) / s_c, 2 * np.sqrt(c1 * c2) * np.sin(r(dh / 2)) / s_h
    return np.sqrt(((l2 - l1) / s_l) ** 2 + x**2 + y**2 + turn * x * y)


def smallest_distance(rgb: FloatArray, deficiency: str) -> float:
    """Smallest CIEDE2000 difference between any two of the colours, linear sRGB (n, 3), as seen."""
    seen = lab(simulated(rgb, deficiency))
    i, j = np.triu_indices(len(seen), 1)
    return float(ciede2000(seen[i], seen[j]).min())


def contrast(rgb: FloatArray, surface: FloatArray) -> FloatArray:
    """WCAG contrast ratio of linear sRGB colours, (..., 3), with a surface, (3,)."""
    a, b = rgb @ _XYZ[1] + 0.05, surface @ _XYZ[1] + 0.05
    return np.maximum(a, b) / np.minimum(a, b)


def search(
    preferred: Sequence[str],
    surfaces: Sequence[str],
    least_contrast: float,
    least_distance: float,
    seed: int,
    steps: int = 60_000,
) -> tuple[list[str], float]:
    """Find colours near the preferred ones that are legible on every surface and apart under every vision.

    One colour at a time is moved and the move annealed; the cost is the mean distance from the preferred colours
    plus twenty times what is lacking to `least_distance`.

    Returns
    -------
    colours : list of str
    distance : float
        Their smallest CIEDE2000 difference under any vision.
    """
    rng = np.random.default_rng(seed)
    grid = np.round(np.stack(np.meshgrid(*[np.linspace(0, 255, 30)] * 3), axis=-1).reshape(-1, 3)).astype(int)
    names = np.array([f"#{r:02x}{g:02x}{b:02x}" for r, g, b in grid])
    rgb = linear(names.tolist())
    legible = np.all([contrast(rgb, ground) >= least_contrast for ground in linear(surfaces)], axis=0)
    names, rgb = names[legible], rgb[legible]
    seen = np.stack([lab(simulated(rgb, d)) for d in DEFICIENCIES])
    away = ciede2000(lab(rgb)[None], lab(linear(preferred))[:, None])
    near = np.argsort(away, axis=1)[:, : len(names) // 4]
    n = len(preferred)
    chosen = near[:, 0].copy()
    apart = np.full((n, n), np.inf)

    def distances(candidate: int, k: int) -> FloatArray:
        result = ciede2000(seen[:, [candidate]], seen[:, chosen]).min(axis=0)
        result[k] = np.inf
        return result

    def cost(distance: float) -> float:
        return float(away[np.arange(n), chosen].mean()) + 20 * max(0.0, least_distance - distance)

    for k in range(n):
        apart[k] = distances(chosen[k], k)
    now = best_cost = cost(apart.min())
    best = chosen.copy()
    for step in range(steps):
        heat = 8.0 * (1 - step / steps) ** 3 + 1e-3
        k = int(rng.integers(n))
        before, row = chosen[k], apart[k].copy()
        chosen[k] = near[k, int(near.shape[1] * rng.random() ** 3)]
        apart[k] = apart[:, k] = distances(chosen[k], k)
        then = cost(apart.min())
        if then < now or rng.random() < np.exp((now - then) / heat):
            now = then
            if now < best_cost:
                best, best_cost = chosen.copy(), now
        else:
            chosen[k] = before
            apart[k] = apart[:, k] = row
    i, j = np.triu_indices(n, 1)
    return names[best].tolist(), float(ciede2000(seen[:, best[i]], seen[:, best[j]]).min())
