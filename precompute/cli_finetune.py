"""The command ``finetune``: trains a pretrained model further, with checkpoints on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from precompute.progress import Display


def finetune(
    model: Annotated[str, typer.Option(help="Key of the base, or family:path of a local checkpoint.")],
    data: Annotated[str, typer.Option(help="Extended XYZ with energy and forces, or cu-dimers.")],
    out: Annotated[Path, typer.Option(help="Folder of the run; the same command goes on with an interrupted one.")],
    strategy: Annotated[str, typer.Option(help="naive, replay, ewc, replay+ewc or multihead.")] = "naive",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the data.")] = 20,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Updates between checkpoints.")] = 20,
    learning_rate: Annotated[float, typer.Option(help="Constant through the run.")] = 1e-3,
    batch_size: Annotated[int, typer.Option(min=1, help="Structures of the data in a batch.")] = 8,
    ema: Annotated[float, typer.Option(help="Decay of a moving average of the weights; 0 for none.")] = 0.0,
    energy_weight: Annotated[float, typer.Option(min=0, help="In the loss, of (eV/atom)^2.")] = 1.0,
    force_weight: Annotated[float, typer.Option(min=0, help="In the loss, of (eV/A)^2.")] = 1.0,
    stress_weight: Annotated[float, typer.Option(min=0, help="In the loss, where the data have stresses.")] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Of the order of the data.")] = 0,
    replay: Annotated[int, typer.Option(min=0, help="Structures of the catalogue to replay.")] = 64,
    replay_per_batch: Annotated[int, typer.Option(min=0, help="Of them in a batch; as many as data for 0.")] = 0,
    replay_without: Annotated[str, typer.Option(help="Elements to keep out of the replayed ones, e.g. Au,Ag.")] = "",
    ewc_strength: Annotated[float, typer.Option(min=0, help="Of elastic weight consolidation.")] = 0.0,
    hold_out: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the data not to train on, but to test on.")
    ] = 0.0,
    as_given: Annotated[
        bool, typer.Option("--as-given", help="Learn energies on their own zero, without a shift for each element.")
    ] = False,
    experiment: Annotated[str, typer.Option(help="A name that runs to be compared share; made up if none.")] = "",
    threads: Annotated[int, typer.Option(min=1, help="Cores; results repeat exactly on the same number.")] = 1,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint that may be unpickled, which can run code. Name it again here."),
    ] = None,
) -> None:
    """Fine-tune a pretrained model, keeping checkpoints that `drift` can follow."""
    from precompute.finetuning.preparing import Question
    from precompute.finetuning.running import finetune as run
    from precompute.finetuning.trainers import Settings

    settings = Settings(
        learning_rate=learning_rate, epochs=epochs, batch_size=batch_size, replay_per_batch=replay_per_batch,
        checkpoint_every=checkpoint_every, ema=ema, energy_weight=energy_weight, force_weight=force_weight,
        stress_weight=stress_weight, ewc_strength=ewc_strength,
    )  # fmt: skip
    question = Question(
        model=model, data=data, out=out, strategy=strategy, seed=seed, settings=settings, replay=replay,
        replay_without=tuple(part.strip() for part in replay_without.split(",") if part.strip()), hold_out=hold_out,
        shift=not as_given, experiment=experiment, trust=tuple(trust or ()), threads=threads,
    )  # fmt: skip
    display = Display(Console(stderr=True))
    with display.running():
        record = run(question, display)
    last = record.checkpoints[-1]
    display.say(f"{out}: {len(record.checkpoints)} checkpoints in {last.updates} updates")
    display.say(f"    on the data, {_change(record.before, last)}")
    if record.before_held_out is not None and last.held_out is not None:
        display.say(f"    on {record.held_out} held-out structures, {_change(record.before_held_out, last.held_out)}")


def _change(before: Any, after: Any) -> str:
    return (
        f"energy {before.energy_mae * 1000:.1f} to {after.energy_mae * 1000:.1f} meV/atom, "
        f"forces {before.force_mae * 1000:.0f} to {after.force_mae * 1000:.0f} meV/A"
    )
