"""Clients that generators make of docs/openapi.json are used against the API: served on loopback, on moto."""

import base64
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from loupe.errors import NodeMissingError
from loupe.page.build import find_npm
from tests.unit.api.world import PICTURE, World, made_world
from tests.unit.api.wsgi import GatewayInFront
from tests.web.going_without import go_without

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "openapi.json"
TYPES = ROOT / "site" / "web" / "types"
SEEN = {"name": "Dogs", "upload": True, "titles": ["Rex"], "moved": True, "refused": [404, True], "best": "a"}
USE_PYTHON_CLIENT = """
import base64, io, json, sys
from loupe_client import AuthenticatedClient, Client
from loupe_client.api.groups import change_group, create_group, get_group
from loupe_client.api.images import change_image, create_image, list_images_signed_in
from loupe_client.api.predictions import predict
from loupe_client.models import ChangedGroup, ChangedImage, NewGroup, NewImage, NewImageContenttype
from loupe_client.types import File

base_url, picture = sys.argv[1:]
open_client = Client(base_url=base_url)
ann = AuthenticatedClient(base_url=base_url, token="ann")
group = create_group.sync(client=ann, body=NewGroup(name="Pets")).new_item
renamed = change_group.sync(group.id, client=ann, body=ChangedGroup(name="Dogs"))
image = NewImage(title="Rex", file_name="rex.png", content_type=NewImageContenttype.IMAGEPNG)
announced = create_image.sync(group.id, client=ann, body=image)
listed = list_images_signed_in.sync(group.id, client=ann, limit=10)
another = create_group.sync(client=ann, body=NewGroup(name="Cats")).new_item
change = ChangedImage(group_id=another.id)
moved = change_image.sync(announced.new_item.image_id, client=ann, body=change)
refused = get_group.sync_detailed("nowhere", client=open_client)
predicted = predict.sync(client=open_client, body=File(payload=io.BytesIO(base64.b64decode(picture))))
print(json.dumps({
    "name": renamed.result.name,
    "upload": "policy" in announced.upload.fields.additional_properties,
    "titles": [each.title for each in listed.items],
    "moved": moved.result.group_id == another.id,
    "refused": [refused.status_code, hasattr(refused.parsed, "error")],
    "best": predicted.top5[0],
}))
"""


@dataclass
class Served:
    """Where the API answers, and what is behind it."""

    url: str
    world: World

    @property
    def arguments(self) -> list[str]:
        return [self.url, base64.b64encode(PICTURE).decode()]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Not to the test's output."""


@pytest.fixture
def served() -> Iterator[Served]:
    with made_world() as world:
        gateway = GatewayInFront(lambda: world.api)
        with make_server("127.0.0.1", 0, gateway, handler_class=_Quiet) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield Served(f"http://127.0.0.1:{server.server_port}", world)
            server.shutdown()
            thread.join()


def test_a_client_by_openapi_typescript_works(served: Served, tmp_path: Path) -> None:
    try:
        npm = find_npm()
    except NodeMissingError as missing:
        go_without(str(missing))
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(TYPES / name, tmp_path)
    shutil.copy(Path(__file__).parent / "clients" / "use_client.ts", tmp_path)
    _run([npm, "ci", "--no-audit", "--no-fund"], tmp_path)
    tools = tmp_path / "node_modules" / ".bin"
    # Else what has a default must be sent.
    optional = "--default-non-nullable=false"
    _run([str(tools / "openapi-typescript"), str(DOCUMENT), optional, "-o", "schema.ts"], tmp_path)
    strict = ["--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2023"]
    ambient = tmp_path / "ambient.d.ts"
    ambient.write_text("declare const process: { argv: string[] };\ndeclare const Buffer: any;\n")
    _run([str(tools / "tsc"), *strict, "--lib", "es2023,dom", "use_client.ts", "ambient.d.ts"], tmp_path)

    assert json.loads(_run(["node", "use_client.js", *served.arguments], tmp_path)) == SEEN
    assert served.world.classified == [PICTURE]


def test_the_pages_types_are_what_the_generator_makes(tmp_path: Path) -> None:
    try:
        npm = find_npm()
    except NodeMissingError as missing:
        go_without(str(missing))
    web = tmp_path / "site" / "web"
    shutil.copytree(TYPES, web / "types", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "docs").mkdir()
    shutil.copy(DOCUMENT, tmp_path / "docs")
    _run([npm, "ci", "--no-audit", "--no-fund"], web / "types")

    _run(["node", "generate.mjs", "made.ts"], web / "types")

    made = (web / "types" / "made.ts").read_text("utf-8")
    assert made == (ROOT / "site/web/src/api/schema.ts").read_text("utf-8")


def test_a_client_by_openapi_python_client_works(served: Served, tmp_path: Path) -> None:
    _run([sys.executable, "-m", "venv", "venv"], tmp_path)
    tools = tmp_path / "venv" / "bin"
    lock = ROOT / "requirements" / "clients.lock"
    _run([str(tools / "pip"), "install", "-qq", "--no-deps", "--require-hashes", "-r", str(lock)], tmp_path)
    generate = [str(tools / "openapi-python-client"), "generate", "--path", str(DOCUMENT), "--meta", "none"]
    said = _run([*generate, "--fail-on-warning", "--output-path", "loupe_client"], tmp_path, tools)
    assert "WARNING" not in said
    (tmp_path / "use_client.py").write_text(USE_PYTHON_CLIENT)

    used = _run([str(tools / "python"), "use_client.py", *served.arguments], tmp_path)

    assert json.loads(used) == SEEN
    assert served.world.classified == [PICTURE]


def _run(command: list[str], folder: Path, tools: Path | None = None) -> str:
    """What it printed; fails with all that it said."""
    path = {"PATH": f"{tools}:/usr/bin:/bin"} if tools else None
    done = subprocess.run(command, cwd=folder, env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
