"""Predictions over HTTP."""

import pytest

from loupe_api.errors import PayloadTooLargeError, UrlRefusedError
from loupe_api.predictor import Predictor
from loupe_core import errors
from tests.unit.api.world import PICTURE, PREDICTIONS, World

TOP5 = {"top5": ["a", "b", "c", "d", "e"], "prob5": [0.5, 0.2, 0.1, 0.1, 0.05]}


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg; q=1", "application/octet-stream", None])
def test_a_posted_picture_is_classified_byte_for_byte(world: World, content_type: str | None) -> None:
    answer = world.ask("POST", "/predict", PICTURE, content_type=content_type)
    assert (answer.status, answer.body) == (200, {"imageUrl": None, **TOP5})
    assert world.classified == [PICTURE]
    assert world.fetched == []


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_a_url_is_fetched_and_told_back(world: World, content_type: str) -> None:
    url = "https://example.com/dog.png"
    answer = world.ask("POST", "/predict", {"url": url}, content_type=content_type)
    assert (answer.status, answer.body) == (200, {"imageUrl": url, **TOP5})
    assert (world.fetched, world.classified) == ([url], [PICTURE])


@pytest.mark.parametrize(
    "body",
    [{}, {"url": ""}, {"url": 7}, {"url": "http://x", "top": 1}, {"uri": "http://x"}, {"url": "x" * 2049}],
)
def test_json_that_is_not_a_url_is_refused(world: World, body: dict[str, object]) -> None:
    answer = world.ask("POST", "/predict", body)
    assert (answer.status, set(answer.body)) == (400, {"error"})
    assert world.fetched == []


def test_nothing_is_refused(world: World) -> None:
    assert world.ask("POST", "/predict", b"", content_type="image/png").status == 400
    assert world.ask("POST", "/predict").status == 400
    assert world.ask("POST", "/predict", b"  ").status == 400


def test_another_content_type_is_refused(world: World) -> None:
    assert world.ask("POST", "/predict", b"<p>", content_type="text/html").status == 415


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (errors.UnsupportedImageError("The file is a PDF."), 415, "The file is a PDF."),
        (errors.CorruptImageError("The JPEG is truncated."), 400, "The JPEG is truncated."),
        (errors.ImageTooLargeError("60 megapixels."), 413, "60 megapixels."),
        (errors.EndpointThrottledError("arn:aws:secret"), 429, "The model is busy; try again in a moment."),
        (
            errors.EndpointNotReadyError("arn:aws:secret"),
            503,
            "The model is not ready yet; try again in a few minutes.",
        ),
        (errors.EndpointFailedError("arn:aws:secret"), 502, "The model failed; try again in a moment."),
        (errors.EndpointRejectedError("arn:aws:secret"), 502, "The model could not classify the picture."),
        (errors.AccessDeniedError("arn:aws:secret"), 500, "Internal error."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_goes_wrong_with_the_model_is_an_answer(
    world: World, error: errors.LoupeError, status: int, told: str
) -> None:
    def fails(_: bytes) -> list[errors.LoupeError]:
        raise error

    world.predictor = Predictor(fails, lambda url: PICTURE)  # type: ignore[arg-type]
    answer = world.ask("POST", "/predict", PICTURE, content_type="image/png")
    assert (answer.status, answer.body) == (status, {"error": told})
    assert ("retry-after" in answer.headers) == (status in (429, 503))


@pytest.mark.parametrize(
    ("error", "status"), [(UrlRefusedError("url: no."), 400), (PayloadTooLargeError("url: over 10 MB."), 413)]
)
def test_what_goes_wrong_with_the_url_is_an_answer(world: World, error: Exception, status: int) -> None:
    def refuses(_: str) -> bytes:
        raise error

    world.predictor = Predictor(lambda _: PREDICTIONS, refuses)
    answer = world.ask("POST", "/predict", {"url": "http://example.com/"})
    assert (answer.status, answer.body) == (status, {"error": str(error)})
