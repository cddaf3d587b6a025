"""`loupe batch`, `loupe batches`."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from loupe.aws import Cloud
from loupe.batch.display import BatchDisplay, print_result
from loupe.batch.estimate import estimate, lines
from loupe.batch.follow import Follower
from loupe.batch.result import BatchResult, from_execution
from loupe.batch.start import default_name, parse_review, parse_tolerance, payload_of, resumed, source_in_s3
from loupe.batch.workflow import BatchWorkflow, base_name, run_name
from loupe.console import answers, print_json, progress, step
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import CommandError, InputError
from loupe.lifecycle import ending_by_signal
from loupe.render import local_time, new_table, took
from loupe.stack import Stack

EXIT_INTERRUPTED = 130
SAMPLE = 100


@click.command()
@click.argument("source", metavar="SRC", required=False)
@click.option("--name", help="What the run is called. Default: the source's name. The time is added.")
@click.option(
    "--sample",
    type=click.IntRange(0, 10_000),
    default=SAMPLE,
    show_default=True,
    help="Classify so many first, on the live endpoint, and say what all will take. 0: none.",
)
@click.option(
    "--on",
    type=click.Choice(["temporary", "live", "container"]),
    default="temporary",
    show_default=True,
    help="An endpoint of the run's own with the live model; the live one, two batches at once; or the "
    "container's function (the stack's ClassifierFunctionArn).",
)
@click.option("--instances", type=click.IntRange(1, 100), help="Of the temporary endpoint. Default: 1.")
@click.option("--instance-type", help="Of the temporary endpoint. Default: the live one's.")
@click.option(
    "--concurrency", type=click.IntRange(1, 1000), help="Batches at once. Default: by the instances."
)
@click.option("--threshold", type=click.FloatRange(0, 1), help="0 to 1. Default: the stack's.")
@click.option("--tolerate", metavar="1%", help="Give up when more fails than that for no picture's fault.")
@click.option("--max-pictures", type=click.IntRange(1), help="Take the first so many of the source.")
@click.option(
    "--annotate", is_flag=True, help="Keep a copy of each picture with its labels (and faces) drawn on it."
)
@click.option("--faces", is_flag=True, help="Detect faces, too: Rekognition's price is a dollar a thousand.")
@click.option("--record", is_flag=True, help="Write the results into the Images table, too.")
@click.option(
    "--review",
    metavar="lowest:N",
    help="Let a person decide about the N least sure (with --record and the review stack).",
)
@click.option("--records", is_flag=True, help="No SRC: what another model than the live one has recorded.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
@click.option("--detach", "-d", is_flag=True, help="Start it and return; it goes on by itself.")
@click.option("--follow", metavar="RUN", help="Start nothing: follow a run of `loupe batches`.")
@click.option("--resume", metavar="RUN", help="Go on with a run: what it has done is not done again.")
@click.option("--redrive", metavar="RUN", help="Let Step Functions go on with a run that was stopped.")
@click.option(
    "--download", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="Get the report."
)
@target_options
@json_option
@click.pass_context
def batch(ctx: click.Context, /, chosen: Chosen, as_json: bool, **given: Any) -> None:
    """Classify many pictures at once: s3://BUCKET/PREFIX/, a list, an inventory, or a local folder.

    A list is a CSV or JSON lines with a column `key` (also `bucket`, `versionId`), here or in S3: the
    failed.csv of a run, for example. An inventory is the manifest.json of S3 Inventory. A folder is uploaded
    first, and an upload that broke off goes on.

    A hundred pictures are classified first, to say what all will cost and take. Then a Distributed Map goes
    over all of them, on an endpoint of its own that is removed afterwards; the report has a row a picture. A
    picture that cannot be classified is a row and stops nothing.

    Ctrl-C asks whether to stop the run or to leave it to itself.

    Ends with 0 when the run is done, 1 when it failed or was stopped, 2 when an argument is wrong, 130 after
    Ctrl-C. With --json the last line is run, status, pictures, classified, rejected, failed, report,
    executionArn, durationMs, error, cause.
    """
    cloud, stack = chosen.stack(read_settings(), parallel=20)
    workflow = BatchWorkflow(cloud, stack)
    interactive = not (given["yes"] or as_json or given["detach"]) and sys.stdin.isatty()
    with ending_by_signal():
        arn = _running(workflow, given) or _begun(cloud, stack, workflow, given, interactive)
        if arn is None:
            progress().print("Nothing was started.", style="dim")
            ctx.exit(0)
        if given["detach"]:
            result, summary = BatchResult(arn.rpartition(":")[2], "RUNNING", arn), None
        else:
            result, summary = _followed(ctx, workflow, arn, interactive)
    if given["download"] and summary:
        for path in workflow.download(result.run, given["download"]):
            step("Downloaded", str(path))
    if as_json:
        print(result.to_json(), flush=True)
    else:
        print_result(result, summary)
    ctx.exit(EXIT_INTERRUPTED if result.error == "Stopped" else result.exit_code)


def _running(workflow: BatchWorkflow, given: dict[str, Any]) -> str | None:
    """The ARN of a run that is there already: to follow, or redriven. InputError for two wishes at once."""
    wishes = [name for name in ("source", "records", "follow", "resume", "redrive") if given[name]]
    if len(wishes) != 1:
        raise InputError("Give one of: SRC, --records, --follow RUN, --resume RUN, --redrive RUN.")
    if given["follow"]:
        arn = workflow.arn_of(given["follow"])
        workflow.describe(arn)
        return arn
    if given["redrive"]:
        arn = workflow.arn_of(given["redrive"])
        workflow.describe(arn)
        if workflow.plan(given["redrive"])["on"] == "temporary":
            raise InputError(
                f"The temporary endpoint of {given['redrive']} is gone. Use --resume {given['redrive']}: it "
                "makes another, and does again nothing that was done."
            )
        workflow.redrive(arn)
        step("Redriven", arn)
        return arn
    return None


def _begun(
    cloud: Cloud, stack: Stack, workflow: BatchWorkflow, given: dict[str, Any], interactive: bool
) -> str | None:
    """The ARN of a run that was started; None where a person said no."""
    if given["resume"]:
        run = run_name(base_name(given["resume"]))
        payload = resumed(workflow.plan(given["resume"])) | _options(given)
    else:
        run, payload = _wished(cloud, stack, given)
        if given["sample"]:
            sampled = _sampled(workflow, run, payload, given["sample"], interactive)
            if sampled is None:
                return None
            if not given["record"]:
                # What was sampled needs no second look, but for the records that the sample does not write.
                payload["resume"] = sampled
    arn = workflow.start(run, payload)
    step("Batch started", arn)
    return arn


def _wished(cloud: Cloud, stack: Stack, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The run's name and its input, by the options; what is local is uploaded."""
    run = run_name(given["name"] or default_name(given["source"] or "records"))
    options = _options(given)
    source = None
    if given["source"]:
        with progress().status("Uploading …") as status:
            source, sent = source_in_s3(
                cloud,
                stack,
                given["source"],
                run,
                lambda done, of: status.update(f"Uploaded {done:,} of {of:,}"),
            )
        if not given["source"].startswith("s3://"):
            step("Uploaded", f"{sent:,} new, to {source}")
    return run, payload_of(
        source=source,
        records=given["records"],
        on=given["on"],
        record=given["record"],
        annotate=given["annotate"],
        faces=given["faces"],
        review=_reviewed(given, stack),
        **options,
    )


