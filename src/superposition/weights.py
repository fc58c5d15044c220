"""Weight matrices in files: safetensors, .npy, .npz and a folder with a model, mapped into memory rather than read.
What a file is, its first bytes say; a pickle is never opened. Every fault is one sentence that names the file."""

import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from superposition.errors import SuperpositionError

Array = np.ndarray

PICKLED = (".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth")
_NEVER = "a pickle, which runs code when it is opened, so it is never opened here: save the weights as safetensors"
_FOREIGN = {b"GGUF": "a GGUF file", b"\x89HDF": "an HDF5 file", b"\x1f\x8b": "a gzip file", b"\xfd7zXZ": "an xz file"}


class WeightsError(SuperpositionError, ValueError):
    """Weights that cannot be read: names the file, or the place in an array, and what is wrong with it."""


def given(W: Any, axes: int = 2, name: str = "W") -> Float[Array, "..."]:
    """What someone hands over as weights, in float64: an array, a PyTorch tensor of any device, or lists.

    A parameter may have a gradient, and float16, bfloat16 and whole numbers are welcome. `axes` is how many there are at
    least, without leading ones. Raises WeightsError for complex numbers and what else is no number, for too few axes,
    for an axis of length 0, and for NaN and infinity: it says where.

    >>> given([[1, 2]])
    array([[1., 2.]])
    """
    if hasattr(W, "detach"):  # a tensor; PyTorch need not be imported to tell
        W = W.detach().cpu().to_dense()
        W = W.double().numpy() if W.is_floating_point() else W.resolve_conj().numpy()
    stored = np.asarray(W)
    if stored.dtype.kind not in "iuf" and not stored.dtype.name.startswith(("bfloat16", "float8")):  # as JAX has them
        raise WeightsError(f"{name}: expected floats or integers, got {stored.dtype}")
    if stored.ndim < axes or 0 in stored.shape[-2:]:
        what = {0: "no axis", 1: "an axis of features", 2: "two axes, a row for each feature"}[axes]
        raise WeightsError(f"{name}: expected at least {what}, got the shape {stored.shape}")
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(float64(stored))
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        first = np.unravel_index(wrong.argmax(), wrong.shape)
        place = f"{name}[{', '.join(map(str, first))}]"
        raise WeightsError(f"{place} is {numbers[first]}: {wrong.sum():,} of {wrong.size:,} numbers are NaN or infinite")
    return numbers


def float64(stored: Shaped[Array, "..."]) -> Float[Array, "..."]:
    """The numbers of an array that numpy knows."""
    with np.errstate(invalid="ignore"):
        return stored.astype(np.float64)


