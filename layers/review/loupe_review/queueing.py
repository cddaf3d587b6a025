"""Which picture a reviewer sees next. Pure.

By least margin: the picture whose two best scores are closest teaches a model most (Settles, Active Learning
Literature Survey, 2009, section 3.1). Spread over classes, for a queue that is all of one class makes people
blind; and what the model answered with the very same scores is taken for a near-duplicate and comes last.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from loupe_review.review import Review


def order_of(predictions: Sequence[Mapping[str, Any]], created_at: str) -> str:
    """How a waiting review sorts: by margin, from 0.0000 to 1.0000, then by age."""
    scores = [float(each["score"]) for each in predictions[:2]]
    margin = scores[0] - scores[1] if len(scores) > 1 else (scores or [0.0])[0]
    return f"{min(max(margin, 0.0), 1.0):.4f} {created_at}"


def next_for(
    waiting: Iterable[Review], reviewer: str, now: str, recent: Sequence[str] = ()
) -> Sequence[Review]:
    """Those that this reviewer may take, the best first. `recent` are labels that were just looked at."""
    free = [
        each
        for each in waiting
        if not each.has_answered(reviewer)
        and reviewer not in each.skipped
        and (not each.leased(now) or each.reviewer == reviewer)
    ]
    seen: Counter[str] = Counter(recent)
    alike: Counter[tuple[object, ...]] = Counter()
    ranked = []
    for place, each in enumerate(free):
        ranked.append((alike[fingerprint(each)], each.escalated, seen[each.guess], place, each))
        alike[fingerprint(each)] += 1
        seen[each.guess] += 1
    return [each for *_, each in sorted(ranked, key=lambda entry: entry[:4])]


def fingerprint(review: Review) -> tuple[object, ...]:
    """The same for pictures that the model cannot tell apart."""
    return tuple((each["label"], round(float(each["score"]), 2)) for each in review.predictions)
