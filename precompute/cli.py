"""The command line: parses, calls, prints. Everything it does can be done from Python too."""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from precompute.as_json import print_json
from precompute.cli_agreement import agreement
from precompute.cli_drift import drift
from precompute.cli_export import export
from precompute.cli_finetune import finetune
from precompute.cli_students import students
from precompute.contracts import AtlasError

if TYPE_CHECKING:
    from precompute.asking import Question

SOME_MODELS_FAILED = 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="See what machine-learning interatomic potentials have learned, and whether they see it the same way.",
)
env_app = typer.Typer(no_args_is_help=True, help="Environments of models whose packages conflict with the main ones.")
anchors_app = typer.Typer(no_args_is_help=True, help="Anchor sets: the reference atoms that every model embeds.")
app.add_typer(env_app, name="env")
app.add_typer(anchors_app, name="anchors")
app.command()(export)
app.command()(agreement)
app.command()(drift)
app.command()(students)
app.command()(finetune)

out_console = Console()
err_console = Console(stderr=True)

DEMO_MODELS = (
    "chgnet-0.3.0,chgnet-0.2.0,chgnet-r2scan,7net-0,7net-0-22may2024,7net-l3i5,7net-mf-0-pbe,7net-mf-0-r2scan,"
    "mace-untrained,orb-untrained,element-only"
)

AtlasPath = Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas: a folder name.zarr, or a zip of one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"platonic-atlas {version('platonic-atlas')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    """Options of the program itself, before any command."""


class Interrupted(BaseException):
    """Ctrl-C or a polite kill. Of its own, since typer turns KeyboardInterrupt into "Aborted!" and no more."""


def main() -> None:
    """Run the command line; errors that a person can mend are one message, not a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        app()
    except AtlasError as error:
        err_console.print("error:", style="bold red", end=" ")
        err_console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
    except Interrupted:
        err_console.print("interrupted; finished work is kept, the same command goes on from there")
        sys.exit(130)


def _interrupt(*_: object) -> None:
    raise Interrupted


@app.command()
def build(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders and globs of structures; the bundled catalogue where none is given."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The atlas to make or to add to.")] = Path("atlas.zarr"),
    models: Annotated[
        str, typer.Option(help="Keys, comma-separated, or family:path of a local checkpoint.")
    ] = DEMO_MODELS,
    imports: Annotated[
        list[str] | None,
        typer.Option("--import", help="KEY=FILE: embeddings from elsewhere (.npz, .npy, .h5, .parquet)."),
    ] = None,
    anchor_set: Annotated[Path | None, typer.Option(help="A ready anchor set; the bundled one by default.")] = None,
    anchors: Annotated[
        str,
        typer.Option(help="Choose anchors from these structures instead: direct, farthest-point, per-element, random."),
    ] = "",
    anchor_count: Annotated[int | None, typer.Option(min=1, help="How many anchors (K); 100 by default.")] = None,
    anchor_model: Annotated[str, typer.Option(help="Model on which anchors are chosen.")] = "",
    similarity: Annotated[str, typer.Option(help="cosine, euclidean or rbf.")] = "cosine",
    centre: Annotated[bool, typer.Option(help="Centre embeddings on the anchors' mean first.")] = False,
    title: Annotated[str, typer.Option(help="Shown on the pages.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of everything that draws at random.")] = 0,
    max_atoms: Annotated[int | None, typer.Option(min=1, help="Skip structures with more atoms.")] = None,
    strict: Annotated[bool, typer.Option(help="Stop at the first structure that cannot be used.")] = False,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint that may be unpickled, which can run code. Name it again here."),
    ] = None,
    umap: Annotated[bool, typer.Option(help="Make UMAP maps besides PCA; the slowest maps.")] = True,
    overwrite: Annotated[bool, typer.Option(help="Replace an atlas of other structures or anchors.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be done, with an estimate, and stop.")] = False,
) -> None:
    """Embed structures with models and store what they see: makes an atlas, or adds models to one."""
    from precompute.asking import Question

    question = Question(
        sources=tuple(sources or ()),
        out=out,
        models=_listed(models),
        imports=tuple(imports or ()),
        anchor_set=anchor_set,
        anchor_method=anchors,
        anchor_count=anchor_count,
        anchor_model=anchor_model,
        similarity=similarity,
        centre=centre,
        title=title,
        seed=seed,
        max_atoms=max_atoms,
        strict=strict,
        trust=tuple(trust or ()),
        umap=umap,
        overwrite=overwrite,
    )
    if not _make(question, dry_run):
        sys.exit(SOME_MODELS_FAILED)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _make(question: Question, dry_run: bool = False) -> bool:
    """Build what was asked for; whether every model is in the atlas."""
    from precompute.asking import answer
    from precompute.build import build as run
    from precompute.build import to_embed
    from precompute.models.client import stop_idle_workers
    from precompute.progress import Display
    from precompute.reports import print_end, print_plan

    display = Display(err_console)
    request = answer(question, display)
    todo = to_embed(request)
    print_plan(err_console, request, todo)
    if dry_run:
        return True
    prepare_environments({s.environment for s in todo}, display)
    report = run(request, display)
    stop_idle_workers()  # they hold gigabytes, and the page is served from here for hours
    print_end(err_console, request, report)
    return not report.failed


