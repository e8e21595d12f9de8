"""Records of agreement: their shapes are checked, their metrics known, and an atlas gives back what was written."""

import numpy as np
import pytest

from precompute.agreement.metrics import METRICS, metric_of
from precompute.agreement.records import PARTS, Run, Score, run_name
from precompute.agreement.stored import runs, write_run
from precompute.contracts import AtlasError
from precompute.store import SCHEMA_VERSION, Atlas, AtlasFile


def _score(metric: str, m: int = 3) -> Score:
    rng = np.random.default_rng(len(metric))
    shape = (m, m) if METRICS[metric].per == "pair" else (m,)
    return Score(metric, *(rng.normal(size=shape) for _ in PARTS), n=100)


def _run(**changes: object) -> Run:
    scores = {m: _score(m) for m in ("cka", "collapse")}
    scores["transport"] = Score.missing("transport", 3, 100, "not asked for here")
    plain = {
        "name": "representatives-atom", "models": ("a", "b", "c"), "atoms": "representatives", "level": "atom",
        "space": "coordinates", "k": 10, "sample": 1000, "seed": 0, "select": "", "n_atoms": 100, "n_structures": 40,
        "resamples": 200, "permutations": 20, "scores": scores,
    }  # fmt: skip
    return Run(**{**plain, **changes})


@pytest.fixture
def file(tmp_path):
    return AtlasFile.create(
        tmp_path / "a.zarr", {"schema_version": SCHEMA_VERSION, "provenance": {}, "complete": True, "title": "a"}
    )


def test_every_metric_is_described():
    for name, metric in METRICS.items():
        assert metric.id == name
        assert metric.low < metric.high
        assert metric.alike in ("high", "low")
        assert metric.per in ("pair", "model")
        assert metric.scope in ("global", "local", "dimension")
        assert metric.meaning.endswith(".")
        assert metric.source


def test_an_unknown_metric_names_the_closest():
    with pytest.raises(AtlasError, match=r"did you mean.*mutual-knn"):
        metric_of("mutual_knn")
    with pytest.raises(AtlasError, match="there are procrustes, "):
        metric_of("???")


def test_a_score_has_the_shape_of_its_metric():
    with pytest.raises(AtlasError, match=r"cka: value has shape \(3,\), expected \(3, 3\)"):
        Score("cka", *[np.zeros(3)] * 5, n=1)
    with pytest.raises(AtlasError, match="collapse: value has shape"):
        Score("collapse", *[np.zeros((3, 3))] * 5, n=1)
    with pytest.raises(AtlasError, match="cka: null has shape"):
        Score("cka", *[np.zeros((3, 3))] * 3, np.zeros((2, 2)), np.zeros((3, 3)), n=1)


def test_a_score_has_values_or_a_reason():
    with pytest.raises(AtlasError, match="a reason for having none"):
        Score("collapse", *[np.zeros(3)] * 5, n=1, reason="too few atoms")
    assert np.isnan(Score.missing("collapse", 3, 0, "too few atoms").value).all()


def test_scores_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        _score("cka").value[0, 0] = 1.0
    with pytest.raises(TypeError):
        _run().scores["cka"] = _score("cka")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"atoms": "some"}, "atoms is 'some', expected one of representatives"),
        ({"level": "bond"}, "level is 'bond'"),
        ({"space": "maps"}, "space is 'maps'"),
        ({"models": ("a", "b")}, "cka is over 3 models, expected 2"),
        ({"scores": {"cka": _score("cka-rbf")}}, "the score called 'cka' is of 'cka-rbf'"),
    ],
)
def test_a_run_refuses_what_does_not_fit(changes, message):
    with pytest.raises(AtlasError, match=message):
        _run(**changes)


def test_names_of_runs_tell_them_apart():
    assert run_name("all", "atom", "coordinates") == "all-atom"
    assert run_name("all", "structure", "embeddings") == "all-structure-embeddings"
    first, second = (run_name("all", "atom", "coordinates", s) for s in ("Ce in oxides", "oxides"))
    assert first != second
    assert len(first) == len("all-atom-") + 8


def test_a_run_comes_back_from_an_atlas_as_it_was(file, tmp_path):
    assert runs(Atlas(tmp_path / "a.zarr")) == {}
    run = _run()
    write_run(file, run)
    write_run(file, _run(name="all-atom", atoms="all"))
    found = runs(Atlas(tmp_path / "a.zarr"))
    assert list(found) == ["all-atom", "representatives-atom"]
    back = found["representatives-atom"]
    for name in ("models", "atoms", "level", "space", "k", "sample", "seed", "select", "n_atoms", "n_structures"):
        assert getattr(back, name) == getattr(run, name)
    assert (back.resamples, back.permutations) == (run.resamples, run.permutations)
    assert set(back.scores) == set(run.scores)
    for metric, score in run.scores.items():
        assert (back.scores[metric].n, back.scores[metric].reason) == (score.n, score.reason)
        for part in PARTS:
            np.testing.assert_array_equal(getattr(back.scores[metric], part), getattr(score, part))


def test_a_run_replaces_the_one_of_its_name(file, tmp_path):
    write_run(file, _run())
    write_run(file, _run(scores={"collapse": _score("collapse")}, seed=1))
    (found,) = runs(Atlas(tmp_path / "a.zarr")).values()
    assert list(found.scores) == ["collapse"]
    assert found.seed == 1


def test_xarray_reads_a_run(file, tmp_path):
    xarray = pytest.importorskip("xarray")
    write_run(file, _run())
    file.consolidate()
    group = xarray.open_zarr(tmp_path / "a.zarr", group="agreement/runs/representatives-atom/cka")
    assert group["value"].dims == ("model", "model_to")
