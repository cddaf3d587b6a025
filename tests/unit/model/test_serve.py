"""The server keeps the hosting contract: both forms of an answer, and a reason for every refusal."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette

from model.errors import InferenceError
from model.inference import Classifier, Scores
from model.serve import NAMED, SCORES, ServerSettings, ServerSettingsError, answer_form, create_app

from .asgi import request
from .models import spec_document, write_model

FORMS = "application/json;form=scores"


def picture(value: int = 255) -> bytes:
    out = io.BytesIO()
    Image.new("L", (5, 3), value).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model")


@pytest.fixture
def app(folder: Path) -> Starlette:
    return served(folder)


def served(folder: Path, **environ: str) -> Starlette:
    settings = ServerSettings.from_environ({"SAGEMAKER_BASE_DIR": str(folder.parent), **environ})
    return create_app(Classifier(settings.model_folder), settings)


def test_ping_answers_200(app: Starlette) -> None:
    assert request(app, "GET", "/ping").status == 200


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/*", "", "text/html, */*;q=0.1"])
def test_the_named_form_has_the_best_first(app: Starlette, accept: str) -> None:
    answer = request(app, "POST", "/invocations", picture(), {"accept": accept, "content-type": "image/png"})

    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json["labels"] == ["light", "middle", "dark"]
    assert answer.json["scores"] == sorted(answer.json["scores"], reverse=True)
    assert sum(answer.json["scores"]) == pytest.approx(1)


def test_the_named_form_stops_at_five(tmp_path: Path) -> None:
    labels = [f"låbel {number}" for number in range(8)]
    folder = write_model(
        tmp_path / "model", spec_document(labels=labels), [[float(number) for number in range(8)]]
    )

    answer = request(served(folder), "POST", "/invocations", picture())

    assert answer.json["labels"] == ["låbel 7", "låbel 6", "låbel 5", "låbel 4", "låbel 3"]


@pytest.mark.parametrize("accept", [FORMS, "application/json; form=scores", SCORES, f"text/csv, {SCORES}"])
def test_the_scores_form_has_all_in_label_order(app: Starlette, accept: str) -> None:
    answer = request(app, "POST", "/invocations", picture(), {"accept": accept})

    assert answer.status == 200
    assert answer.headers["content-type"] == (SCORES if SCORES in accept else NAMED)
    assert answer.json == sorted(answer.json)
    assert len(answer.json) == 3


def test_the_default_form_is_the_containers_to_choose(folder: Path) -> None:
    app = served(folder, SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT=FORMS)

    assert isinstance(request(app, "POST", "/invocations", picture()).json, list)
    assert isinstance(request(app, "POST", "/invocations", picture(), {"accept": NAMED}).json, dict)


@pytest.mark.parametrize("accept", ["text/csv", "image/*", "application/json;form=table", "*/*;q=0", "x"])
def test_a_form_that_does_not_exist_is_406(app: Starlette, accept: str) -> None:
    answer = request(app, "POST", "/invocations", picture(), {"accept": accept})

    assert answer.status == 406
    assert "application/json" in answer.json["error"]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("image/png", 200),
        ("image/jpeg; charset=binary", 200),
        ("IMAGE/PNG", 200),
        ("application/octet-stream", 200),
        ("application/x-image", 200),
        ("", 200),
        ("application/json", 415),
        ("text/csv", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
def test_only_pictures_are_taken(app: Starlette, content_type: str, status: int) -> None:
    answer = request(app, "POST", "/invocations", picture(), {"content-type": content_type})

    assert answer.status == status


@pytest.mark.parametrize("body", [b"", b"hello", picture()[:40]])
def test_bytes_that_are_no_picture_are_400_with_a_reason(app: Starlette, body: bytes) -> None:
    answer = request(app, "POST", "/invocations", body, {"content-type": "image/png"})

    assert answer.status == 400
    assert len(answer.json["error"]) > 5


def test_a_body_over_the_limit_is_413_by_its_length_and_by_its_size(folder: Path) -> None:
    app = served(folder, MODEL_SERVER_MAX_BYTES="1000")

    said = request(app, "POST", "/invocations", b"", {"content-length": "1001"})
    sent = request(app, "POST", "/invocations", [b"x" * 600, b"x" * 600])

    assert (said.status, sent.status) == (413, 413)
    assert "1000 bytes" in sent.json["error"]


def test_a_picture_in_pieces_is_put_together(app: Starlette) -> None:
    whole = picture()

    assert request(app, "POST", "/invocations", [whole[:9], whole[9:30], whole[30:]]).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/invocations/", 404),
        ("GET", "/invocations", 405),
        ("HEAD", "/invocations", 405),
        ("PUT", "/invocations", 405),
        ("POST", "/ping", 405),
        ("HEAD", "/ping", 200),
    ],
)
def test_other_ways_are_refused(app: Starlette, method: str, path: str, status: int) -> None:
    assert request(app, method, path).status == status


def test_a_model_that_fails_is_500_with_a_reason_and_no_picture_in_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Classifier):
        def scores(self, image: bytes) -> Scores:
            raise InferenceError("the model answered a number that is not finite")

    settings = ServerSettings.from_environ({"SAGEMAKER_BASE_DIR": str(folder.parent)})

    answer = request(create_app(Failing(folder), settings), "POST", "/invocations", picture())

    assert (answer.status, answer.json) == (500, {"error": "the model answered a number that is not finite"})
    assert "not finite" in caplog.text
    assert "PNG" not in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAGEMAKER_BIND_TO_PORT", "http"),
        ("SAGEMAKER_BIND_TO_PORT", "70000"),
        ("MODEL_SERVER_WORKERS", "0"),
        ("MODEL_SERVER_MAX_BYTES", "-1"),
        ("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv"),
    ],
)
def test_a_wrong_setting_names_itself(name: str, value: str) -> None:
    with pytest.raises(ServerSettingsError, match=name):
        ServerSettings.from_environ({name: value})


def test_the_settings_default_to_sagemakers_paths_and_to_loopback() -> None:
    settings = ServerSettings.from_environ({})

    assert (settings.model_folder, settings.port, settings.host) == (Path("/opt/ml/model"), 8080, "127.0.0.1")


def test_the_first_fitting_form_wins() -> None:
    assert answer_form(f"{SCORES}, {NAMED}", NAMED) == SCORES
    assert answer_form(f"{NAMED}, {SCORES}", SCORES) == NAMED
    assert answer_form('application/json;form="scores"', NAMED) == SCORES
    assert json.loads(json.dumps(answer_form("", SCORES))) == SCORES
