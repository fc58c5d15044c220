"""The command `superposition`: run experiments, see what is stale, measure speed, check claims, build the book.
Modules are imported when a command needs them, so that `--help` answers at once."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Superposition, Measured: the experiments and the book.

    \b
    superposition list                      what there is
    superposition run toy/intro --quick     one experiment, in seconds
    superposition show toy/intro --quick    its pictures
    superposition status                    what is stale, and what to do about it
    superposition book                      build the book
    superposition measure FILE              the measures of your own weights
    superposition neuroscope --help         every neuron of a model of yours, as a site

    `superposition COMMAND --help` shows each command with an example.""",
)


class Device(StrEnum):
    """Where to compute: auto takes cuda where there is one."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Axis(StrEnum):
    """Where a matrix has its features."""

    rows = "rows"
    columns = "columns"


ANYWHERE = {"measure", "neuroscope"}  # the commands that need no repository


def main() -> None:
    """Entry point: faults of input, files or machine end in one message and exit status 1; bugs in a traceback."""
    from superposition import paths
    from superposition.errors import SuperpositionError

    if not ANYWHERE & set(sys.argv[1:2]):
        try:
            paths.root()
        except FileNotFoundError as error:
            sys.exit(f"superposition: {error}")
    try:
        app()
    except SuperpositionError as error:
        sys.exit(f"superposition: {error}")


@app.command("list")
def list_() -> None:
    """List the experiments, and whether their results are fresh.

    Shows seeds, size and seconds of what is stored.

    \b
    Example:  superposition list"""
    from superposition import paths, runs
    from superposition.digests import Code

    code, known = Code(), {}
    table = _table("experiment", "seeds", "size", "seconds", "device", "results")
    for name in runs.names():
        reasons = runs.stale(name, code, known)
        try:
            record = json.loads((paths.experiment(name) / "record.json").read_text())
        except (OSError, ValueError):
            record = {}
        files = [*paths.experiment(name).glob("*.safetensors"), *paths.experiment(name).glob("*.parquet")]
        size = sum(file.stat().st_size for file in files)
        seeds = record.get("config", {}).get("seeds", "")
        table.add_row(
            name, str(seeds), f"{size / 1e6:.2f} MB", f"{record.get('seconds', 0):,.0f}", record.get("device", ""),
            "stale" if reasons else "fresh",
        )  # fmt: skip
    _print(table)


@app.command()
def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Experiments, such as toy/intro.")],
    quick: Annotated[bool, typer.Option("--quick", help="A small version, in seconds, into .work/quick/.")] = False,
    device: Annotated[Device, typer.Option(help="Where to compute.")] = Device.auto,
    out: Annotated[Path | None, typer.Option(help="A folder for the results, instead of data/.")] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask cluster, such as tcp://host:8786.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER",
            help="Another model than the config's, with --out; for stories/ordering and bottleneck/translation.",
        ),
    ] = None,
    tensorboard: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the stored training curves there too, for TensorBoard.")
    ] = None,
) -> None:
    """Run experiments and store their results. A run that was stopped goes on where it was.

    \b
    Example:  superposition run toy/intro
              superposition run stories/ordering --model roneneldan/TinyStories-2Layers-33M --out there
              superposition run toy/intro toy/wide --quick --device cpu
              superposition run toy/phase --scheduler tcp://host:8786
              superposition run toy/intro --tensorboard curves"""
    from superposition import configs, runs, storage

    if model is not None and out is None:
        raise typer.BadParameter("--model wants --out: what data/ holds is of the config's models")
    if tensorboard is not None:
        from superposition import curves

        curves.writer()
    for name in names:
        configs.read(name, model)  # so that the last one's faults are found before the first is computed
    for name in names:
        place = out / name if out and len(names) > 1 else out or runs.folder(name, quick)
        try:
            results = runs.run(name, quick=quick, device=device.value, out=place, scheduler=scheduler, model=model)
        except KeyboardInterrupt:
            again = f"`superposition run {name}{' --quick' if quick else ''}{f' --model {model} --out {out}' if model else ''}`"
            kept = any(runs.checkpoints(name, quick).glob("*.safetensors"))
            how = "its checkpoint is kept, and {} goes on from there" if kept else "no checkpoint was due yet, so {} starts anew"
            print(f"\n{name}: stopped: {how.format(again)}", file=sys.stderr)
            raise typer.Exit(130) from None
        print(f"{name}: {results.record['seconds']:,.1f} s on {results.record['device']}, stored in {storage.shown(place)}")
        for metric, value in results.metrics.items():
            print(f"  {metric:32} {value:.6g}")
        here = f" --results {out / name if len(names) > 1 else out}" if out else ""
        if model is None:
            print(f"its pictures: superposition show {name}{' --quick' if quick else ''}{here}")
        if tensorboard is not None:
            print(curves.write(results, configs.read(name, model).module.SCHEMA, tensorboard / name))


@app.command()
def show(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Experiments, such as toy/intro.")],
    quick: Annotated[bool, typer.Option("--quick", help="Those of the quick run.")] = False,
    results: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Those that `run --out` stored there.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .svg, .png or .html to write, instead of opening a page.")
    ] = None,
) -> None:
    """Show the pictures of an experiment, as its chapter draws them, from the results that there are.

    Opens a page with all of them. With --out, an .html holds them all; an .svg or .png is one picture, and with several
    each has a file, with its label in the name. What can't be drawn from these results is named, and the rest is drawn.

    \b
    Example:  superposition show toy/intro
              superposition show toy/intro --quick
              superposition show toy/intro --results my-run --out intro.png"""
    import webbrowser

    from superposition import paths, runs, storage
    from superposition.book import pictures

    if out is not None and out.suffix not in pictures.KINDS:
        raise typer.BadParameter(f"--out {out}: expected a name that ends in {', '.join(pictures.KINDS)}")
    place = lambda name: results / name if results and len(names) > 1 else results
    loaded = [runs.load(name, place(name), quick=quick) for name in names]
    drawn = pictures.draw(loaded)
    page = out or paths.work() / "show" / f"{names[0].replace('/', '-')}{'-quick' if quick else ''}.html"
    for file in pictures.write(drawn, loaded, page):
        print(storage.shown(file))
    for fault in drawn.faults:
        print(f"superposition: not drawn: {fault}", file=sys.stderr)
    if out is None:
        webbrowser.open(page.as_uri())
    if drawn.faults:
        raise typer.Exit(1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="PART/NAME", help="Such as toy/mine.")],
) -> None:
    """Begin an experiment: write its files, list its chapter in _quarto.yml, run it, and store its claims.

    What it computes is small and works at once; in each file REPLACE stands where your own words and code belong.

    \b
    Example:  superposition new toy/mine"""
    from importlib import invalidate_caches

    from superposition import claims as register
    from superposition import paths, runs, storage
    from superposition.book import new as begin

    files = begin.write(name)
    print(*map(storage.shown, files), sep="\n")
    invalidate_caches()
    runs.run(name, device="cpu")
    stored = json.loads((paths.data() / "claims.json").read_text(encoding="utf-8"))
    _store(sorted([*stored, *register.as_json(register.evaluate(name))], key=lambda claim: claim["id"]))
    print(
        f"Its results and claims are stored. Next: superposition show {name}, then replace what says REPLACE, and\n"
        "make freeze, which executes its chapter and the pages that list all chapters; then make test is green."
    )


@app.command()
def restamp(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Experiments, such as toy/intro.")],
) -> None:
    """Keep results whose code has changed, where the change leaves their numbers alone.

    Makes a quick run with the code of the commit that the results come from, and one with the present code. Where
    both give the same bytes, the record takes the present code's digest and says so; else compute the results anew.

    \b
    Example:  superposition restamp toy/intro toy/wide"""
    from superposition import restamp as new_code

    for name in names:
        commit = new_code.restamp(name)
        print(f"{name}: the same bytes as by the code of {commit[:12]}" if commit else f"{name}: is fresh")


@app.command()
def status() -> None:
    """Say what is stale, why, and how to refresh it.

    Results come first, then assets and chapters. Exit status 1 where anything is stale.

    \b
    Example:  superposition status"""
    from superposition import runs
    from superposition.book import freeze
    from superposition.digests import Code

    code, known = Code(), {}
    every = {name: "; ".join(runs.stale(name, code, known)) for name in runs.names()}
    found = [(name, reasons, f"superposition run {name}") for name, reasons in every.items() if reasons]
    found += freeze.status()
    for what, reason, command in found:
        print(f"{what}\n  {reason}\n  refresh: {command}")
    if found:
        raise typer.Exit(1)
    print("All results, assets and chapters are fresh.")


@app.command()
def freeze(
    chapters: Annotated[list[str] | None, typer.Argument(metavar="[CHAPTER...]", help="Such as toy/intro, fresh or not.")] = None,
) -> None:
    """Make the stale assets and execute the stale chapters again, which needs Quarto: what `make freeze` calls.

    Where results have changed, a chapter's cells are tried out before anything is written.

    \b
    Example:  superposition freeze
              superposition freeze toy/intro"""
    from superposition.book import freeze as frozen
    from superposition.book import pictures

    names = chapters or []
    for chapter, changed in frozen.with_other_results(names).items():
        print(f"trying out {chapter} on the new results of {', '.join(changed)}", file=sys.stderr)
        pictures.check(chapter, changed)
    done = frozen.refresh(names)
    print("refreshed " + ", ".join(done) if done else "every asset and chapter is fresh: nothing to do")


@app.command()
def bench(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="A part, such as toy, or the beginning of a row's name.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """Measure our speed against the reference techniques.

    Both sides alternate in one process; the medians are compared. The matrix peak is that of NumPy's product of two large
    matrices, timed with them. With JAX installed (extra `bench`) some rows are against it too.

    \b
    Example:  superposition bench toy
              superposition bench "toy 100" --json"""
    from superposition import bench as benchmarks

    rows = []
    for row in benchmarks.rows(name):
        print(f"{row['name']}: {row['ratio']:.1f} times faster", file=sys.stderr)
        rows.append(row)
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = _table("name", "ours, ms", "reference, ms", "times faster", "of matrix peak", "what")
    for row in rows:
        times, peak = (f"{row[side]:.2f}" for side in ("ours_ms", "reference_ms")), row["peak"]
        table.add_row(row["name"], *times, f"{row['ratio']:.1f}", f"{peak:.0%}" if peak else "", row["what"])
    _print(table)


@app.command()
def claims(
    chapter: Annotated[str | None, typer.Argument(metavar="[CHAPTER]", help="One chapter, such as toy/intro.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Store them all in data/claims.json.")] = False,
) -> None:
    """Check the claims against the stored results; with --write, show those that differ from what was stored.

    \b
    Example:  superposition claims toy/intro
              superposition claims --write"""
    from superposition import claims as register
    from superposition import paths, storage

    if write and chapter:
        raise typer.BadParameter("--write stores the claims of all chapters: leave CHAPTER out")
    evaluated = register.evaluate(chapter)
    shown, found = evaluated, register.as_json(evaluated)
    if write:
        path = paths.data() / "claims.json"
        stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        shown = [one for one, plain in zip(evaluated, found, strict=True) if plain not in stored]
        gone = sorted({claim["id"] for claim in stored} - {claim["id"] for claim in found})
    table = _table("claim", "verdict", "value", "interval", "baseline", "over")
    for claim, finding in shown:
        estimate, baseline = finding.estimate, "" if finding.baseline is None else f"{finding.baseline:.3g}"
        spread, over = f"{estimate.low:.3g} to {estimate.high:.3g}", f"{estimate.count} {estimate.over}"
        if estimate.over == "none":
            spread, over = "", "none"
        table.add_row(claim.id, claim.verdict(finding), f"{estimate.value:.3g} {claim.unit}".strip(), spread, baseline, over)
    if shown or not write:
        _print(table)
    if write:
        print(*(f"{claim}: no longer claimed" for claim in gone), sep="\n", end="\n" * bool(gone))
        print(f"{len(shown)} new or changed, {len(found) - len(shown)} kept: stored in {storage.shown(_store(found))}")


def _store(claims_as_json: list[dict]) -> Path:
    """Writes data/claims.json, and returns its path."""
    from superposition import paths, storage

    path = paths.data() / "claims.json"
    storage.write(path, (json.dumps(claims_as_json, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())
    return path


@app.command()
def book(
    plain: Annotated[bool, typer.Option("--plain", help="The plain edition, even where Quarto is installed.")] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Then serve it on this machine and open it; Ctrl-C ends.")] = False,
) -> None:
    """Build the book and print the page to open.

    It is built from the frozen chapters, so nothing is computed.

    \b
    Example:  superposition book
              superposition book --serve"""
    from superposition.book import build

    index = build.main(plain=plain)
    print(index)
    if serve:
        from superposition.book import serve as server

        server.main(index.parent)


@app.command()
def measure(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="safetensors, .npy, .npz, or a model's folder.")],
    features: Annotated[Axis | None, typer.Option(help="Where features lie; without it, along the longer side.")] = None,
    only: Annotated[str, typer.Option(metavar="PATTERN", help="Tensors of these names only, such as '*.mlp.*'.")] = "*",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw them too, as .png, .svg or .pdf.")] = None,
) -> None:
    """Measure superposition in weight matrices: a line each.

    Works without the repository, and never unpickles. Exit status 1 where a file or tensor could not be measured; the
    others are.

    \b
    Example:  superposition measure model.safetensors
              superposition measure W.npy --features columns --json
              superposition measure models/gpt2 --only '*.mlp.*' --plot mlp.png"""
    from rich.console import Console
    from rich.progress import track
    from rich.text import Text

    from superposition import measuring
    from superposition.errors import SuperpositionError

    if plot and plot.suffix not in (".png", ".svg", ".pdf"):
        raise typer.BadParameter(f"--plot {plot}: expected a name that ends in .png, .svg or .pdf")
    tensors, faults, notes = measuring.matrices(files, only)
    if plot and len(tensors) > measuring.MOST_DRAWN:
        raise typer.BadParameter(
            f"--plot draws up to {measuring.MOST_DRAWN} matrices, not {len(tensors):,}: choose some with --only"
        )
    found = []
    console = Console(stderr=True)
    for tensor in track(tensors, "measuring", console=console, transient=True, disable=not console.is_terminal):
        try:
            found.append(measuring.of_tensor(tensor, features.value if features else None))
        except SuperpositionError as error:
            faults.append(str(error))
    if as_json:
        print(json.dumps([one.as_json() for one in found], indent=2))
    elif found:
        table, wide = _table(*measuring.HEADERS), not sys.stdout.isatty() or Console().width >= 120
        for column in table.columns[1:]:
            column.no_wrap = True
        for one in found:
            table.add_row(*(Text(cell) for cell in measuring.cells(one, nulls=wide, several=len(files) > 1)))
        _print(table)
        legends = [measuring.LEGEND, *[measuring.NULLS] * wide, *[measuring.LONGER] * (features is None)]
        print(*legends, sep="\n")
    notes += [f"{one.name}: {note}" for one in found for note in one.notes]
    for line in (*notes, *(f"superposition: {fault}" for fault in faults)):
        print(measuring.printable(line), file=sys.stderr)
    if plot and found:
        from superposition import storage
        from superposition.figures import matrices, style

        figure = matrices.measured([measuring.printable(one.name) for one in found], *measuring.series(found))
        storage.write(plot, style.image(figure, plot.suffix[1:]))
    if faults:
        raise typer.Exit(1)


@app.command()
def neuroscope(
    model: Annotated[str, typer.Option(metavar="NAME|FOLDER", help="An experiment, a model's folder, or a name on a hub.")],
    corpus: Annotated[
        str,
        typer.Option(metavar="PATH|NAME|samples", help="Stories, or `samples` to draw them from the model itself."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder for the site.")],
    layers: Annotated[str, typer.Option(metavar="LIST", help="Such as 0 or 0,2-5; by default all.")] = "",
    neurons: Annotated[str, typer.Option(metavar="LIST", help="Of each layer, such as 0-99; by default all.")] = "",
    context: Annotated[int | None, typer.Option(min=8, help="Tokens a row; by default the model's context.")] = None,
    texts: Annotated[int, typer.Option(min=1, help="How many texts to draw, with --corpus samples.")] = 2000,
    ablate: Annotated[int, typer.Option(min=0, help="Rows on which each neuron is ablated; 0 saves the time.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask cluster, such as tcp://host:8786.")] = None,
) -> None:
    """Build a site with a page for every neuron of a model.

    Works without the repository, for any model of TransformerLens with MLP neurons. A run that was stopped goes on
    where it was. A corpus is a file of texts between lines <|endoftext|>, a folder with TinyStories-train.txt, or the
    name of a data set on a hub.

    \b
    Example:  superposition neuroscope --model stories/train_1l --corpus samples --out neurons
              superposition neuroscope --model models/gpt2 --corpus texts.txt --out neurons --layers 0-2"""
    from superposition.stories.engine import scope

    chosen = [_numbers(option, given) for option, given in (("--layers", layers), ("--neurons", neurons))]
    try:
        print(scope.make(model, corpus, out, *chosen, context, texts, ablate, seed, scheduler))
    except KeyboardInterrupt:
        print("\nneuroscope: stopped: the same command goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None


def _numbers(option: str, given: str) -> list[int]:
    """The numbers in a list such as 0,2-5."""
    found: list[int] = []
    for part in filter(None, given.split(",")):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise typer.BadParameter(f"{option}: expected numbers such as 0,2-5, got {part!r}")
        found += range(int(first), int(last if dash else first) + 1)
    return found


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", overflow="fold")
    return table


def _print(table: "Table") -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:  # in a file or a pipe, a row stays on one line
        console.width = 1000
    console.print(table, crop=False)