def _reviewed(given: dict[str, Any], stack: Stack) -> int | None:
    """How many pictures a person is to decide about. InputError where that cannot be."""
    number = parse_review(given["review"])
    if number is None:
        return None
    if not given["record"]:
        raise InputError("--review needs --record: what a person decides is written into the records.")
    stack.output("ReviewStateMachineArn")
    return number


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """Those that were given of what a run that goes on with another may have otherwise."""
    return payload_of(
        instances=given["instances"],
        instanceType=given["instance_type"],
        concurrency=given["concurrency"],
        threshold=given["threshold"],
        tolerate=parse_tolerance(given["tolerate"]),
        maxPictures=given["max_pictures"],
    )


def _sampled(
    workflow: BatchWorkflow, run: str, payload: dict[str, Any], size: int, interactive: bool
) -> str | None:
    """Classify a sample and say what all will take; the sample's run, or None where a person said no."""
    sample = run_name(f"{base_name(run)}-sample")
    on = "container" if payload["on"] == "container" else "live"
    wanted = {**payload, "on": on, "sample": size, "notify": False, "tolerate": 100, "record": False}
    wanted.pop("review", None)
    for name in ("instances", "instanceType", "concurrency"):
        wanted.pop(name, None)
    arn = workflow.start(sample, wanted)
    follower = Follower(workflow, arn)
    try:
        with BatchDisplay() as display:
            for found in follower.run():
                display.show(found)
    except KeyboardInterrupt:
        follower.stop()
        raise
    summary = workflow.summary(sample)
    if follower.outcome is None or follower.outcome.status != "SUCCEEDED" or summary is None:
        outcome = follower.outcome
        raise CommandError(f"The sample failed: {outcome and outcome.error}: {outcome and outcome.cause}")
    plan = {**workflow.plan(sample), **_planned(payload, workflow.plan(sample))}
    found_out = estimate(
        summary, plan["concurrency"], payload.get("instances", 1), temporary=payload["on"] == "temporary"
    )
    for line in lines(found_out, plan):
        progress().print(Text(f"    {line}"), soft_wrap=True)
    if interactive and not click.confirm("Go on?", default=True, err=True):
        return None
    return sample


