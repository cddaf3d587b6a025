"""What reads a table's stream, over a restart of the local cloud."""

from __future__ import annotations

import pytest
from ministack.services import lambda_svc

from local.cloud.gaps import stream_positions

MAPPING = ("000000000000", "us-east-1", "a-mapping")


def test_a_mapping_reads_what_comes_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream's records are not kept over it: how many were read before says nothing of the new ones."""
    monkeypatch.setattr(lambda_svc, "_restore_esm_positions", lambda_svc._restore_esm_positions)
    streams, queues = lambda_svc.AccountRegionScopedDict(), lambda_svc.AccountRegionScopedDict()
    monkeypatch.setattr(lambda_svc, "_dynamodb_stream_positions", streams)
    stream_positions.install()

    lambda_svc._restore_esm_positions(streams, {MAPPING: 12})
    lambda_svc._restore_esm_positions(queues, {MAPPING: 12})

    assert streams._data == {MAPPING: 0}
    assert queues._data == {MAPPING: 12}
