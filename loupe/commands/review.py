"""`loupe review`, `loupe label`: a person decides what the model is unsure of, and corrects what it said."""

from pathlib import Path

import click
from rich.text import Text

from loupe.console import answers, print_json, step
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import InputError
from loupe.render import local_time, new_table, percent
from loupe.reviews import Reviews, listed
from loupe_review.dataset import write_manifest
from loupe_review.review import LABEL, NONE, UNUSABLE, Review


@click.command()
@click.argument("review_id", metavar="[ID]", required=False)
@click.option("--label", "given_label", metavar="LABEL", help="The picture shows this.")
@click.option("--none", "is_none", is_flag=True, help="None of the labels fits.")
@click.option("--unusable", is_flag=True, help="Nothing in the picture can be named.")
@click.option("--skip", is_flag=True, help="Leave it to others.")
@click.option(
    "--export", type=click.Path(path_type=Path), metavar="FILE", help="Write all answers to a file."
)
@click.option("--open", "open_page", is_flag=True, help="Print the page's address.")
@target_options
@json_option
def review(
    review_id: str | None,
    given_label: str | None,
    is_none: bool,
    unusable: bool,
    skip: bool,
    export: Path | None,
    open_page: bool,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """List the pictures that wait for a person, or answer one of them.

    ID may be the first characters, as the list has them. --export writes what people have answered so far as
    JSON lines, in the form of Ground Truth's manifests, which `loupe train` reads.
    """
    cloud, stack = chosen.stack(read_settings())
    said = [bool(given_label), is_none, unusable, skip]
    if open_page:
        url = f"{stack.output('WebUrl').rstrip('/')}/review"
        print_json({"url": url}) if as_json else answers().print(url, soft_wrap=True)
        return
    reviews = Reviews(cloud, stack)
    if export is not None:
        found = reviews.all()
        count = write_manifest(export, found)
        print_json({"path": str(export), "pictures": count}) if as_json else step(
            f"{export}", f"{count} pictures"
        )
        return
    if review_id is None:
        if any(said):
            raise InputError("Say which: `loupe review ID --label LABEL`. `loupe review` lists them.")
        _print_waiting(reviews.waiting(), as_json)
        return
    if sum(said) != 1:
        raise InputError("Give one of --label LABEL, --none, --unusable, --skip.")
    if skip:
        done = reviews.skip(review_id)
    else:
        choice = LABEL if given_label else NONE if is_none else UNUSABLE
        done = reviews.answer(review_id, choice, given_label or "")
    _print_done(done, as_json)


@click.command()
@click.argument("image_id", metavar="IMAGE")
@click.argument("label", metavar="LABEL")
@target_options
@json_option
def label(image_id: str, label: str, chosen: Chosen, as_json: bool) -> None:
    """Correct a picture's label. IMAGE is its id or the beginning of it, as `loupe images` prints them.

    What was there before is kept, with who changed it. A picture that waits for a person is answered so.
    """
    cloud, stack = chosen.stack(read_settings())
    _print_done(Reviews(cloud, stack).correct(image_id, label), as_json)


def _print_waiting(waiting: list[Review], as_json: bool) -> None:
    if as_json:
        for each in waiting:
            print_json(listed(each))
        return
    if not waiting:
        answers().print("No picture waits for you.")
        return
    table = new_table("Review", "Picture", "Guess", ("Confidence", "right"), "Since", "Until")
    for each in waiting:
        score = float(each.predictions[0]["score"]) if each.predictions else None
        table.add_row(
            Text(each.review_id[:12], style="dim", no_wrap=True),
            Text(each.key, overflow="fold"),
            Text(each.guess or "–", overflow="fold"),
            percent(score),
            Text(local_time(each.created_at), style="dim", no_wrap=True),
            Text(local_time(each.due_at), style="dim", no_wrap=True),
        )
    answers().print(table)
    answers().print(f"{len(waiting)} waiting. Answer with: loupe review ID --label LABEL")


def _print_done(done: Review, as_json: bool) -> None:
    decision = done.decision
    if as_json:
        print_json(
            {
                "reviewId": done.review_id,
                "imageId": done.image_id,
                "status": done.status,
                "outcome": decision.outcome if decision else None,
                "label": (decision.label or None) if decision else None,
            }
        )
    elif decision is None:
        step(f"{done.key}", "waits for others")
    else:
        step(f"{done.key}", decision.label or decision.outcome.lower())
