import json
import subprocess
import sys

import numpy as np
import pytest

from dashboard.figures.crystal import cell_edges, crystal_figure
from dashboard.figures.map import Panel, columns_for, map_figure, padded_range, point_size
from dashboard.geometry import scene
from dashboard.palette import THEMES
from precompute.elements import table
from tests.dashboard.synthetic import HOSTILE_ID, perovskite

FACTS = table()


def panel(key="7net-0", trained=True, drawn=100, total=100, **more):
    settings = {"subtitle": "pretrained", "axes": ("PC 1 (41 % of variance)", "PC 2"), "ranges": ((-1, 1), (-2, 2))}
    return Panel(key=key, trained=trained, drawn=drawn, total=total, **(settings | more))


def domains(figure, axis):
    return [figure.layout[name].domain for name in figure.to_plotly_json()["layout"] if name.startswith(axis)]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16])
@pytest.mark.parametrize("linked", [True, False])
def test_panels_do_not_overlap_and_stay_within_the_figure(n, linked):
    figure = map_figure([panel(f"m{i}") for i in range(n)], linked, 728, 600)
    boxes = list(zip(domains(figure, "xaxis"), domains(figure, "yaxis"), strict=True))
    assert len(boxes) == n
    for i, (x, y) in enumerate(boxes):
        assert 0 <= x[0] < x[1] <= 1
        assert 0 <= y[0] < y[1] <= 1
        for x2, y2 in boxes[:i]:
            assert x[1] <= x2[0] or x2[1] <= x[0] or y[1] <= y2[0] or y2[1] <= y[0]


def test_one_trace_a_panel_keeps_all_panels_in_one_graph():
    figure = map_figure([panel(f"m{i}") for i in range(11)], True)
    assert [t.type for t in figure.data] == ["scattergl"] * 11
    assert columns_for(11) * 3 >= 11


def test_shared_panels_follow_the_first_and_private_ones_are_free():
    linked = map_figure([panel("a"), panel("b"), panel("c")], True).layout
    free = map_figure([panel("a"), panel("b"), panel("c")], False).layout
    assert (linked.xaxis2.matches, linked.yaxis3.matches) == ("x", "y")
    assert free.xaxis2.matches is None
    assert all(free[f"{a}axis{s}"].title.text for a in "xy" for s in ("", "2", "3"))
    assert linked.yaxis2.title.text is None
    assert linked.yaxis.title.text == "PC 2"


def test_points_keep_their_order_so_that_no_group_covers_another():
    xy = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    codes = np.arange(50, dtype=np.uint8) % 10
    trace = map_figure([panel(xy=xy, codes=codes)], True).data[0]
    np.testing.assert_array_equal(trace.x, xy[:, 0])
    np.testing.assert_array_equal(trace.marker.color, codes)


def test_page_is_told_where_points_are_instead_of_getting_them():
    figure = map_figure([panel(address="data/points/a/pca-2d")], True)
    assert figure.data[0].meta["address"] == "data/points/a/pca-2d"
    assert len(figure.to_json()) < 12_000


def test_untrained_panels_look_different():
    layout = map_figure([panel("a"), panel("b", trained=False)], True).layout
    assert [s.xref for s in layout.shapes] == ["x2 domain"]
    assert layout.shapes[0].fillcolor == THEMES["light"].tint
    assert layout.annotations[0].text == "<b>a</b>"
    assert layout.annotations[2].text == "<i>b</i>"


def test_panel_says_how_many_atoms_it_lacks():
    notes = map_figure([panel("a", drawn=97)], True).layout.annotations
    assert notes[1].text.startswith("97 of 100 atoms")


def test_hostile_names_stay_text():
    figure = map_figure([panel(HOSTILE_ID, subtitle=HOSTILE_ID, axes=(HOSTILE_ID, "y"))], True)
    texts = [a.text for a in figure.layout.annotations] + [a.hovertext for a in figure.layout.annotations]
    for text in [*texts, figure.layout.xaxis.title.text, figure.data[0].name]:
        assert "<script" not in text
        assert "<b>x" not in text
        assert "%{" not in text


