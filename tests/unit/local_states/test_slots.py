"""A bounded number of executions works at once, in the order they came."""

import threading
import time

from local.states.slots import Slots

PATIENCE = 20


def test_work_beyond_the_limit_waits_in_order() -> None:
    slots, release, done = Slots(1), threading.Event(), threading.Event()
    order: list[int] = []

    def work(number: int) -> None:
        release.wait(PATIENCE)
        order.append(number)
        slots.release()
        if number == 4:
            done.set()

    for number in range(5):
        slots.submit(lambda number=number: work(number), str(number))  # type: ignore[misc]
    assert order == []
    release.set()

    assert done.wait(PATIENCE)
    assert order == [0, 1, 2, 3, 4]


def test_work_that_resumes_goes_before_work_that_starts() -> None:
    slots, waiting, started = Slots(1), threading.Event(), threading.Event()
    wake, done = threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> None:
        slots.release()  # as an execution does while it waits
        waiting.set()
        wake.wait(PATIENCE)
        slots.resume()
        order.append("first again")
        slots.release()

    def second() -> None:
        order.append("second")
        started.set()
        wake.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while not slots._resuming and time.monotonic() < deadline:
            time.sleep(0.01)  # until the first one queues for its slot
        slots.release()

    def third() -> None:
        order.append("third")
        slots.release()
        done.set()

    slots.submit(first, "first")
    assert waiting.wait(PATIENCE)
    slots.submit(second, "second")
    assert started.wait(PATIENCE)
    slots.submit(third, "third")
    wake.set()

    assert done.wait(PATIENCE)
    assert order == ["second", "first again", "third"]


def test_as_many_as_allowed_work_at_once() -> None:
    slots, together = Slots(3), threading.Barrier(3, timeout=PATIENCE)
    passed = [threading.Event() for _ in range(3)]

    def work(number: int) -> None:
        together.wait()
        passed[number].set()
        slots.release()

    for number in range(3):
        slots.submit(lambda number=number: work(number), str(number))  # type: ignore[misc]

    assert all(event.wait(PATIENCE) for event in passed)
