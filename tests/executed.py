"""Which definitions of the package a piece of code executes, seen by Python itself:
compiled ones by what their bytecode names."""

import ast
import dis
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from unittest.mock import patch

from numba.core.dispatcher import Dispatcher

import superposition
from superposition.digests import CARRIERS

SOURCE = Path(superposition.__file__).parents[1]


@contextmanager
def recorded() -> Iterator[set[tuple[str, tuple[str, ...]]]]:
    """The package's definitions that are executed in a `with` block: module, and the names that the statement binds."""
    codes: dict[int, tuple[CodeType, dict]] = {}  # by identity: a code's hash is computed anew each time, from all that it holds
    found: set[tuple[str, tuple[str, ...]]] = set()

    def seen(frame, event, _):
        if event == "call" and id(frame.f_code) not in codes:
            codes[id(frame.f_code)] = frame.f_code, frame.f_globals

    threading.setprofile(seen)
    sys.setprofile(seen)
    try:
        with patch.object(Dispatcher, "compile", _unseen(Dispatcher.compile)):
            yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    waiting, compiled = list(codes.values()), set()
    while waiting:
        code, names = waiting.pop()
        if definition := _definition(code):
            found.add(definition)
            for dispatcher in _named(code, names) - compiled:
                compiled.add(dispatcher)
                waiting.append((dispatcher.py_func.__code__, dispatcher.py_func.__globals__))


def _unseen(compile: Callable) -> Callable:
    """The same while no call is looked at: Numba's compiler makes millions, and takes half as long again when each is."""

    def unseen(*arguments):
        looking = sys.getprofile()
        sys.setprofile(None)
        try:
            return compile(*arguments)
        finally:
            sys.setprofile(looking)

    return unseen


def _named(code: CodeType, names: dict) -> set[Dispatcher]:
    """The compiled functions that the bytecode names, by themselves or as attributes of modules."""
    found, value = [], None
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            value = names.get(step.argval)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(value, ModuleType):
            value = vars(value).get(step.argval)
        else:
            value = None
        found.append(value)
    inner = [_named(const, names) for const in code.co_consts if isinstance(const, CodeType)]
    return {value for value in found if isinstance(value, Dispatcher)}.union(*inner)


def _definition(code: CodeType) -> tuple[str, tuple[str, ...]] | None:
    file = Path(code.co_filename)
    if code.co_name == "<module>" or SOURCE not in file.parents:
        return None
    module = ".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    if module in CARRIERS:
        return None
    for first, last, names in _statements(file):
        if first <= code.co_firstlineno <= last:
            return module, names
    raise AssertionError(f"{file}:{code.co_firstlineno}: no top-level statement there")


@cache
def _statements(file: Path) -> list[tuple[int, int, tuple[str, ...]]]:
    """First and last line of each top-level statement, and the names that it binds."""
    found = []
    for node in ast.parse(file.read_bytes()).body:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
        own = [node.name] if hasattr(node, "name") else []
        stored = [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)]
        found.append((first, node.end_lineno, tuple(own or stored)))
    return found
