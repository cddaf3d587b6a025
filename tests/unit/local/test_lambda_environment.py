"""A Lambda worker's environment and layers."""

import io
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local.lambdas.environment import log_group, worker_environment
from local.lambdas.layers import LayerStore, unpack


def archive(files: dict[str, str], mode: int = 0o644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writer:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            writer.writestr(entry, text)
    return buffer.getvalue()


def environment(**config: Any) -> dict[str, str]:
    return worker_environment(
        {"FunctionName": "classify", "Runtime": "python3.13", "Handler": "app.handler", **config},
        code=Path("/code"),
        layers=Path("/opt"),
        home=Path("/home"),
        runtime_api="127.0.0.1:9001",
        log_stream="2026/01/01/[$LATEST]abc",
        credentials={"AWS_ACCESS_KEY_ID": "ASIA1"},
        region="us-east-1",
        gateway_url="http://127.0.0.1:4566",
    )


def test_nothing_of_the_host_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "x")

    assert "SECRET_OF_THE_HOST" not in environment()
    assert not {"USER", "SHELL", "VIRTUAL_ENV"} & environment().keys()


def test_a_function_may_set_its_own_but_not_lambdas_variables() -> None:
    variables = {"THRESHOLD": "0.9", "TZ": "Europe/Berlin", "AWS_REGION": "eu-west-1", "_HANDLER": "x"}

    made = environment(Environment={"Variables": variables})

    assert (made["THRESHOLD"], made["TZ"]) == ("0.9", "Europe/Berlin")
    assert (made["AWS_REGION"], made["_HANDLER"]) == ("us-east-1", "app.handler")


def test_code_comes_before_layers() -> None:
    paths = environment()["PYTHONPATH"].split(os.pathsep)

    assert paths == ["/code", "/opt/python", "/opt/python/lib/python3.13/site-packages"]


def test_the_log_group_is_the_functions_or_the_configured_one() -> None:
    assert log_group({"FunctionName": "f"}) == "/aws/lambda/f"
    assert log_group({"FunctionName": "f", "LoggingConfig": {"LogGroup": "own"}}) == "own"


def test_a_later_layer_wins_and_the_folder_is_made_once(tmp_path: Path) -> None:
    first = archive({"python/a.py": "1", "python/b.py": "1"})
    second = archive({"python/a.py": "2"})
    store = LayerStore(tmp_path)

    folder = store.folder([first, second])

    assert (folder / "python" / "a.py").read_text() == "2"
    assert (folder / "python" / "b.py").read_text() == "1"
    (folder / "mark").touch()
    assert (LayerStore(tmp_path).folder([first, second]) / "mark").exists()
    assert store.folder([second, first]) != folder


def test_layers_that_nobody_used_for_a_week_are_removed(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    old, used = store.folder([archive({"a": "1"})]), store.folder([archive({"b": "1"})])
    os.utime(old, (0, 0))

    LayerStore(tmp_path)

    assert (old.exists(), used.exists()) == (False, True)


def test_no_layers_are_an_empty_folder(tmp_path: Path) -> None:
    assert list(LayerStore(tmp_path).folder([]).iterdir()) == []


def test_unpacking_keeps_execute_bits_and_stays_inside(tmp_path: Path) -> None:
    unpack(archive({"bin/tool": "x", "../outside": "y"}, 0o755), tmp_path / "in")

    assert stat.S_IMODE((tmp_path / "in" / "bin" / "tool").stat().st_mode) == 0o755
    assert not (tmp_path / "outside").exists()
