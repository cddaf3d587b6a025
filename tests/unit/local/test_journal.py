"""A journal gives back what was appended, whatever happened to its files in between."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.cloud.durability.install import must_be_written
from local.cloud.durability.journal import Journal


def numbers(journal: Journal) -> list[int]:
    return [entry["n"] for entry in journal.entries()]


def test_entries_are_read_in_order_by_the_next_process(tmp_path: Path) -> None:
    first = Journal(tmp_path, "items")
    for n in range(3):
        first.append({"n": n})
    second = Journal(tmp_path, "items")
    second.append({"n": 3})

    assert numbers(Journal(tmp_path, "items")) == [0, 1, 2, 3]


def test_a_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "items")
    journal.append({"n": 0})
    with (tmp_path / "items.1").open("ab") as file:
        file.write(b'{"n": 1, "te')
    later = Journal(tmp_path, "items")
    later.append({"n": 2})

    assert numbers(later) == [0, 2]


def test_what_is_kept_elsewhere_is_forgotten_and_what_came_since_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "items")
    journal.append({"n": 0})
    before = journal.rotate()
    journal.append({"n": 1})
    journal.forget(before)

    assert numbers(journal) == [1]
    assert journal.size == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_old_files_are_replaced_by_what_is_left_of_them(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "executions")
    for n in range(2):
        journal.append({"n": n})
        before = journal.rotate()
    journal.append({"n": 3})
    journal.replace(before, [{"n": 1}])

    assert numbers(journal) == [1, 3]
    assert journal.size == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "items")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: journal.append({"n": n, "text": "x" * 10_000}), range(200)))

    assert sorted(numbers(journal)) == list(range(200))


@pytest.mark.parametrize(
    ("service", "action", "waits"),
    [
        ("iam", "iam:CreateUser", True),
        ("iam", "iam:ListUsers", False),
        ("sqs", "sqs:SendMessage", True),
        ("dynamodb", "dynamodb:PutItem", False),
        ("dynamodb", "dynamodb:CreateTable", True),
        ("s3", "s3:PutObject", False),
        ("s3", "s3:PutBucketPolicy", True),
        ("states", "states:StartExecution", False),
        ("states", "states:CreateStateMachine", True),
        ("logs", "logs:PutLogEvents", False),
        ("cognito-idp", "cognito-idp:AdminCreateUser", True),
        ("apigateway", "apigateway:POST", True),
        ("iam", None, True),
    ],
)
def test_a_call_waits_for_what_only_a_snapshot_keeps(service: str, action: str | None, waits: bool) -> None:
    assert must_be_written(service, action) is waits