def prepare_environments(names: set[str], display: Any) -> None:
    """Create the environments that models need and that are not there, and say so."""
    from precompute.models import environments

    for name in sorted(names - {"main"}):
        if not environments.is_ready(name):
            display.say(f"The environment {name!r} is needed and will be made now (once; about a minute).")
            try:
                environments.create(name, on_message=display.say)
            except AtlasError as error:  # its models will say so, the others go on
                display.say(f"The environment {name!r} could not be made: {error}")


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the demonstration atlas is kept.")] = Path("demo/catalogue.zarr"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8050,
    serve_it: Annotated[bool, typer.Option("--serve/--no-serve", help="Show it when it is built.")] = True,
) -> None:
    """Build the bundled catalogue with every model whose weights ship in its package, and show it."""
    from precompute.asking import Question
    from precompute.demonstration import add_results
    from precompute.models.client import stop_idle_workers

    # one model that does not run here is told, and is no reason to hide the others
    _make(Question(out=out, models=_listed(DEMO_MODELS), title="Catalogue of known crystals"))
    add_results(out, err_console)
    stop_idle_workers()
    if serve_it:
        serve([out], host, port)


@app.command()
def serve(
    atlases: Annotated[
        list[Path], typer.Argument(metavar="ATLAS", help="Atlases: folders name.zarr, or zips; the first opens.")
    ],
    host: Annotated[
        str, typer.Option(help="Address to listen on; others can see the page if it is not local.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")] = 8050,
    views: Annotated[
        Path | None, typer.Option(help="Saved views (JSON) that every visitor is offered, and can add to if writable.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further name by which browsers may ask for the page; may be repeated.")
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(help="The models' energy errors (CSV: model,error,unit,source).")
    ] = None,
    upload: Annotated[bool, typer.Option(help="Let visitors place crystals of their own on the maps.")] = True,
) -> None:
    """Show atlases in the browser."""
    # a process of its own: the dashboard never shares one with torch or the model packages
    command = [sys.executable, "-m", "dashboard", *map(str, atlases), "--host", host, "--port", str(port)]
    command += [] if views is None else ["--views", str(views)]
    command += [] if errors is None else ["--errors", str(errors)]
    command += [f"--allow-host={name}" for name in allow_host or []]
    process = subprocess.Popen(command if upload else [*command, "--no-upload"])
    try:
        sys.exit(process.wait())
    except Interrupted:
        process.terminate()
        process.wait()


@app.command()
def info(atlas: AtlasPath, as_json: AsJson = False) -> None:
    """Say what an atlas holds: counts, skipped structures, models, anchors, maps, versions, sizes."""
    from precompute.reports import atlas_info, print_info
    from precompute.store import Atlas

    data = atlas_info(Atlas(atlas))
    if as_json:
        print_json(data)
    else:
        print_info(out_console, data)


@app.command()
def models(
    as_json: AsJson = False,
    models_file: Annotated[list[Path] | None, typer.Option(help="Further models, in the form of models.yml.")] = None,
) -> None:
    """List the models that are known, and whether they can run here."""
    from precompute.models import listing
    from precompute.models.registry import Registry, registry
    from precompute.reports import print_models

    rows = listing.rows(Registry.load(models_file) if models_file else registry())
    if as_json:
        print_json(rows)
    else:
        print_models(out_console, rows)


@app.command("coordinates")
def export_coordinates(
    atlas: AtlasPath,
    model: Annotated[str, typer.Option(help="Key of the model.")],
    out: Annotated[Path, typer.Option(help="File to write: .csv, .parquet or .npz.")],
) -> None:
    """Write one model's coordinates to a table, one row an atom, for use elsewhere."""
    from precompute.export import write_coordinates_table
    from precompute.store import Atlas

    rows = write_coordinates_table(Atlas(atlas), model, out)
    err_console.print(f"{out}: {rows:,} atoms", highlight=False)


@env_app.command("list")
def env_list(as_json: AsJson = False) -> None:
    """List the environments, and whether they are ready."""
    from dataclasses import asdict

    from precompute.models import environments

    rows = [asdict(e) for e in environments.environments()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = f"ready, {row['megabytes']:.0f} MB" if row["ready"] else "not there"
        out_console.print(f"{row['name']}: {state}; {len(row['models'])} models", highlight=False, markup=False)
        if row["requirements"]:
            out_console.print(f"    {', '.join(row['requirements'])}", highlight=False, markup=False)


@env_app.command("create")
def env_create(name: str) -> None:
    """Create an environment."""
    from precompute.models import environments

    environments.create(name, on_message=lambda text: err_console.print(text, markup=False, highlight=False))


@env_app.command("remove")
def env_remove(name: str) -> None:
    """Remove an environment."""
    from precompute.models import environments

    environments.remove(name)


@anchors_app.command("save")
def anchors_save(atlas: AtlasPath, out: Annotated[Path, typer.Option(help="File to write (.json).")]) -> None:
    """Save an atlas's anchors as a file, to build other atlases in the same space."""
    from precompute import anchor_files
    from precompute.store import Atlas

    anchors = Atlas(atlas).anchors
    anchor_files.save(anchors, out)
    err_console.print(f"{out}: {len(anchors)} anchors of {len(anchors.structures)} structures", highlight=False)


@anchors_app.command("show")
def anchors_show(
    source: Annotated[
        Path | None, typer.Argument(help="An anchor-set file or an atlas; the bundled set if none.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the anchors of a file, an atlas or the bundled set."""
    from precompute import anchor_files
    from precompute.reports import anchor_rows, print_anchors
    from precompute.store import Atlas

    if source is None:
        anchors = anchor_files.bundled()
    else:
        anchors = anchor_files.load(source) if source.suffix == ".json" else Atlas(source).anchors
    if as_json:
        print_json(anchor_rows(anchors))
    else:
        print_anchors(out_console, anchors)
