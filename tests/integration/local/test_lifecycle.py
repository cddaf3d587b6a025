"""The local cloud starts once, serves loopback only, keeps its state, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import CloudAlreadyRunningError, CloudInfo, PortInUseError, running, start, stop
from local.cloud.client import holder
from local.cloud.credentials import KNOWN_KEY, RootKey
from local.ports import free_port
from loupe.inbox import Inbox
from tests.polling import WaitFor

ROOT = Path(__file__).resolve().parents[3]
LISTENING = "0A"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    stop(folder)


def descendants(pid: int) -> set[int]:
    """The processes below this one."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def sockets(pids: set[int]) -> set[tuple[str, int]]:
    """Address and port of everything that these processes listen on."""
    inodes = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(str(handle.readlink()).removeprefix("socket:[").removesuffix("]"))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                found.add((address, int(port, 16)))
    return found


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def client(info: CloudInfo, service: str, key: RootKey = KNOWN_KEY) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload] # the stubs list names, this is any of them
        endpoint_url=info.gateway_url,
        region_name="us-east-1",
        aws_access_key_id=key.access_key,
        aws_secret_access_key=key.secret_key,
    )


def test_nothing_runs_on_a_folder_that_was_never_used(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    assert stop(tmp_path) is False


def test_it_runs_once_says_where_and_stops_without_a_trace(state: Path) -> None:
    port = free_port()

    info = start(state, port)

    assert running(state) == info
    assert info.gateway_url == f"http://127.0.0.1:{port}"
    assert all(service.healthy for service in info.services.values())
    with pytest.raises(CloudAlreadyRunningError, match=str(port)):
        start(state, free_port())
    family = {info.pid} | descendants(info.pid)
    assert {address for address, _ in sockets(family)} == {"0100007F"}

    assert stop(state) is True

    assert running(state) is None
    assert not any(Path(f"/proc/{pid}").exists() for pid in family - {info.pid})
    assert not is_open(port)
    assert not (state / "cloud.json").exists()


def test_while_it_starts_a_second_is_refused_and_it_can_be_stopped(state: Path, wait_for: WaitFor) -> None:
    command = [sys.executable, "-m", "local.cloud", "--state", str(state), "--port"]
    with subprocess.Popen([*command, str(free_port())], cwd=ROOT, stderr=subprocess.DEVNULL) as first:
        wait_for(lambda: holder(state) == first.pid, "the first to hold the folder", interval=0.01)

        second = subprocess.run(
            [*command, str(free_port())], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )

        assert second.returncode == CloudAlreadyRunningError.exit_code
        assert "already running" in second.stderr
        assert stop(state) is True
    assert holder(state) is None


def test_a_port_in_use_is_named(state: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(PortInUseError, match=str(port)):
            start(state, port)


def test_killed_hard_it_takes_its_processes_along(state: Path, wait_for: WaitFor) -> None:
    info = start(state, free_port())
    family = descendants(info.pid)

    os.kill(info.pid, signal.SIGKILL)

    wait_for(lambda: not any(_runs(pid) for pid in family), "its processes to end", seconds=15)
    assert running(state) is None


def test_attached_it_ends_with_the_process_that_started_it(state: Path, wait_for: WaitFor) -> None:
    script = (
        "import os, pathlib, sys; from local.cloud import start; "
        "print(start(pathlib.Path(sys.argv[1]), int(sys.argv[2]), detach=False).pid, flush=True); os._exit(0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(state), str(free_port())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    pid = int(done.stdout)
    wait_for(lambda: not _runs(pid), "the cloud to end", seconds=30)


def test_buckets_tables_and_stacks_survive_a_restart(state: Path, wait_for: WaitFor) -> None:
    first = start(state, free_port())
    s3 = client(first, "s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a b", Body=b"still here")
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "kept",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    }
    template = json.dumps({"Resources": {"Table": table}})
    client(first, "cloudformation").create_stack(StackName="kept", TemplateBody=template)
    wait_for(lambda: stack_status(first) == "CREATE_COMPLETE", "the stack")
    client(first, "dynamodb").put_item(TableName="kept", Item={"id": {"S": "1"}})
    stop(state)

    second = start(state, free_port())

    assert client(second, "s3").get_object(Bucket="kept", Key="a b")["Body"].read() == b"still here"
    assert client(second, "dynamodb").get_item(TableName="kept", Key={"id": {"S": "1"}})["Item"]
    assert stack_status(second) == "CREATE_COMPLETE"


def stack_status(info: CloudInfo) -> str:
    stacks = client(info, "cloudformation").describe_stacks(StackName="kept")["Stacks"]
    return str(stacks[0]["StackStatus"])


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_state_is_for_its_user_alone(state: Path) -> None:
    state.mkdir(mode=0o755)
    (state / "credentials.json").touch(0o644)
    info = start(state, free_port())
    client(info, "s3").create_bucket(Bucket="private")
    client(info, "s3").put_object(Bucket="private", Key="picture", Body=b"mine")

    assert state.stat().st_mode & 0o777 == 0o700
    opened = [path for path in state.rglob("*") if path.lstat().st_mode & 0o077 and not path.is_symlink()]
    assert opened == []


def test_a_shared_machine_has_a_key_of_its_own(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOUPE_CREDENTIALS", "random")
    key = start(state, free_port()).root_key
    stop(state)
    monkeypatch.delenv("LOUPE_CREDENTIALS")

    info = start(state, free_port())

    assert not key.known
    assert info.root_key == key
    assert client(info, "sts", key).get_caller_identity()["Arn"].endswith(":root")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client(info, "sts").get_caller_identity()
    assert Inbox(info.gateway_url, state).messages() == []
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{info.page_url}/_loupe/inbox", timeout=10)
