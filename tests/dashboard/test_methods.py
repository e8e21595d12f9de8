import re
from xml.etree import ElementTree

import numpy as np
import pytest

from dashboard.atlases import Atlases
from dashboard.export import methods, picture
from dashboard.export.content import Content
from dashboard.export.references import known, of_citation
from precompute import writing
from precompute.contracts import Map
from tests.dashboard.synthetic import MODELS, write_atlas


def content(data, query="?"):
    return Content.of(data, query)


def test_every_entry_of_the_references_is_complete_enough_to_be_found():
    for reference in known().values():
        assert re.search(r"\((1|2)\d{3}\)", reference.plain), reference.key
        assert (
            reference.text.endswith(re.search(r"year = \{(\d{4})\}", reference.bibtex)[1]) or reference.text[-1] in "ab"
        )
        assert (
            "doi" in reference.bibtex or "eprint" in reference.bibtex or reference.key in ("venna2006", "ashcroft1976")
        )
        assert reference.bibtex.count("{") == reference.bibtex.count("}")


def test_every_citation_of_a_known_model_stands_for_a_reference():
    yaml = pytest.importorskip("yaml")
    from pathlib import Path

    listed = yaml.safe_load((Path(__file__).parents[2] / "precompute/models/models.yml").read_text())
    cited = {m["citation"] for m in listed["models"] if m.get("citation")}
    assert cited
    for citation in cited:
        assert next(r.key for r in of_citation(citation, "x")) in known(), citation


def test_an_unknown_citation_is_kept_as_it_is_written_and_escaped():
    (reference,) = of_citation("Doe & Söhne, 100 % new {x}", "My Model")
    assert reference.plain == "Doe & Söhne, 100 % new {x}"
    assert reference.bibtex == "@misc{my-model,\n  note = {Doe \\& Söhne, 100 \\% new \\{x\\}}\n}"


def test_the_paragraph_says_models_anchors_map_and_how_many_atoms(data):
    said = methods.paragraph(content(data, "?models=7net-0,mace-untrained&elements=Li,F"))
    n = int(content(data, "?elements=Li,F").selected.sum())
    for part in (
        "7net-0 (8 components, ",
        "trained on MPtrj, at the level of PBE",
        "not as trained potentials, are mace-untrained",
        "K = 20 anchor atoms",
        "c_ij = cos(e_i, a_j) (Li & Walsh 2026; Moschella et al. 2023)",
        "principal component analysis (Pearson 1901)",
        "64\u00a0% of the pooled variance",
        f"Selected are {n} of {data.n_atoms} atoms",
        "elements Li, F",
        "no number was computed from one",
    ):
        assert part in said, part


def test_fewer_anchors_are_said_to_be_the_first_of_all(data):
    assert "K = 5 anchor atoms (the first 5 of an ordered set of 20)" in methods.paragraph(content(data, "?k=5"))


def test_a_umap_rests_on_all_anchors_and_is_cited(data):
    said = methods.paragraph(content(data, "?map=umap&k=5&models=7net-0"))
    assert "UMAP (McInnes et al. 2018)" in said
    assert "K = 20 anchor atoms" in said
    assert "trustworthiness" in said
    assert "Pearson" not in said


def test_private_spaces_need_no_anchors(data):
    said = methods.paragraph(content(data, "?space=raw&models=7net-0"))
    assert "anchor" not in said
    assert "private to each model" in said


def test_a_model_that_refused_structures_is_said_to(data):
    assert "chgnet-r2scan refused 1 structure" in methods.paragraph(content(data, "?models=chgnet-r2scan"))


def test_latex_cites_the_keys_that_bibtex_defines(data):
    found = content(data, "?models=7net-0,chgnet-r2scan")
    cited = {k for keys in re.findall(r"\\cite\{([^}]+)\}", methods.latex(found)) for k in keys.split(",")}
    defined = set(re.findall(r"^@\w+\{([\w-]+),", methods.bibtex(found), re.MULTILINE))
    assert cited == defined
    assert {"li2026", "moschella2023", "togo2024"} <= cited


def test_latex_has_no_sign_that_latex_would_take_for_its_own(data):
    text = methods.latex(content(data, "?models=mine%3Cb%3E,7net-0&brush=structure.band_gap:2..3"))
    bare = re.sub(r"\\(?:cite\{[^}]*\}|text\w+\{\}|ldots\{\}|AA\{\}|[%&#_{}$])|\$[^$]*\$", "", text)
    assert not set(bare) & set("%&#_{}$\\")


def test_the_caption_says_what_is_shown(data):
    said = methods.caption(content(data, "?models=7net-0&colour=electronegativity&zoom=0,1,0,1&atom=NaCl-0:1"))
    for part in (
        "PCA of similarities to K = 20 anchors", "7net-0", "electronegativity", "atoms drawn", "A part of the map",
        "The ring marks Na 1 of NaCl (NaCl-0)", "Platonic Atlas",
    ):  # fmt: skip
        assert part in said, part


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An atlas with a model that lacks one of the maps, and raw maps that do not say what they keep."""

    def change(file):
        file.delete("models/element-only/maps/umap-2d")
        n = file.shape("atoms/structure")[0]
        for key in MODELS:
            xy = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
            writing.write_map(file, key, "raw-pca-2d", Map(xy, {"n_atoms": n}))

    path = write_atlas(tmp_path_factory.mktemp("methods") / "bare.zarr", copies=1, title="bare\uffff", add=change)
    return Atlases([path]).get("bare")


def test_a_lasso_is_told_where_it_picks_and_only_there(bare):
    lasso = "?models=7net-0,element-only&lasso=element-only:0.4,-9;9,-9;9,9;0.4,9"
    picking = content(bare, lasso)
    n = int(picking.selected.sum())
    assert 1 < n < bare.n_atoms
    said = methods.caption(picking)
    assert f"{n} atoms are selected (inside a polygon drawn on the map of element-only), the others are grey." in said
    ignored = content(bare, f"{lasso}&map=umap")
    assert ignored.selected.all()
    for text in (methods.caption(ignored), methods.paragraph(ignored)):
        assert "polygon" not in text
        assert "elected" not in text


def test_a_raw_map_that_does_not_say_what_it_keeps_is_described_all_the_same(bare):
    said = methods.paragraph(content(bare, "?space=raw&models=7net-0"))
    assert "their axes are private to each model." in said
    assert "variance" not in said


def test_signs_that_xml_forbids_do_not_break_a_figure(bare):
    tree = ElementTree.fromstring(picture.svg(content(bare, "?models=7net-0&space=raw")))
    assert tree.tag.endswith("svg")


def test_citations_come_once_each_in_the_order_of_the_paragraph(data):
    keys = [r.key for r in methods.citations(content(data))]
    assert len(keys) == len(set(keys))
    assert keys.index("togo2024") < keys.index("li2026")
