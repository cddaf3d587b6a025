"""Files of PyTorch's first format, opcode by opcode: honest ones, and ones that no PyTorch would write."""

import pickle
import struct
from collections.abc import Sequence

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
GLOBAL_TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"


def text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def whole(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def numbers(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(whole(value) for value in values) + b"t"


def tensor(
    shape: Sequence[int],
    strides: Sequence[int] | None = None,
    key: str = "1",
    count: int = 6,
    offset: int = 0,
    kind: str = "torch\nFloatStorage",
) -> bytes:
    """The opcodes that leave a tensor on the pickle's stack."""
    if strides is None:
        strides = [int(np.prod(shape[place + 1 :])) for place in range(len(shape))]
    storage = (
        b"("
        + text("storage")
        + b"c"
        + kind.encode()
        + b"\n"
        + text(key)
        + text("cpu")
        + whole(count)
        + b"NtQ"
    )
    backward = b"ccollections\nOrderedDict\n)R"
    return (
        GLOBAL_TENSOR
        + b"("
        + storage
        + whole(offset)
        + numbers(shape)
        + numbers(strides)
        + b"\x89"
        + backward
        + b"tR"
    )


def state(**tensors: bytes) -> bytes:
    """The pickle of a state_dict."""
    items = b"".join(text(name) + opcodes for name, opcodes in tensors.items())
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u."


def torch_file(
    state_dict: bytes,
    storages: dict[str, np.ndarray] | None = None,
    keys: bytes | None = None,
) -> bytes:
    """A whole file; by default with one storage, "1", of six floats 0 to 5."""
    if storages is None:
        storages = {"1": np.arange(6, dtype="<f4")}
    about = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    parts = [pickle.dumps(MAGIC, 2), pickle.dumps(1001, 2), pickle.dumps(about, 2), state_dict]
    parts.append(pickle.dumps(sorted(storages), 2) if keys is None else keys)
    parts += [struct.pack("<q", len(values)) + values.tobytes() for _, values in sorted(storages.items())]
    return b"".join(parts)
