"""classify_batch with `annotate` and `faces`: copies and faces are in the rows, and what fails at them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.batch_world import BATCHES, UPLOADS, BatchWorld

ZOO = {"source": f"s3://{UPLOADS}/zoo/", "threshold": 0.5}


@pytest.fixture
def world() -> BatchWorld:
    return BatchWorld()


def by_key(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in rows}


def copies(world: BatchWorld, run: str = "run-1") -> dict[str, bytes]:
    """Annotated copies by the keys of their pictures."""
    prefix = f"runs/{run}/annotated/{UPLOADS}/"
    listed = world.s3.list_objects_v2(Bucket=BATCHES, Prefix=prefix).get("Contents", [])
    return {
        each["Key"].removeprefix(prefix): world.s3.get_object(Bucket=BATCHES, Key=each["Key"])["Body"].read()
        for each in listed
    }


def test_unless_asked_for_nothing_is_drawn_or_looked_for(world: BatchWorld) -> None:
    world.put("zoo/a.jpg", "cat 0.97 faces 2")

    world.run(ZOO)

    [row] = world.rows()
    assert (row["faces"], row["facesError"], row["annotated"]) == ("", "", "")
    assert copies(world) == {}
    assert world.summary()["costs"]["Rekognition"] == 0


def test_a_copy_has_label_and_faces_and_its_key_is_in_the_row(world: BatchWorld) -> None:
    world.put("zoo/a.jpg", "cat 0.97 faces 2")
    world.put("zoo/unsure.jpg", "dog 0.2")
    world.put("zoo/broken.jpg", "broken")

    ending = world.run(ZOO | {"annotate": True, "faces": True})

    assert ending.status == "SUCCEEDED"
    assert copies(world) == {"zoo/a.jpg": b"cat, 2 faces", "zoo/unsure.jpg": b"dog, 0 faces"}
    rows = by_key(world.rows())
    assert rows["zoo/a.jpg"]["annotated"] == f"runs/run-1/annotated/{UPLOADS}/zoo/a.jpg"
    assert [rows[f"zoo/{name}.jpg"]["faces"] for name in ("a", "unsure", "broken")] == ["2", "0", ""]
    assert rows["zoo/broken.jpg"]["annotated"] == ""
    summary = world.summary()
    assert (summary["faces"], summary["lookedForFaces"], summary["annotated"]) == (2, 2, 2)
    assert summary["costs"]["Rekognition"] == pytest.approx(0.002)


def test_faces_alone_make_no_copy(world: BatchWorld) -> None:
    world.put("zoo/a.jpg", "cat 0.97 faces 1")

    world.run(ZOO | {"faces": True})

    assert world.rows()[0]["faces"] == "1"
    assert copies(world) == {}


def test_where_faces_cannot_be_detected_the_picture_goes_on_and_the_row_says_why(world: BatchWorld) -> None:
    world.put("zoo/a.jpg", "cat 0.97 throttled")

    world.run(ZOO | {"annotate": True, "faces": True})

    [row] = world.rows()
    assert (row["status"], row["faces"], row["facesError"]) == ("CLASSIFIED", "", "ThrottlingException")
    assert copies(world) == {"zoo/a.jpg": b"cat, 0 faces"}
    assert (
        "Of 1 pictures the faces are not known: ThrottlingException" in world.report("summary.html").decode()
    )


def test_a_picture_that_cannot_be_drawn_on_is_a_failed_row(world: BatchWorld) -> None:
    world.put("zoo/a.jpg", "cat 0.97")
    world.put("zoo/half.jpg", "cat 0.97 truncated")

    world.run(ZOO | {"annotate": True})

    rows = by_key(world.rows())
    assert (rows["zoo/half.jpg"]["status"], rows["zoo/half.jpg"]["error"]) == ("FAILED", "CorruptImageError")
    assert rows["zoo/a.jpg"]["status"] == "CLASSIFIED"


@pytest.mark.parametrize(("before", "carried"), [({"annotate": True}, 2), ({}, 0), ({"faces": True}, 0)])
def test_a_row_without_a_copy_is_not_carried_into_a_run_that_makes_them(
    world: BatchWorld, before: dict[str, bool], carried: int
) -> None:
    for name in ("a", "b"):
        world.put(f"zoo/{name}.jpg", "cat 0.97")
    world.run(ZOO | before, name="run-1")

    world.run(ZOO | {"annotate": True, "resume": "run-1"}, name="run-2")

    assert world.summary("run-2")["carried"] == carried
    assert all(row["annotated"] for row in world.rows("run-2"))


@pytest.mark.parametrize("wish", ["annotate", "faces"])
def test_a_wish_that_is_no_flag_is_refused(world: BatchWorld, wish: str) -> None:
    world.put_pictures(1)

    ending = world.run(ZOO | {wish: "yes"})

    assert (ending.status, ending.error) == ("FAILED", "InvalidInputError")