def _planned(payload: dict[str, Any], sample: dict[str, Any]) -> dict[str, Any]:
    """What the run itself will be planned as, as far as its input says; the stack knows the rest."""
    if payload["on"] != "temporary":
        return {"concurrency": payload.get("concurrency", sample["concurrency"])}
    instances = payload.get("instances", 1)
    hosted = {
        "InitialInstanceCount": instances,
        "InstanceType": payload.get("instanceType", sample["instanceType"]),
    }
    concurrency = payload.get("concurrency", instances * sample["concurrencyPerInstance"])
    return {"variants": [hosted], "concurrency": concurrency}


def _followed(
    ctx: click.Context, workflow: BatchWorkflow, arn: str, interactive: bool
) -> tuple[BatchResult, dict[str, Any] | None]:
    follower = Follower(workflow, arn)
    run = arn.rpartition(":")[2]
    try:
        with BatchDisplay() as display:
            for found in follower.run():
                display.show(found)
        outcome = follower.outcome
        assert outcome is not None
    except KeyboardInterrupt:
        if not (interactive and _is_to_be_stopped()):
            step("It goes on by itself", f"loupe batch --follow {run}")
            ctx.exit(EXIT_INTERRUPTED)
        outcome = follower.stop()
        step("Stopped", f"go on with: loupe batch --resume {run}")
    summary = workflow.summary(run)
    return from_execution(outcome, summary), summary


def _is_to_be_stopped() -> bool:
    """As a person says; where nobody is there any more, the run goes on."""
    try:
        question = "Stop the run? What is done is kept (no: it goes on by itself)"
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        return False


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@target_options
@json_option
def batches(limit: int, chosen: Chosen, as_json: bool) -> None:
    """List batches, the newest first. `loupe batch --follow RUN` joins one that is running."""
    cloud, stack = chosen.stack(read_settings())
    found = BatchWorkflow(cloud, stack).runs(limit)
    if as_json:
        for run in found:
            print_json(run.to_dict())
        return
    if not found:
        answers().print("No batches yet. `loupe batch pictures/` starts one.")
        return
    table = new_table("Run", "Status", "Started", ("Took", "right"))
    for run in found:
        style = {"RUNNING": "cyan", "SUCCEEDED": "green"}.get(run.status, "red")
        ended = run.stopped or datetime.now(UTC)
        table.add_row(
            Text(run.name, overflow="fold"),
            Text(run.status, style=style),
            Text(local_time(run.started.isoformat()), style="dim", no_wrap=True),
            took(round((ended - run.started).total_seconds() * 1000)),
        )
    answers().print(table)
