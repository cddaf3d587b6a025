"""Which confident pictures are audited: a share of them, the same ones for a repeated event."""

from loupe_review.opening import is_audited


def test_a_share_of_a_batch_s_pictures_is_audited_though_all_have_one_claim() -> None:
    audited = [is_audited(f"{number:032x}", "batch:zoo-1", 0.05) for number in range(4_000)]
    assert 140 < sum(audited) < 260


def test_a_repeated_event_decides_alike_and_the_ends_are_all_and_none() -> None:
    assert is_audited("a", "b", 0.5) == is_audited("a", "b", 0.5)
    assert is_audited("a", "b", 1.0)
    assert not is_audited("a", "b", 0.0)
