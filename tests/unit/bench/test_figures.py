"""Ratios, spreads and targets."""

import pytest

from bench.figures import Spread, Target, at_least, at_most, part_of, ratios, times_better


def test_a_spread_is_the_median_with_the_extremes() -> None:
    assert Spread.of([3, 1, 2, 10]) == Spread(median=2.5, least=1, most=10, count=4)


def test_no_samples_have_no_spread() -> None:
    with pytest.raises(ValueError, match="no samples"):
        Spread.of([])


def test_ratios_are_taken_pair_by_pair() -> None:
    # The second round ran on a machine half as fast: of the totals nothing would be seen.
    assert ratios([10, 20], [5, 10]) == [2, 2]


def test_unpaired_samples_are_refused() -> None:
    with pytest.raises(ValueError):
        ratios([1, 2], [1])


def test_a_speed_up_is_the_peers_time_over_ours() -> None:
    figure = times_better(
        "decode", "a peer", ours=[10, 20, 30], theirs=[20, 60, 60], unit="ms", target=at_least(2)
    )

    assert figure.ratio == Spread(2, 2, 3, 3)
    assert figure.ours.median == 20
    assert figure.met is True


def test_a_part_is_ours_over_the_limit() -> None:
    figure = part_of("size", "its limit", ours=[90], theirs=[100], unit="MB", target=at_most(0.5))

    assert figure.ratio.median == 0.9
    assert figure.met is False


@pytest.mark.parametrize(
    ("target", "ratio", "met"),
    [
        (at_least(2), 2.0, True),
        (at_least(2), 1.99, False),
        (at_most(1.3), 1.3, True),
        (at_most(1.3), 1.31, False),
    ],
)
def test_a_target_includes_its_bound(target: Target, ratio: float, met: bool) -> None:
    assert target.met_by(ratio) is met


def test_a_figure_without_a_target_is_neither_met_nor_missed() -> None:
    assert part_of("size", "another", [1], [2], "MB").met is None
