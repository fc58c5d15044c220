"""Files of weights: every type in the numbers that it stands for, every fault in one sentence that names the file."""

import json
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from superposition import weights

W = np.random.default_rng(0).standard_normal((6, 4))


def only(path):
    (tensor,) = weights.tensors(path)
    return tensor


def numbers(tensor):
    return tensor.numbers(tensor.stored())


def fault(path):
    with pytest.raises(weights.WeightsError) as caught:
        weights.tensors(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message
    return message


def pickled(path, data):
    """A pickle that would make a file where it is opened."""

    class Trap:
        def __reduce__(self):
            return open, (str(path.parent / "opened"), "w")

    path.write_bytes(pickle.dumps((Trap(), data)))
    return path


TORCH = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.float8_e4m3fn,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint64, torch.uint32, torch.uint16, torch.uint8,
]  # fmt: skip


@pytest.mark.parametrize("dtype", TORCH, ids=str)
def test_a_tensor_of_safetensors_has_the_numbers_that_torch_reads(dtype, tmp_path):
    tensor = (torch.tensor(W) * 20).abs().to(dtype) if "uint" in str(dtype) else (torch.tensor(W) * 20).to(dtype)
    save_file({"W": tensor}, tmp_path / "a.safetensors")
    read = only(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(numbers(read), tensor.double().numpy())
    assert (read.name, read.shape, read.whole) == ("W", (6, 4), not dtype.is_floating_point)
    np.testing.assert_array_equal(read.numbers(read.stored().T[1:3, ::2]), tensor.double().numpy().T[1:3, ::2])


@pytest.mark.parametrize("dtype", [torch.float8_e5m2, torch.float8_e4m3fn, torch.bfloat16], ids=str)
def test_every_bit_pattern_of_a_short_float_is_the_number_that_torch_says(dtype, tmp_path):
    bits = torch.arange(256, dtype=torch.uint8).reshape(16, 16)
    if dtype == torch.bfloat16:
        bits = torch.arange(-(2**15), 2**15, dtype=torch.int16).reshape(256, 256)
    save_file({"W": bits.view(dtype)}, tmp_path / "a.safetensors")
    np.testing.assert_array_equal(numbers(only(tmp_path / "a.safetensors")), bits.view(dtype).double().numpy())


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", ">f4", "<f2", ">f2", "<i4", ">i2", "|u1", "<u8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_numpy_array_of_any_byte_order_and_layout_has_its_own_numbers(dtype, order, tmp_path):
    array = np.asarray(np.abs(W) * 20, dtype, order=order)
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", x=array)
    np.savez_compressed(tmp_path / "c.npz", x=array)
    for name in ("a.npy", "a.npz", "c.npz"):
        read = only(tmp_path / name)
        np.testing.assert_array_equal(numbers(read), array.astype(float))
        assert (read.name, read.whole) == ("x" if name[-1] == "z" else "", array.dtype.kind != "f")


def test_files_are_mapped_and_read_no_sooner_than_needed(tmp_path):
    np.save(tmp_path / "a.npy", W)
    save_file({"W": torch.tensor(W)}, tmp_path / "a.safetensors")
    for name in ("a.npy", "a.safetensors"):
        stored = only(tmp_path / name).stored()
        while stored.base is not None and not isinstance(stored, np.memmap):
            stored = stored.base
        assert isinstance(stored, np.memmap)


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (W + 0j, "of type complex128"), (W > 0, "of type bool"), (W.astype(np.longdouble), "of type "),
        (np.array([[1, None]], object), "of Python objects, which are pickled"), (np.array([["a"]]), "of type <U1"),
        (np.zeros((2, 2), [("a", "f4")]), "of type |V4"),
    ],
    ids=["complex", "bool", "long", "objects", "text", "records"],
)  # fmt: skip
def test_an_array_of_what_is_no_number_says_so_and_is_not_opened(array, why, tmp_path):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", x=array)
    for name in ("a.npy", "a.npz"):
        assert only(tmp_path / name).fault.startswith(why)


@pytest.mark.parametrize(("dtype", "name"), [(torch.complex64, "C64"), (torch.bool, "BOOL"), (torch.float8_e8m0fnu, "F8_E8M0")])
def test_a_type_of_safetensors_that_no_measure_takes_is_named(dtype, name, tmp_path):
    tensor = torch.zeros(2, 2, dtype=torch.uint8).view(dtype) if name == "F8_E8M0" else torch.zeros(2, 2, dtype=dtype)
    save_file({"W": tensor, "V": torch.zeros(2, 2)}, tmp_path / "a.safetensors")
    faults = {tensor.name: tensor.fault for tensor in weights.tensors(tmp_path / "a.safetensors")}
    assert faults == {"V": "", "W": f"of type {name}, which no measure takes"}


