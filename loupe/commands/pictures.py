"""`loupe classify` and `loupe retry`."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from loupe import render
from loupe.aws import Records, StackWorkflow
from loupe.classify import ClassifyOptions, Workflow, classify_all
from loupe.console import answers, print_json, progress
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.logs import parse_since
from loupe.pictures import Picture, find_pictures
from loupe.results import Result, exit_code
from loupe.retry import Selection, picture_of, select
from loupe.watch import watch


@click.command()
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--threshold", type=click.FloatRange(0, 1), help="Refuse what is less sure than this (0 to 1).")
@click.option(
    "--faces/--no-faces", default=None, help="Look for faces, or don't, whatever the stack's default."
)
@click.option(
    "--watch", "keep_watching", is_flag=True, help="Go on: classify what comes to the folders, until Ctrl-C."
)
@click.option(
    "--parallel",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Pictures under way at once.",
)
@click.option(
    "--timeout",
    default=900.0,
    show_default=True,
    type=click.FloatRange(1),
    help="Seconds to follow one picture.",
)
@target_options
@json_option
@click.pass_context
def classify(
    ctx: click.Context,
    pictures: tuple[str, ...],
    threshold: float | None,
    faces: bool | None,
    keep_watching: bool,
    parallel: int,
    timeout: float,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """Classify pictures: files, folders, s3://bucket/key or s3://bucket/prefix/.

    Local files are uploaded to the stack's uploads bucket under console/. Each picture is an execution of the
    workflow of its own, which is recorded and notified as any other.

    Ends with 0 when all were classified, 3 when some were refused because the model was less sure than the
    threshold or wait for a person (and nothing worse happened), 1 on any other failure, 2 when an argument is
    wrong.
    """

    @functools.cache
    def workflow() -> StackWorkflow:
        cloud, stack = chosen.stack(read_settings(), parallel)
        return StackWorkflow(cloud, stack)

    def look() -> list[Picture]:
        # What is wrong with the arguments is said before anything is asked of a cloud.
        return find_pictures(pictures, lambda location: workflow().list_prefix(location))

    options = ClassifyOptions(threshold=threshold, faces=faces, parallel=parallel, timeout=timeout)
    if keep_watching:
        watch(look, workflow(), options, lambda result: _tell(result, as_json))
        return
    results = _classify_with_progress(look(), workflow(), options, as_json)
    if not as_json:
        render.print_results(answers(), results)
    ctx.exit(exit_code(results))


@click.command()
@click.argument("image_ids", nargs=-1, metavar="[IMAGE...]")
@click.option(
    "--status",
    type=click.Choice(("FAILED", "REJECTED", "CLASSIFIED", "IN_REVIEW"), case_sensitive=False),
    help="All in this status. Default, with --error or --since: failed, or rejected where the error is why.",
)
@click.option("--error", help="All with this error, such as EndpointNotFoundError.")
@click.option("--since", help="All changed since: 90s, 10m, 2h, 1d, or a time.")
@click.option("--threshold", type=click.FloatRange(0, 1), help="Refuse what is less sure than this (0 to 1).")
@click.option("--dry-run", is_flag=True, help="Only say which.")
@click.option(
    "--parallel", default=10, show_default=True, type=click.IntRange(1, 100), help="Pictures at once."
)
@target_options
@json_option
@click.pass_context
def retry(
    ctx: click.Context,
    image_ids: tuple[str, ...],
    status: str | None,
    error: str | None,
    since: str | None,
    threshold: float | None,
    dry_run: bool,
    parallel: int,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """Classify again what failed: pictures by id, or all of a status, an error or a time.

    Each is a new execution, at the stack's threshold unless --threshold says otherwise, and keeps the title
    that somebody gave it. A picture that a person labelled is classified again only where it is named by its
    id. Ends as `loupe classify` does.
    """
    since_ms = parse_since(since) if since else None
    cloud, stack = chosen.stack(read_settings(), parallel)
    found = select(Selection(image_ids, status, error, since_ms), Records(cloud, stack))
    if dry_run:
        for record in found:
            if as_json:
                print_json(record)
        if not as_json:
            answers().print(render.records_table(found) if found else "There is nothing to classify again.")
        return
    options = ClassifyOptions(threshold=threshold, parallel=parallel)
    pictures = [picture_of(record) for record in found]
    results = _classify_with_progress(pictures, StackWorkflow(cloud, stack), options, as_json)
    if not as_json:
        if results:
            render.print_results(answers(), results)
        else:
            answers().print("There is nothing to classify again.")
    ctx.exit(exit_code(results))


def _classify_with_progress(
    found: list[Picture], workflow: Workflow, options: ClassifyOptions, as_json: bool
) -> list[Result]:
    """Classify, with a bar on standard error; with JSON a line a picture as soon as its turn has come."""
    results = []
    console = progress()
    with _bar(console, len(found)) as bar:
        for result in classify_all(found, workflow, options, bar):
            results.append(result)
            if as_json:
                print(result.to_json(), flush=True)
    return results


class _Bar:
    """Counts endings."""

    def __init__(self, display: Progress, total: int) -> None:
        self._display = display
        self._task = display.add_task("Classifying", total=total)

    def __call__(self, result: Result) -> None:
        self._display.advance(self._task)


@contextmanager
def _bar(console: Console, total: int) -> Iterator[_Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        yield _Bar(display, total)


def _tell(result: Result, as_json: bool) -> None:
    """One picture's ending as one line, for a watch that has no end."""
    if as_json:
        print(result.to_json(), flush=True)
        return
    line = render.status_of(result)
    line.append(f"  {result.image}  ", style="default")
    line.append(
        f"{result.label or ''} {render.percent(result.confidence)}" if result.label else result.error or ""
    )
    answers().print(line, soft_wrap=True)
