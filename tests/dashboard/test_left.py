"""The left column as layout: what it offers for what an atlas has."""

import json

import pytest
from dash import Dash

from dashboard.components import colour_controls, controls
from dashboard.pages import left

MODELS = [
    {"key": "7net-0", "family": "SevenNet", "status": "pretrained", "trained": True, "subtitle": "pretrained · MPtrj",
     "parent": "", "maps": ["pca-2d", "raw-pca-2d"]},
    {"key": "chgnet-r2scan", "family": "CHGNet", "status": "fine-tuned", "trained": True, "subtitle": "fine-tuned",
     "parent": "chgnet-0.3.0", "maps": ["pca-2d"]},
    {"key": "mine<b>", "family": "", "status": "imported", "trained": False, "subtitle": "", "parent": "", "maps": []},
]  # fmt: skip
QUANTITIES = [
    {"id": "category", "label": "Element group", "unit": "", "kind": "category", "of": "element", "models": []},
    {"id": "structure.band_gap", "label": "Band gap", "unit": "eV", "kind": "number", "of": "structure", "models": []},
    {
        "id": "model.typicality",
        "label": "Typicality",
        "unit": "",
        "kind": "number",
        "of": "model",
        "models": ["7net-0"],
    },
]
STATE = {
    "models": ["7net-0"], "space": "shared", "method": "pca", "align": "", "k": 20, "colour": "category",
    "palette": "viridis", "log": False, "reverse": False, "size": 1, "draw": "points",
}  # fmt: skip


def info(**changes):
    """What the page knows of an atlas, with changes to it or to its state."""
    made = {
        "models": MODELS, "methods": ["pca", "umap"], "anchor_counts": [5, 10, 20], "n_anchors": 20, "has_raw": True,
        "quantities": QUANTITIES, "scales": {"viridis": ["#440154"] * 16, "cividis": ["#00224e"] * 16},
    }  # fmt: skip
    state = STATE | {k: v for k, v in changes.items() if k in STATE}
    return made | {k: v for k, v in changes.items() if k not in STATE} | {"state": state}


def parts(component):
    """All components of a layout as plain dictionaries."""
    found = []

    def visit(node):
        if isinstance(node, dict):
            if "props" in node:
                found.append(node["props"] | {"tag": node["type"]})
            for child in node.values():
                visit(child)
        elif isinstance(node, list):
            for child in node:
                visit(child)

    visit(json.loads(json.dumps(component, default=lambda c: c.to_plotly_json())))
    return found


def part(component, component_id):
    (found,) = [p for p in parts(component) if p.get("id") == component_id]
    return found


def test_every_bound_control_exists_with_its_value():
    column = left.layout(info(colour="structure.band_gap", log=True, size=2))
    for component_id, prop, field in left.BINDINGS:
        expected = info(colour="structure.band_gap", log=True, size=2)["state"][field]
        assert part(column, component_id)[prop] == expected


def test_a_slider_stands_at_the_number_of_anchors():
    slider = part(left.layout(info(k=10)), "k")
    assert [m["label"] for m in slider["marks"]] == ["5", "10", "20"]
    assert slider["value"] == 1


def test_one_number_of_anchors_leaves_nothing_to_choose():
    assert part(left.layout(info(anchor_counts=[20])), "k")["disabled"]


@pytest.mark.parametrize(("changes", "allowed"), [
    ({}, {"raw": True, "shared": True}),
    ({"has_raw": False}, {"raw": False, "shared": True}),
    ({"methods": [], "space": "raw"}, {"raw": True, "shared": False}),
])  # fmt: skip
def test_spaces_without_maps_cannot_be_chosen(changes, allowed):
    choice = part(left.layout(info(**changes)), "space")
    assert {d["value"]: not d["disabled"] for d in choice["data"]} == allowed


def test_method_and_anchors_are_away_where_they_do_nothing():
    shared, raw = (left.layout(info(space=s)) for s in ("shared", "raw"))
    for line in ("method-line", "k-line"):
        assert not part(shared, line).get("hidden")
        assert part(raw, line)["hidden"]


def test_each_model_is_a_switch_that_says_its_status():
    column = left.layout(info())
    switches = {p["data-model"]: p for p in parts(column) if "data-model" in p}
    assert {k: p["aria-checked"] for k, p in switches.items()} == {
        "7net-0": "true", "chgnet-r2scan": "false", "mine<b>": "false",
    }  # fmt: skip
    assert switches["chgnet-r2scan"]["aria-label"] == "chgnet-r2scan, fine-tuned"
    rows = [p["title"] for p in parts(column) if p.get("className") == "model-row"]
    assert "trained further from chgnet-0.3.0" in rows[1]
    assert {p["data-only-model"] for p in parts(column) if "data-only-model" in p} == set(switches)


def test_only_trained_models_look_trained():
    badges = [p for p in parts(left.layout(info())) if str(p.get("className", "")).startswith("badge")]
    assert [p["className"] for p in badges] == ["badge trained", "badge trained", "badge not-trained"]
    assert all(p["title"] == controls.STATUS_MEANING[p["children"]] for p in badges)


def test_maps_can_be_aligned_to_any_model_or_none():
    choice = part(left.layout(info(align="7net-0")), "align")
    assert choice["value"] == "7net-0"
    assert [d["value"] for d in choice["data"]] == ["", "7net-0", "chgnet-r2scan", "mine<b>"]


def test_quantities_stand_under_headings_with_units():
    assert colour_controls.quantity_groups(QUANTITIES) == [
        {"group": "Elements", "items": [{"value": "category", "label": "Element group"}]},
        {"group": "Structure", "items": [{"value": "structure.band_gap", "label": "Band gap / eV"}]},
        {"group": "Model", "items": [{"value": "model.typicality", "label": "Typicality"}]},
    ]


def test_a_number_has_a_scale_and_a_category_a_legend():
    number, category = (left.layout(info(colour=c)) for c in ("structure.band_gap", "category"))
    assert part(number, "legend")["hidden"]
    assert not part(number, "number-colour").get("hidden")
    assert part(category, "number-colour")["hidden"]
    assert not part(category, "legend").get("hidden")


def test_every_control_has_a_name():
    nameless = [
        p
        for p in parts(left.layout(info()))
        if p["tag"] in ("Button", "Select", "SegmentedControl") and not p.get("aria-label")
    ]
    assert nameless == []
    assert all(p.get("thumbLabel") for p in parts(left.layout(info())) if p["tag"] == "Slider")


def test_registering_binds_every_control_once():
    app = Dash(__name__)
    left.register(app, atlases=None)
    inputs = [(i["id"], i["property"]) for c in app._callback_list for i in c["inputs"]]
    assert sorted(inputs) == sorted([*((i, p) for i, p, _ in left.BINDINGS), ("k", "value")])