@pytest.mark.parametrize("name", ["a.safetensors", "a.npy", "a.npz", "a.bin", "a.pt", "a.pkl", "a"])
def test_a_pickle_is_never_opened_whatever_its_ending(name, tmp_path):
    assert "a pickle, which runs code" in fault(pickled(tmp_path / name, W))
    torch.save({"W": torch.tensor(W)}, tmp_path / name)
    assert "a pickle, which runs code" in fault(tmp_path / name)
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("name", ["a.safetensors", "a.npy", "a.npz"])
def test_a_file_cut_short_anywhere_or_with_bytes_behind_it_is_named_as_such(name, tmp_path):
    path = tmp_path / name
    {"s": lambda: save_file({"W": torch.tensor(W)}, path), "y": lambda: np.save(path, W), "z": lambda: np.savez(path, x=W)}[
        "s" if name.endswith("s") else name[-1]
    ]()
    whole = path.read_bytes()
    assert only(path).shape == (6, 4)
    for length in [*range(1, 130), *range(130, len(whole), 29), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert "truncated" in fault(path) or "not a whole" in fault(path)
    path.write_bytes(whole + b"\0" * 3)
    assert "3 bytes trail behind" in fault(path)
    path.write_bytes(b"")
    assert fault(path).endswith("empty, 0 bytes")


@pytest.mark.parametrize("place", range(0, 300, 19))
def test_a_damaged_byte_in_an_archive_is_a_fault_of_the_file_or_changes_nothing(place, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=W)
    data = bytearray(path.read_bytes())
    data[place] ^= 0x55
    path.write_bytes(data)
    try:
        np.testing.assert_array_equal(numbers(only(path)), W)
    except weights.WeightsError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "a Git LFS pointer"),
        (b"GGUF\3\0\0\0" + b"\0" * 40, "a GGUF file"), (b"hello" * 9, "not a safetensors, .npy or .npz file"),
        (b"\x10\0\0\0\0\0\0\0{" + b"x" * 40, "not a safetensors file"), (b"\x02\0\0\0\0\0\0\0{}", "holds no tensors"),
    ],
    ids=["pointer", "gguf", "text", "header", "none"],
)  # fmt: skip
def test_what_is_something_else_is_said(content, why, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(content)
    assert why in fault(tmp_path / "a.safetensors")


def model(folder, shards, weight_map=None):
    """A model in shards, each with the names of its tensors."""
    folder.mkdir()
    for shard, names in shards.items():
        save_file({name: torch.full((3, 2), float(k)) for k, name in enumerate(names)}, folder / shard)
    weight_map = weight_map if weight_map is not None else {name: shard for shard, names in shards.items() for name in names}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return folder


def test_a_models_folder_has_the_tensors_of_its_index_in_their_order(tmp_path):
    folder = model(
        tmp_path / "m", {"1.safetensors": ["b", "x"], "2.safetensors": ["a"]}, {"b": "1.safetensors", "a": "2.safetensors"}
    )
    for place in (folder, folder / "model.safetensors.index.json"):
        assert [(tensor.name, tensor.file.name) for tensor in weights.tensors(place)] == [
            ("b", "1.safetensors"),
            ("a", "2.safetensors"),
        ]
    (folder / "model.safetensors.index.json").unlink()
    assert [tensor.name for tensor in weights.tensors(folder)] == ["b", "x", "a"]


@pytest.mark.parametrize(
    ("weight_map", "why"),
    [
        ({"a": "1.safetensors", "b": "2.safetensors"}, "its shard 2.safetensors is missing, with 1 of 2 tensors"),
        ({"a": "1.safetensors", "b": "1.safetensors"}, "says that 1.safetensors holds b, and it does not"),
        ({"a": "../1.safetensors"}, "lies outside the model's folder"), ([1], "not the index of a model"),
        ({"a": 3}, "not the index of a model"), ({}, "names no tensors"),
    ],
)  # fmt: skip
def test_an_index_that_does_not_fit_its_shards_is_a_fault_of_the_index(weight_map, why, tmp_path):
    folder = model(tmp_path / "m", {"1.safetensors": ["a"]}, weight_map)
    assert why in fault(folder / "model.safetensors.index.json")


def test_a_folder_without_weights_or_with_pickles_alone_is_said(tmp_path):
    assert "no safetensors file in it" in fault(tmp_path)
    pickled(tmp_path / "pytorch_model.bin", W)
    assert "only pytorch_model.bin: a pickle" in fault(tmp_path)
    assert fault(tmp_path / "nowhere").endswith("there is no such file")
