"""PyTorch's first format is read as PyTorch would; what is more than tensors is refused before it runs."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import WeightsError
from model.torch_weights import _OPCODES, parse_weights, read_weights
from tests.unit.model.torch_files import GLOBAL_TENSOR, state, tensor, text, torch_file


def test_tensors_come_with_their_names_shapes_and_numbers() -> None:
    found = parse_weights(torch_file(state(a=tensor([2, 3]), b=tensor([2], offset=4))))

    assert list(found) == ["a", "b"]
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["b"].tolist() == [4, 5]
    assert found["a"].dtype == np.float32


def test_strides_are_followed() -> None:
    found = parse_weights(torch_file(state(a=tensor([3, 2], strides=[1, 3]))))

    assert found["a"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_a_scalar_and_an_empty_tensor_are_read() -> None:
    found = parse_weights(torch_file(state(a=tensor([], offset=5), b=tensor([0, 3]))))

    assert found["a"] == 5
    assert found["b"].shape == (0, 3)


@pytest.mark.parametrize(
    ("kind", "dtype"), [("Half", "<f2"), ("Double", "<f8"), ("Long", "<i8"), ("Byte", "<u1"), ("Bool", "?")]
)
def test_each_type_of_number_is_read(kind: str, dtype: str) -> None:
    values = np.array([0, 1, 1, 0, 1, 0], dtype)

    found = parse_weights(torch_file(state(a=tensor([6], kind=f"torch\n{kind}Storage")), {"1": values}))

    assert (found["a"] == values).all()


class Command:
    """What a malicious file holds: unpickling it would run a command."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.reduced = (function, arguments)

    def __reduce__(self) -> Any:
        return self.reduced


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("place", ["magic", "state", "tensor", "keys"])
def test_code_in_a_pickle_never_runs(tmp_path: Path, protocol: int, place: str) -> None:
    trace = tmp_path / "ran"
    bad = pickle.dumps(Command(os.system, f"touch {trace}"), protocol)
    if place == "magic":
        data = bad + torch_file(state())
    elif place == "state":
        data = torch_file(bad)
    elif place == "tensor":
        data = torch_file(pickle.dumps({"a": Command(Path.touch, trace)}, protocol))
    else:
        data = torch_file(state(a=tensor([2])), keys=bad)

    with pytest.raises(WeightsError):
        parse_weights(data)

    assert not trace.exists()


@pytest.mark.parametrize(
    "name",
    [
        "os\nsystem",
        "posix\nsystem",
        "builtins\neval",
        "builtins\ngetattr",
        "builtins\nbytearray",
        "__builtin__\nexec",
        "subprocess\nPopen",
        "collections\nOrderedDict.__init__",
        "collections\ndefaultdict",
        "torch\nload",
        "torch.serialization\nload",
        "torch\nFloatStorage.__class__",
        "torch._utils\n_rebuild_parameter",
        "numpy\nload",
        "pickle\nloads",
        "model.torch_weights\nread_weights",
    ],
)
def test_no_other_name_is_known(name: str) -> None:
    with pytest.raises(WeightsError, match="no place"):
        parse_weights(torch_file(b"\x80\x02c" + name.encode() + b"\n."))


@pytest.mark.parametrize(
    "opcodes",
    [
        b"(S'true'\nios\nsystem\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x02\x82\x01.",
        b"\x80\x02ccollections\nOrderedDict\n)\x81.",
        b"(ccollections\nOrderedDict\no.",
        b"Popen\n.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
    ],
    ids=[
        "inst",
        "stack_global",
        "ext1",
        "newobj",
        "obj",
        "persid",
        "binbytes8",
        "bytearray8",
        "frame",
        "long4",
    ],
)
def test_no_other_opcode_is_known(opcodes: bytes) -> None:
    with pytest.raises(WeightsError):
        parse_weights(torch_file(opcodes))


def test_opcodes_are_listed_by_names_that_python_has() -> None:
    import pickletools

    assert {opcode.name for opcode in pickletools.opcodes} >= _OPCODES


@pytest.mark.parametrize(
    "target",
    [GLOBAL_TENSOR, b"ctorch\nFloatStorage\n", b"ccollections\nOrderedDict\n"],
    ids=["function", "type", "dict"],
)
def test_what_is_admitted_cannot_be_changed_from_inside(target: bytes) -> None:
    changes = b"}(" + text("__call__") + text("x") + text("update") + text("x") + b"u"

    with pytest.raises(WeightsError):
        parse_weights(torch_file(b"\x80\x02" + target + b"N" + changes + b"\x86b."))

    assert parse_weights(torch_file(state(a=tensor([2]))))["a"].tolist() == [0, 1]


@pytest.mark.parametrize(
    "opcodes",
    [
        tensor([7]),
        tensor([2], offset=5),
        tensor([2, 3], strides=[1000, 1]),
        tensor([1_000_000_000], strides=[0]),
        tensor([100_000, 100_000, 100_000], strides=[0, 0, 0]),
        tensor([-1]),
        tensor([2], strides=[-1]),
        tensor([2], offset=-3),
        tensor([2, 3], strides=[1]),
        tensor([2], key="2"),
        tensor([2], count=-1),
        tensor([2], kind="collections\nOrderedDict"),
        text("no tensor"),
        GLOBAL_TENSOR,
        GLOBAL_TENSOR + b")R",
        b"}",
    ],
)
def test_a_tensor_that_is_none_or_reaches_outside_its_storage_is_refused(opcodes: bytes) -> None:
    with pytest.raises(WeightsError):
        parse_weights(torch_file(state(a=opcodes)))


def test_two_sizes_of_one_storage_are_refused() -> None:
    with pytest.raises(WeightsError):
        parse_weights(torch_file(state(a=tensor([2]), b=tensor([2], count=5))))


def test_a_file_cut_off_anywhere_is_refused() -> None:
    whole_file = torch_file(state(a=tensor([2, 3])))

    for length in range(len(whole_file)):
        with pytest.raises(WeightsError):
            parse_weights(whole_file[:length])


def test_any_changed_byte_is_refused_or_read_and_nothing_else() -> None:
    whole_file = bytearray(torch_file(state(a=tensor([2, 3]))))
    generator = np.random.default_rng(7)

    for place in range(len(whole_file)):
        changed = (
            bytes(whole_file[:place])
            + bytes(generator.integers(0, 256, 1, np.uint8))
            + bytes(whole_file[place + 1 :])
        )
        try:
            found = parse_weights(changed)
        except WeightsError:
            continue
        assert all(isinstance(array, np.ndarray) for array in found.values())


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x89HDF", b"\x80\x02}."])
def test_another_kind_of_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(data)

    with pytest.raises(WeightsError):
        read_weights(path)
