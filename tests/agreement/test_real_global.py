"""On features of real potentials, too, global metrics equal literal transcriptions of their formulas."""

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial import procrustes as scipy_procrustes

from precompute.agreement.procrustes import procrustes
from precompute.agreement.reconstruction import gfre, halves, lfre
from precompute.agreement.sample import Sample
from tests.agreement.conftest import MODELS, RealAtoms
from tests.agreement.test_global_metrics import LITERAL, PAIRS
from tests.agreement.test_reconstruction import literal_gfre, literal_lfre

pytestmark = pytest.mark.models
ATOMS = 150


@pytest.mark.parametrize("space", ["coordinates", "embeddings"])
def test_global_metrics_are_their_formulas_on_real_features(real_atoms: RealAtoms, space: str) -> None:
    features = {m: x[:ATOMS].astype(np.float64) for m, x in getattr(real_atoms, space).items()}
    split = halves(Sample.of(ATOMS), 0)
    for a, b in permutations(MODELS, 2):
        x, y = features[a], features[b]
        for name, literal in LITERAL.items():
            assert PAIRS[name](x, y) == pytest.approx(literal(x, y), abs=1e-6), (name, a, b)
        wider = max(x.shape[1], y.shape[1])
        padded = [np.pad(z, ((0, 0), (0, wider - z.shape[1]))) for z in (x, y)]
        assert procrustes(x, y) == pytest.approx(np.sqrt(1.0 - scipy_procrustes(*padded)[2]), abs=1e-6)
        assert gfre(x, y) == pytest.approx(literal_gfre(x, y, split), abs=1e-6)
        assert lfre(x, y, points=12) == pytest.approx(literal_lfre(x, y, split, 12), abs=1e-6)
