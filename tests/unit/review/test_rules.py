"""What may happen to a review: leases that never overlap, answers that count once, ties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loupe_core.claims import iso, parse_time
from loupe_core.errors import InvalidInputError, LoupeError
from loupe_review import rules
from loupe_review.errors import ReviewOverError, ReviewTakenError
from loupe_review.queueing import next_for, order_of
from loupe_review.review import DECIDED, WAITING, Answer, Review, review_id

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
PEOPLE = ("ann", "bob", "eve")


def review(number: int = 0, required: int = 1, label: str = "cat", score: float = 0.6) -> Review:
    predictions = ({"label": label, "score": score}, {"label": "other", "score": 1 - score})
    return Review(
        review_id=review_id(f"{number:032x}", "claim"),
        image_id=f"{number:032x}",
        claim_id="claim",
        bucket="uploads",
        key=f"uploads/{number}.png",
        version_id="v1",
        kind="UNCERTAIN",
        status=WAITING,
        predictions=predictions,
        required=required,
        created_at=iso(NOON),
        due_at=iso(NOON + timedelta(hours=72)),
        order=order_of(predictions, iso(NOON)),
    )


def answer(reviewer: str, label: str = "cat", choice: str = "LABEL") -> Answer:
    return Answer(reviewer, choice, iso(NOON), label if choice == "LABEL" else "")


class Shared:
    """The table's one item, which is written on the condition that its revision is still the one read."""

    def __init__(self, item: Review) -> None:
        self.item = item

    def write(self, seen: Review, new: Review) -> bool:
        if self.item.revision != seen.revision:
            return False
        self.item = Review.parse(new.to_attributes())
        return True


actions = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(["lease", "renew", "skip", "answer", "undo"]),
    st.integers(0, 400),
    st.integers(0, 5),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(actions, max_size=40), st.integers(1, 3))
def test_no_two_leases_overlap_whatever_people_do_and_however_stale_what_they_read(
    steps: list[tuple[str, str, int, int]], required: int
) -> None:
    shared, now = Shared(review(required=required)), NOON
    history = [shared.item]
    held_by, held_until = "", NOON
    for person, action, seconds, stale in steps:
        now += timedelta(seconds=seconds)
        seen = history[max(0, len(history) - 1 - stale)]
        try:
            if action in ("lease", "renew"):
                new = rules.leased(seen, person, now)
            elif action == "skip":
                new = rules.skipped(seen, person, now)
            elif action == "undo":
                new = rules.undone(seen, person, now)
            else:
                new = rules.answered(seen, Answer(person, "LABEL", iso(now), "cat"), now)
        except LoupeError:
            continue
        if new is seen or not shared.write(seen, new):
            continue
        history.append(shared.item)
        holder = shared.item.reviewer
        if holder and holder != held_by:
            assert not held_by or held_until <= now or action == "undo"
        held_by = holder
        held_until = parse_time(shared.item.lease_until) if holder else now
        people = [each.reviewer for each in shared.item.answers]
        assert len(people) == len(set(people)), "nobody counts twice"
        assert (shared.item.status == DECIDED) == (shared.item.decision is not None)


def test_a_lease_ends_by_itself_after_five_minutes() -> None:
    mine = rules.leased(review(), "ann", NOON)
    with pytest.raises(ReviewTakenError):
        rules.leased(mine, "bob", NOON + timedelta(minutes=4))
    assert rules.leased(mine, "ann", NOON + timedelta(minutes=4)).lease_until == iso(
        NOON + timedelta(minutes=9)
    )
    assert rules.leased(mine, "bob", NOON + timedelta(minutes=5)).reviewer == "bob"


def test_who_lost_the_lease_while_thinking_may_answer_unless_another_has_it() -> None:
    mine = rules.leased(review(), "ann", NOON)
    later = NOON + timedelta(minutes=6)
    assert rules.answered(mine, answer("ann"), later).status == DECIDED
    others = rules.leased(mine, "bob", later)
    with pytest.raises(ReviewTakenError):
        rules.answered(others, answer("ann"), later)


def test_a_skip_is_no_answer_and_the_picture_is_not_offered_again() -> None:
    left = rules.skipped(rules.leased(review(), "ann", NOON), "ann", NOON)
    assert (left.answers, left.reviewer, left.skipped) == ((), "", ("ann",))
    assert next_for([left], "ann", iso(NOON)) == []
    assert next_for([left], "bob", iso(NOON)) == [left]


@pytest.mark.parametrize(
    ("required", "votes", "decided"),
    [
        (1, ["cat"], "cat"),
        (2, ["cat"], None),
        (2, ["cat", "dog"], None),
        (2, ["cat", "dog", "dog"], "dog"),
        (3, ["cat", "cat"], None),
        (3, ["cat", "dog", "cat"], "cat"),
        (3, ["cat", "dog", "cow"], None),
        (3, ["cat", "dog", "cow", "cow"], "cow"),
    ],
)
def test_as_many_as_required_decide_and_a_tie_asks_one_more(
    required: int, votes: list[str], decided: str | None
) -> None:
    given_answers = tuple(answer(f"person {number}", label) for number, label in enumerate(votes))
    found = rules.verdict(given_answers, required)
    assert (found.label if found else None) == decided


@pytest.mark.parametrize(
    "wrong",
    [
        answer("ann", ""),
        answer("ann", "  "),
        answer("ann", "x" * 257),
        answer("ann", "a\nb"),
        Answer("ann", "NONE", iso(NOON), "cat"),
        Answer("ann", "MAYBE", iso(NOON)),
    ],
)
def test_an_answer_that_says_nothing_clear_is_refused(wrong: Answer) -> None:
    with pytest.raises(InvalidInputError):
        rules.answered(review(), wrong, NOON)


def test_a_decided_review_takes_no_answer() -> None:
    decided = rules.answered(review(), answer("ann"), NOON)
    for act in (rules.leased, rules.skipped):
        with pytest.raises(ReviewOverError):
            act(decided, "bob", NOON)


def test_the_least_margin_comes_first_and_classes_take_turns() -> None:
    cats = [review(number, label="cat", score=0.5 + number / 100) for number in range(3)]
    dogs = [review(number + 10, label="dog", score=0.8 + number / 100) for number in range(2)]
    waiting = sorted([*cats, *dogs], key=lambda each: each.order)
    shown = [each.guess for each in next_for(waiting, "ann", iso(NOON))]
    assert shown == ["cat", "dog", "cat", "dog", "cat"]
    assert next_for(waiting, "ann", iso(NOON), recent=["cat"])[0].guess == "dog"


def test_what_the_model_answered_with_the_same_scores_comes_last() -> None:
    twins = [review(number, label="cat", score=0.55) for number in range(3)]
    other = review(9, label="cat", score=0.9)
    shown = next_for([*twins, other], "ann", iso(NOON))
    assert [each.image_id for each in shown[:2]] == [twins[0].image_id, other.image_id]


def test_a_review_is_the_same_after_the_table_as_before() -> None:
    changed = rules.answered(review(required=2), answer("ann"), NOON)
    changed = rules.answered(changed, answer("bob"), NOON)
    assert Review.parse(changed.to_attributes()) == changed
