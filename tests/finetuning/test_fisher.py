"""The diagonal Fisher information, on a small network whose outputs include a derivative, as forces are."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

from precompute.contracts import AtlasError
from precompute.finetuning.fisher import diagonal_fisher


@pytest.fixture
def network() -> torch.nn.Module:
    generator = torch.Generator().manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1, bias=False)).double()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
    return net


def samples(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(n, 3, generator=generator, dtype=torch.float64) for n in range(2, 2 + count)]


def outputs_of(net: torch.nn.Module) -> Callable[[Any], torch.Tensor]:
    """Energy a particle and forces, weighted as the loss weights them."""

    def outputs(x: torch.Tensor) -> torch.Tensor:
        x = x.clone().requires_grad_()
        energy = net(x).sum()
        force = -torch.autograd.grad(energy, x, create_graph=True)[0]
        return torch.cat([energy.reshape(1) * 2**0.5 / len(x), force.reshape(-1) * (2 / force.numel()) ** 0.5])

    return outputs


def test_every_output_in_turn_gives_the_sum_of_squared_slopes(network: torch.nn.Module) -> None:
    parameters = dict(network.named_parameters())
    found = diagonal_fisher(outputs_of(network), samples(4), parameters, draws=None)
    for name, parameter in parameters.items():
        expected = torch.zeros_like(parameter)
        for x in samples(4):
            z = outputs_of(network)(x)
            for k in range(len(z)):
                slope = torch.autograd.grad(outputs_of(network)(x)[k], parameter, allow_unused=True)[0]
                expected += (0 if slope is None else slope**2) / 4
        assert torch.allclose(found[name], expected, rtol=1e-10, atol=0)


def test_it_agrees_with_finite_differences(network: torch.nn.Module) -> None:
    parameters = dict(network.named_parameters())
    found = diagonal_fisher(outputs_of(network), samples(3), parameters, draws=None)
    step = 1e-5
    for name, parameter in parameters.items():
        flat = parameter.data.view(-1)
        for i in range(flat.numel()):
            value, sides = flat[i].item(), []
            for moved in (value + step, value - step):
                flat[i] = moved
                sides.append([outputs_of(network)(x).detach() for x in samples(3)])
            flat[i] = value
            slopes = [(up - down) / (2 * step) for up, down in zip(*sides, strict=True)]
            expected = sum(float((s**2).sum()) for s in slopes) / 3
            assert float(found[name].view(-1)[i]) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_it_is_the_curvature_of_the_loss_on_the_models_own_labels(network: torch.nn.Module) -> None:
    # what makes a strength of 1 mean the replay loss to second order
    parameters = dict(network.named_parameters())
    found = diagonal_fisher(outputs_of(network), samples(3), parameters, draws=None)
    labels = [outputs_of(network)(x).detach() for x in samples(3)]

    def loss(values: torch.Tensor, name: str) -> torch.Tensor:
        swapped = {**parameters, name: values}
        total = torch.zeros((), dtype=torch.float64)
        for x, label in zip(samples(3), labels, strict=True):
            # a function in the place of a module, which is all that is called of it
            moved = partial(torch.func.functional_call, network, swapped)
            total = total + 0.5 * ((outputs_of(moved)(x) - label) ** 2).sum()  # type: ignore[arg-type]
        return total / 3

    for name, parameter in parameters.items():
        hessian = torch.autograd.functional.hessian(lambda v, name=name: loss(v, name), parameter.detach().clone())
        curvature = hessian.reshape(parameter.numel(), parameter.numel()).diagonal().reshape(parameter.shape)
        assert torch.allclose(found[name], curvature, rtol=1e-8, atol=1e-12)


def test_random_signs_estimate_it_without_bias(network: torch.nn.Module) -> None:
    parameters = dict(network.named_parameters())
    exact = diagonal_fisher(outputs_of(network), samples(2), parameters, draws=None)
    estimates = diagonal_fisher(outputs_of(network), samples(2), parameters, draws=4000, seed=3)
    for name in parameters:
        assert torch.allclose(estimates[name], exact[name], rtol=0.15, atol=1e-3 * float(exact[name].max()))
    again = diagonal_fisher(outputs_of(network), samples(2), parameters, draws=4, seed=3)
    other = diagonal_fisher(outputs_of(network), samples(2), parameters, draws=4, seed=4)
    repeated = diagonal_fisher(outputs_of(network), samples(2), parameters, draws=4, seed=3)
    assert torch.equal(again["0.weight"], repeated["0.weight"])
    assert not torch.equal(again["0.weight"], other["0.weight"])


def test_labels_of_the_model_itself_would_give_none_by_squared_gradients(network: torch.nn.Module) -> None:
    # why the "empirical" Fisher information cannot serve with replayed structures that the base labelled
    x = samples(1)[0]
    z = outputs_of(network)(x)
    loss = 0.5 * ((z - z.detach()) ** 2).sum()
    assert all(
        float(g.abs().max()) == 0
        for g in torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
        if g is not None
    )
    assert (
        max(
            float(f.max()) for f in diagonal_fisher(outputs_of(network), [x], dict(network.named_parameters())).values()
        )
        > 0
    )


def test_a_weight_that_nothing_hangs_on_has_none(network: torch.nn.Module) -> None:
    idle = torch.nn.Parameter(torch.ones(2, dtype=torch.float64))
    found = diagonal_fisher(outputs_of(network), samples(1), {**dict(network.named_parameters()), "idle": idle})
    assert float(found["idle"].abs().max()) == 0


def test_no_structures_and_broken_outputs_are_errors(network: torch.nn.Module) -> None:
    parameters = dict(network.named_parameters())
    with pytest.raises(AtlasError, match="at least one structure"):
        diagonal_fisher(outputs_of(network), [], parameters)
    with pytest.raises(AtlasError, match="not finite"):
        diagonal_fisher(lambda x: outputs_of(network)(x) / 0, samples(1), parameters)