def test_ranges_hold_all_finite_points_and_ignore_missing_ones():
    (x0, x1), (y0, y1) = padded_range(np.array([[0, 0], [np.nan, np.nan], [10, 4]]), np.array([[-10.0, 1]]))
    assert (x0, x1) == pytest.approx((-11, 11))
    assert (y0, y1) == pytest.approx((-0.2, 4.2))
    assert padded_range(np.full((3, 2), np.nan)) == ((-1.1, 1.1), (-1.1, 1.1))
    (a, b), _ = padded_range(np.array([[2.0, 2.0]]))
    assert a < 2 < b


def test_points_shrink_with_their_number():
    assert point_size(100, 250, 250) > point_size(6000, 250, 250) >= point_size(300_000, 250, 250)


def test_no_panel_is_a_figure_too():
    empty = map_figure([], True)
    assert len(empty.data) == 0
    assert not empty.layout.xaxis.visible


def crystal(theme="light", chosen=1):
    s = perovskite(56, 58, 4.44, "x")
    radii = FACTS["covalent_radius"]
    laid_out = scene(s.numbers, s.positions, s.cell, s.pbc, radii, chosen)
    return crystal_figure(
        laid_out, s.numbers, s.cell, s.pbc, radii, FACTS["color"].tolist(), FACTS["symbol"].tolist(), theme
    )


def test_crystal_is_few_traces_whatever_its_size():
    figure = crystal()
    assert [t.name for t in figure.data] == ["cell", "bonds", "shell", "chosen", "atoms"]
    assert len(figure.to_json()) < 30_000


def test_atoms_are_sized_by_covalent_radius_in_jmol_colours():
    atoms = crystal().data[-1].marker
    colours = dict(zip(atoms.color, atoms.size, strict=True))
    ba, ce, o = (str(FACTS["color"][z - 1]) for z in (56, 58, 8))
    assert set(colours) == {ba, ce, o}
    assert colours[ba] > colours[ce] > colours[o]
    assert colours[ba] / colours[o] == pytest.approx(2.15 / 0.66, rel=0.01)


def test_shell_bonds_point_from_the_chosen_atom():
    figure = crystal()
    shell = figure.data[2]
    start = np.array([shell.x[0::3], shell.y[0::3], shell.z[0::3]]).T
    end = np.array([shell.x[1::3], shell.y[1::3], shell.z[1::3]]).T
    centre = np.array([figure.data[3].x[0], figure.data[3].y[0], figure.data[3].z[0]])
    assert len(start) == 6
    assert (np.linalg.norm(start - centre, axis=1) < np.linalg.norm(end - centre, axis=1)).all()
    assert np.isnan(shell.x[2::3]).all()


def test_cell_has_twelve_edges_of_the_right_lengths_and_molecules_none():
    cell = np.array([[3.0, 0, 0], [1, 4, 0], [0, 0.5, 5]])
    edges = cell_edges(cell, np.ones(3, bool))
    lengths = np.linalg.norm(edges[1::3] - edges[0::3], axis=1)
    np.testing.assert_allclose(np.sort(lengths), np.sort(np.repeat(np.linalg.norm(cell, axis=1), 4)))
    assert len(cell_edges(np.zeros((3, 3)), np.zeros(3, bool))) == 0


def test_lengths_are_not_distorted():
    figure = crystal(chosen=0)
    scene_ = figure.layout.scene
    spans = [np.diff(scene_[f"{a}axis"].range)[0] for a in "xyz"]
    ratio = [scene_.aspectratio[a] for a in "xyz"]
    np.testing.assert_allclose(np.array(spans) / spans[0], np.array(ratio) / ratio[0], rtol=1e-6)


def test_figures_import_neither_dash_nor_the_store():
    code = (
        "import sys, json, dashboard.figures.map, dashboard.figures.crystal;"
        "print(json.dumps([m for m in ('dash', 'zarr', 'precompute.store') if m in sys.modules]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []
