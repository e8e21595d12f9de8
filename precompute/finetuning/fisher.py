"""Which weights a model's answers hang on: the diagonal of the Fisher information, for elastic weight consolidation.

Labels that the base model itself gave leave no residual, so the gradient of the loss on them is zero and so is the
"empirical" Fisher information made of its squares. What is computed here is the Fisher information proper, an
expectation over labels that the model itself would draw; it needs no labels at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from precompute.contracts import AtlasError


def diagonal_fisher(
    outputs: Callable[[Any], Any],
    samples: Iterable[Any],
    parameters: Mapping[str, Any],
    draws: int | None = 4,
    seed: int = 0,
) -> dict[str, Any]:
    r"""Return the diagonal of the Fisher information, averaged over samples.

    With outputs ``z(x)`` scaled such that the loss of one sample is ``|z(x) - z'(x)|^2 / 2``, which is minus the
    logarithm of the density of labels with unit variance about ``z``,

    .. math:: F_i = \frac1N \sum_x \sum_k \left(\frac{\partial z_k(x)}{\partial \theta_i}\right)^2 ,

    also the diagonal of the Hessian of the mean loss where the labels are the model's own. With `draws`, the inner sum
    is estimated without bias by :math:`\langle(\partial (s \cdot z)/\partial\theta_i)^2\rangle_s` over vectors `s` of
    random signs (Hutchinson), which takes one backward pass a draw instead of one an output.

    Source: Kirkpatrick et al., PNAS 114, 3521 (2017), eq. 3; that squared gradients at given labels are another thing:
    Kunstner et al., NeurIPS 2019 (arXiv:1905.12558). For potentials: Kim et al., npj Comput. Mater. 12, 26 (2026).

    Parameters
    ----------
    outputs : function of a sample
        Gives the vector ``z``, shape (K,), differentiable with respect to `parameters`.
    parameters : mapping of name to tensor
    draws : int or None
        Random sign vectors a sample; None goes through all K outputs, exactly.
    seed : int
        Of the signs.

    Returns
    -------
    mapping of name to tensor
        Shapes of the parameters; zero where no output depends on one.

    Raises
    ------
    AtlasError
        If there are no samples, or an output or a derivative is not finite.
    """
    import torch

    names, tensors = list(parameters), list(parameters.values())
    total = [torch.zeros_like(t) for t in tensors]
    generator = torch.Generator().manual_seed(seed)
    count = 0
    for sample in samples:
        z = outputs(sample)
        directions = torch.eye(len(z)) if draws is None else _signs(draws, len(z), generator)
        share = 1.0 if draws is None else 1.0 / draws
        for i, direction in enumerate(directions.to(z)):
            last = i + 1 == len(directions)
            slopes = torch.autograd.grad(z @ direction, tensors, retain_graph=not last, allow_unused=True)
            for sum_, slope in zip(total, slopes, strict=True):
                if slope is not None:
                    sum_ += share * slope.detach() ** 2
        count += 1
    if not count:
        raise AtlasError("Fisher information needs at least one structure to be computed on, got none")
    broken = [n for n, t in zip(names, total, strict=True) if not torch.isfinite(t).all()]
    if broken:
        raise AtlasError(
            f"Fisher information of {broken[0]} is not finite: the base gives no finite energies or forces"
        )
    return {name: t / count for name, t in zip(names, total, strict=True)}


def _signs(draws: int, length: int, generator: Any) -> Any:
    import torch

    return torch.randint(0, 2, (draws, length), generator=generator) * 2.0 - 1.0