def _bfloat16(stored: Shaped[Array, "..."]) -> Float[Array, "..."]:
    """The upper half of a float32."""
    with np.errstate(invalid="ignore"):  # a NaN that signals
        return (stored.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def _float8_e5m2(stored: Shaped[Array, "..."]) -> Float[Array, "..."]:
    """The upper half of a float16."""
    with np.errstate(invalid="ignore"):
        return (stored.astype(np.uint16) << 8).view(np.float16).astype(np.float64)


def _float8_e4m3(stored: Shaped[Array, "..."]) -> Float[Array, "..."]:
    """A sign, four bits of exponent and three of mantissa; no infinity, and NaN where all seven are ones."""
    byte = np.arange(256)
    exponent, mantissa = byte >> 3 & 15, byte & 7
    size = np.where(exponent > 0, np.ldexp(1 + mantissa / 8, exponent - 7), np.ldexp(mantissa / 8, -6))
    return np.where(byte & 127 == 127, np.nan, np.where(byte > 127, -size, size))[stored]


# The types of safetensors that are read, each with how it is stored and what makes float64 of that.
_TYPES: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "F64": ("<f8", float64), "F32": ("<f4", float64), "F16": ("<f2", float64), "BF16": ("<u2", _bfloat16),
    "F8_E5M2": ("u1", _float8_e5m2), "F8_E4M3": ("u1", _float8_e4m3),
    "I64": ("<i8", float64), "I32": ("<i4", float64), "I16": ("<i2", float64), "I8": ("i1", float64),
    "U64": ("<u8", float64), "U32": ("<u4", float64), "U16": ("<u2", float64), "U8": ("u1", float64),
}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """A tensor in a file. `name` is empty where the file holds just this one; `dtype` is named as the file names it.

    `stored` gives its array as stored, for a mapped file without reading it, and `numbers` makes float64 of any part.
    `fault` says why it can't be measured, where it can't."""

    file: Path
    name: str
    dtype: str
    shape: tuple[int, ...]
    stored: Callable[[], Array]
    numbers: Callable[[Array], Array] = float64
    fault: str = ""

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers."""
        return self.dtype.strip("<>|=")[0] in "iuIU"


def tensors(path: Path) -> list[Tensor]:
    """All tensors of a file or of a model's folder, none of them read yet. Raises WeightsError.

    A file may be the index of a model in several shards, `*.safetensors.index.json`."""
    if path.is_dir():
        return _folder(path)
    head, size = _head(path)
    if size == 0:
        raise WeightsError(f"{path}: empty, 0 bytes")
    if head.startswith(b"version https://git-lfs"):
        raise WeightsError(f"{path}: a Git LFS pointer, not the file that it stands for: `git lfs pull` brings that")
    if path.name.endswith(".index.json"):
        return _index(path)
    if head.startswith(b"\x93NUMPY"):
        return [_npy(path, size)]
    if head.startswith(b"PK"):
        return _npz(path, size)
    if head[8:9] == b"{":
        return _safetensors(path, size)
    if (head[:1] == b"\x80" and 2 <= head[1] <= 5) or path.suffix in PICKLED:
        raise WeightsError(f"{path}: {_NEVER}")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise WeightsError(f"{path}: {what}, which isn't read here: safetensors, .npy and .npz are")
    torn = "truncated, or not" if path.suffix in (".safetensors", ".npy", ".npz") else "not"
    raise WeightsError(f"{path}: {torn} a safetensors, .npy or .npz file")


def _head(path: Path) -> tuple[bytes, int]:
    """The first bytes of a file, and its size."""
    try:
        if path.exists() and not path.is_file():
            raise WeightsError(f"{path}: neither a file nor a folder")
        with open(path, "rb") as file:
            return file.read(64), path.stat().st_size
    except OSError as error:
        missing = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise WeightsError(f"{path}: {missing}") from None


def _check_size(path: Path, got: int, wanted: int, what: str = "") -> None:
    if got < wanted:
        raise WeightsError(f"{path}: {what}truncated: {got:,} of {wanted:,} bytes")
    if got > wanted:
        raise WeightsError(f"{path}: {what}{got - wanted:,} bytes trail behind the last number")


def _safetensors(path: Path, size: int) -> list[Tensor]:
    from safetensors import SafetensorError, safe_open

    with open(path, "rb") as file:
        begin = 8 + int.from_bytes(file.read(8), "little")
        if begin > size:
            raise WeightsError(f"{path}: truncated: {size:,} bytes, and its header alone has {begin:,}")
        try:
            header = json.loads(file.read(begin - 8))
            found = {name: entry for name, entry in header.items() if name != "__metadata__"}
            end = begin + max((entry["data_offsets"][1] for entry in found.values()), default=0)
        except (ValueError, AttributeError, TypeError, KeyError, IndexError):
            raise WeightsError(f"{path}: not a safetensors file: its header is not that of one") from None
    _check_size(path, size, end)
    if not found:
        raise WeightsError(f"{path}: holds no tensors")
    try:
        with safe_open(path, framework="numpy"):
            pass
    except SafetensorError as error:
        raise WeightsError(f"{path}: not a whole safetensors file ({error})") from None
    data = np.memmap(path, np.uint8, "r") if size > begin else np.zeros(0, np.uint8)

    def stored(kind: str, shape: tuple[int, ...], start: int, stop: int) -> Array:
        return data[begin + start : begin + stop].view(kind).reshape(shape)

    def one(name: str, entry: dict[str, Any]) -> Tensor:
        dtype, shape = entry["dtype"], tuple(entry["shape"])
        if dtype not in _TYPES:
            return Tensor(path, name, dtype, shape, lambda: data, fault=f"of type {dtype}, which no measure takes")
        kind, numbers = _TYPES[dtype]
        return Tensor(path, name, dtype, shape, partial(stored, kind, shape, *entry["data_offsets"]), numbers)

    return [one(name, entry) for name, entry in found.items()]


def _npy_header(path: Path, file: Any, what: str = "") -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether in Fortran's order, and type."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        version = np.lib.format.read_magic(file)
        if version not in readers:
            raise ValueError(f"version {version[0]}.{version[1]} of the format")
        return readers[version](file)
    except (ValueError, EOFError) as error:
        raise WeightsError(f"{path}: {what}not a whole .npy file ({' '.join(str(error).split())})") from None


def _npy_fault(dtype: np.dtype) -> str:
    """Why no measure takes an array of that type; empty where one does."""
    if dtype.hasobject:
        return "of Python objects, which are pickled, so they are never opened here"
    if dtype.kind in "iu" or (dtype.kind == "f" and dtype.itemsize <= 8):
        return ""
    return f"of type {dtype.name if dtype.kind in 'cfb' else dtype.str}, which no measure takes"


def _npy(path: Path, size: int) -> Tensor:
    with open(path, "rb") as file:
        shape, fortran, dtype = _npy_header(path, file)
        begin = file.tell()
    fault = _npy_fault(dtype)
    if not dtype.hasobject:
        _check_size(path, size, begin + prod(shape) * dtype.itemsize)
    order = "F" if fortran else "C"
    return Tensor(path, "", dtype.str, shape, lambda: np.memmap(path, dtype, "r", begin, shape, order), fault=fault)


def _npz(path: Path, size: int) -> list[Tensor]:
    with open(path, "rb") as file:
        file.seek(max(0, size - 65_557))  # the longest that the end of a zip archive can be
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise WeightsError(f"{path}: truncated: the end of a zip archive is missing")
    _check_size(path, size, size - len(tail) + end + 22 + int.from_bytes(tail[end + 20 : end + 22], "little"))
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.filename.endswith((".pkl", ".pickle")) for member in members):
                raise WeightsError(f"{path}: {_NEVER}")
            if not members or any(not member.filename.endswith(".npy") for member in members):
                raise WeightsError(
                    f"{path}: {'a zip archive with other things than .npy files' if members else 'holds no arrays'}"
                )
            return [_member(path, archive, member) for member in members]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise WeightsError(f"{path}: not a whole .npz file ({error})") from None


def _member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Tensor:
    """One array of an .npz file, which is read as a whole when it is called for: it may be compressed."""
    name = member.filename.removesuffix(".npy")
    with archive.open(member) as file:
        shape, _, dtype = _npy_header(path, file, f"{name}: ")
        begin = file.tell()
    if not dtype.hasobject:
        _check_size(path, member.file_size, begin + prod(shape) * dtype.itemsize, f"{name}: ")

    def stored() -> Array:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(member) as file:
                return np.lib.format.read_array(file, allow_pickle=False)
        except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError) as error:
            raise WeightsError(f"{path}: {name}: damaged ({error})") from None

    return Tensor(path, name, dtype.str, shape, stored, fault=_npy_fault(dtype))


def _folder(path: Path) -> list[Tensor]:
    """Those of the index where there is one, else of all safetensors files."""
    indexes, files = sorted(path.glob("*.safetensors.index.json")), sorted(path.glob("*.safetensors"))
    if len(indexes) > 1:
        raise WeightsError(f"{path}: holds several indexes ({', '.join(one.name for one in indexes)}): name one of them")
    if indexes:
        return _index(indexes[0])
    if files:
        return [tensor for file in files for tensor in tensors(file)]
    pickles = sorted(one.name for one in path.iterdir() if one.suffix in PICKLED)
    if pickles:
        raise WeightsError(f"{path}: a folder with no safetensors file, only {pickles[0]}: {_NEVER}")
    raise WeightsError(f"{path}: a folder with no safetensors file in it")


def _index(path: Path) -> list[Tensor]:
    """The tensors that an index names, from the shards in which it says they are."""
    try:
        shards = json.loads(path.read_bytes())["weight_map"]
        named = {name: Path(shard) for name, shard in shards.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise WeightsError(f"{path}: not the index of a model: expected JSON with a weight_map of tensors to files") from None
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from None
    if not named:
        raise WeightsError(f"{path}: names no tensors")
    found = {}
    for shard in sorted(set(named.values())):
        of_it = [name for name, place in named.items() if place == shard]
        if shard.name != str(shard):
            raise WeightsError(f"{path}: names {shard}, which lies outside the model's folder")
        if not (path.parent / shard).is_file():
            raise WeightsError(f"{path}: its shard {shard} is missing, with {len(of_it):,} of {len(named):,} tensors")
        there = {tensor.name: tensor for tensor in tensors(path.parent / shard)}
        if missing := [name for name in of_it if name not in there]:
            raise WeightsError(f"{path}: says that {shard} holds {missing[0]}, and it does not")
        found |= {name: there[name] for name in of_it}
    return [found[name] for name in named]
