"""What reads a table's stream goes on after a restart.

AWS: a stream's records outlive whoever reads them, and a mapping knows how far it has read. Stock MiniStack:
keeps over a restart how far a mapping has read, and not the records that it counted, so that the mapping
takes the next ones for read. Here it begins at the stream's oldest record, which is the first after the
restart.
"""

from typing import Any

from ministack.services import lambda_svc


def install() -> None:
    """Restored mappings of tables' streams begin anew."""
    restore = lambda_svc._restore_esm_positions

    def restore_and_begin_anew(store: Any, positions: Any) -> None:
        restore(store, positions)
        if store is lambda_svc._dynamodb_stream_positions:
            for mapping in store._data:
                store._data[mapping] = 0

    lambda_svc._restore_esm_positions = restore_and_begin_anew
