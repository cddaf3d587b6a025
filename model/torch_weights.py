"""Read a file of PyTorch's first format (before 1.6's zip) without PyTorch, and without trusting it.

The file is five pickles and then bytes: a magic number, the protocol, sizes of C's types, the state_dict, the
keys of its storages, and for each key a count (8 bytes) and its elements, little endian. A pickle is a
program that may call what it likes. This one may build a dictionary of tensors: every opcode and every name
beyond that is refused before anything runs.

The format: torch/serialization.py, `_legacy_save` and `_legacy_load`.
"""

import io
import math
import pickle
import pickletools
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import WeightsError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MAX_BYTES = 500_000_000
_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}
# What a dictionary of tensors takes, and nothing that imports, subclasses or allocates by a number in the
# file.
_OPCODES = frozenset(
    (
        *("PROTO", "STOP", "MARK", "GLOBAL", "REDUCE", "BUILD", "BINPERSID", "NONE", "NEWTRUE", "NEWFALSE"),
        *("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2"),
        *("TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS"),
        *("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"),
    )
)

Array = npt.NDArray[np.generic]


def read_weights(path: Path) -> dict[str, Array]:
    """The tensors of a saved state_dict by name, as numpy arrays. Raises WeightsError."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise WeightsError(f"{path.name} is over {MAX_BYTES // 1_000_000} MB")
        return parse_weights(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read: {error}") from None


def parse_weights(data: bytes) -> dict[str, Array]:
    """The same of a file's bytes. Raises WeightsError."""
    stream = io.BytesIO(data)
    storages = _Storages()
    if _load(stream, storages) != MAGIC or _load(stream, storages) != PROTOCOL:
        raise WeightsError("it is no file of PyTorch's first format")
    about = _load(stream, storages)
    if not isinstance(about, dict) or about.get("little_endian") is not True:
        raise WeightsError("its numbers are not little endian")
    state, keys = _load(stream, storages), _load(stream, storages)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise WeightsError("the keys of its storages are no list of strings")
    elements = {key: _elements(stream, storages.named(key)) for key in keys}
    if not isinstance(state, dict):
        raise WeightsError("it holds no dictionary of tensors")
    found: dict[str, Array] = {}
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise WeightsError(f"{str(name)[:100]!r} is no tensor")
        found[name] = tensor.array(name, elements)
    return found


@dataclass(frozen=True)
class _Storage:
    """A run of numbers that stands further back in the file."""

    key: str
    dtype: np.dtype[Any]
    count: int


class _StorageType(tuple[str]):
    """What the file calls torch.FloatStorage and the like; it cannot be called or changed."""

    __slots__ = ()

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self[0])


class _Tensor:
    """A view of a storage."""

    __slots__ = ("_offset", "_shape", "_storage", "_strides")

    def __init__(self, storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> None:
        if not isinstance(storage, _Storage):
            raise pickle.UnpicklingError("a tensor without a storage")
        numbers = (offset, *shape, *strides)
        if len(shape) != len(strides) or any(type(item) is not int or item < 0 for item in numbers):
            raise pickle.UnpicklingError("a tensor of no shape")
        self._storage, self._offset = storage, offset
        self._shape, self._strides = tuple(shape), tuple(strides)

    def array(self, name: str, elements: dict[str, Array]) -> Array:
        """A copy of the numbers. Raises WeightsError where it would reach outside its storage."""
        flat = elements.get(self._storage.key)
        count = math.prod(self._shape)
        last = self._offset + sum(
            (size - 1) * stride for size, stride in zip(self._shape, self._strides, strict=True)
        )
        # A stride of 0 repeats one number: a small file must not become a large array.
        if flat is None or count > len(flat) or (count and last >= len(flat)):
            raise WeightsError(f"{name[:100]} reaches outside its storage")
        if not count:
            return np.empty(self._shape, flat.dtype)
        strides = [stride * flat.itemsize for stride in self._strides]
        view = np.lib.stride_tricks.as_strided(flat[self._offset :], self._shape, strides, writeable=False)
        return view.copy()


class _Rebuild:
    """What the file calls torch._utils._rebuild_tensor_v2."""

    __slots__ = ()

    def __call__(self, *arguments: Any) -> _Tensor:
        return _Tensor(*arguments)


class _Storages:
    """The storages that the tensors refer to, by key."""

    def __init__(self) -> None:
        self._known: dict[str, _Storage] = {}

    def refer(self, reference: Any) -> _Storage:
        """A persistent id of the pickle: ("storage", type, key, place, count, view)."""
        if not isinstance(reference, tuple) or len(reference) not in (5, 6) or reference[0] != "storage":
            raise pickle.UnpicklingError("a reference to something other than a storage")
        kind, key, _, count = reference[1:5]
        if not isinstance(kind, _StorageType) or type(key) is not str or type(count) is not int or count < 0:
            raise pickle.UnpicklingError("a storage of no type or size")
        if len(reference) == 6 and reference[5] is not None:
            raise pickle.UnpicklingError("a storage that is a view of another")
        storage = _Storage(key, kind.dtype, count)
        if self._known.setdefault(key, storage) != storage:
            raise pickle.UnpicklingError(f"two storages under one key, {key[:50]!r}")
        return storage

    def named(self, key: str) -> _Storage:
        """Raises WeightsError for a key that no tensor refers to."""
        if key not in self._known:
            raise WeightsError(f"no tensor refers to its storage {key[:50]!r}")
        return self._known[key]


class _Unpickler(pickle.Unpickler):
    """Knows the names that a state_dict takes."""

    def __init__(self, stream: io.BytesIO, storages: _Storages) -> None:
        super().__init__(stream, encoding="utf-8")
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Rebuild()
        if module == "torch" and name in _DTYPES:
            return _StorageType((_DTYPES[name],))
        raise pickle.UnpicklingError(f"{module[:50]}.{name[:50]} has no place in a file of weights")

    def persistent_load(self, reference: Any) -> _Storage:
        return self._storages.refer(reference)


def _load(stream: io.BytesIO, storages: _Storages) -> Any:
    """The next pickle of the file. Raises WeightsError."""
    start = stream.tell()
    try:
        for opcode, _, _ in pickletools.genops(stream):
            if opcode.name not in _OPCODES:
                raise pickle.UnpicklingError(f"the opcode {opcode.name} has no place in a file of weights")
        end = stream.tell()
        stream.seek(start)
        loaded = _Unpickler(io.BytesIO(stream.read(end - start)), storages).load()
        stream.seek(end)
        return loaded
    except WeightsError:
        raise
    except Exception as error:  # a broken pickle raises nearly anything
        raise WeightsError(f"it is no file of weights: {error}") from None


def _elements(stream: io.BytesIO, storage: _Storage) -> Array:
    head = stream.read(8)
    if len(head) < 8 or int.from_bytes(head, "little") != storage.count:
        raise WeightsError(f"its storage {storage.key[:50]!r} is of another size than it says")
    wanted = storage.count * storage.dtype.itemsize
    data = stream.read(wanted)
    if len(data) < wanted:
        raise WeightsError("it ends too early")
    return np.frombuffer(data, storage.dtype)
