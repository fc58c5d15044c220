"""Fingerprints of code: what definitions compute, with all that they reach in the package, by their syntax trees.
Names, places, order, comments, docstrings and annotations of functions change nothing; any other edit does."""

import ast
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from importlib.machinery import PathFinder
from pathlib import Path
from sys import modules as loaded

from superposition import paths, trees
from superposition.errors import SuperpositionError
from superposition.trees import Module, Pieces, Reference

PACKAGE = "superposition"

# These carry results and compute none of their numbers: an edit to them ages no result.
CARRIERS = frozenset(
    f"{PACKAGE}.{name}"
    for name in ("runs", "restamp", "configs", "storage", "digests", "trees", "errors", "paths", "claims", "bench", "cluster")
)

# A definition's key is its module and name; a module has two more: its top-level statements with an effect, and all of it.
EFFECTS, WHOLE = "(statements)", "(all)"
Key = tuple[str, str]


class Unresolved(SuperpositionError):
    """A name that stands for nothing in the package: says the module, and what it lacks."""


class Code:
    """The package's source: digests of its definitions. Nothing is executed.

    `root` is the folder that holds the package, for the code of another checkout; by default it is the code in use.
    References into the modules `carriers` end there: what these do with results does not count.
    Trees once read are kept in .work/trees.txt, where that can be written."""

    def __init__(self, root: Path | None = None, carriers: Collection[str] = CARRIERS):
        self._root, self._carriers = root, carriers
        self._kept = _Kept() if root is None else None
        self._modules: dict[str, Module] = {}
        self._found: dict[str, Path | None] = {}
        self._targets: dict[Key, list[str | Key]] = {}
        self._digests: dict[Key, str] = {}

    def digest(self, roots: Iterable[Key]) -> str:
        """SHA-256 over the definitions `roots`, in their order, and all that they reach.

        Raises Unresolved where a module has no source, or lacks a name."""
        found = _sha("".join(self._digest(self.key(*root)) for root in roots))
        if self._kept:
            self._kept.save()
        return found

    def reached(self, roots: Iterable[Key]) -> dict[str, dict[str, str]]:
        """By module, the definitions that `roots` reach, each with eight digits of a digest of its own tree alone."""
        found: dict[str, dict[str, str]] = {}
        for module, name in sorted(self._reach(roots)):
            if name != WHOLE:
                own = "".join(piece if isinstance(piece, str) else "?" for piece in self._resolved((module, name)))
                found.setdefault(module, {})[name] = _sha(own)[:8]
        return found

    def text(self, roots: Iterable[Key]) -> str:
        """The trees of all that `roots` reach, as text: what strings and names they hold."""
        return "".join(piece for key in sorted(self._reach(roots)) for piece in self._resolved(key) if isinstance(piece, str))

    def key(self, module: str, name: str) -> Key:
        """Where the name is defined that `module` defines, imports or has as a submodule."""
        target, attributes = self._member(module, name, ())
        if not isinstance(target, tuple) or attributes:
            raise Unresolved(f"{module} defines no {name!r}")
        return target

    def add(self, name: str, source: str) -> list[Key]:
        """Make a module of `source`, such as a chapter's cells; returns all that it executes.

        Raises SyntaxError where it does not parse."""
        self._found[name] = None
        read = self._kept.read if self._kept else _read
        self._modules[name] = read(name, Path(name), source.encode())
        return [(name, own) for own in [*self._modules[name].definitions, EFFECTS]]

    def is_module(self, name: str) -> bool:
        """Whether the package has a module of that name."""
        return name in self._modules or self._file(name) is not None

    def module(self, name: str) -> Module:
        """The module's top level. Raises Unresolved where it has no source."""
        if name not in self._modules:
            if (file := self._file(name)) is None:
                raise Unresolved(f"{name}: no source of that name in the package")
            read = self._kept.read if self._kept else _read
            self._modules[name] = read(name, file, file.read_bytes())
        return self._modules[name]

    def _reach(self, roots: Iterable[Key]) -> set[Key]:
        seen: set[Key] = set()
        waiting = [self.key(*root) for root in roots]
        while waiting:
            if (key := waiting.pop()) not in seen:
                seen.add(key)
                waiting += [target for target in self._resolved(key) if isinstance(target, tuple)]
        return seen

    def _file(self, name: str) -> Path | None:
        if name not in self._found:
            self._found[name] = self._search(name)
        return self._found[name]

    def _search(self, name: str) -> Path | None:
        """Where the module lies, found without importing its parents, which may be slow."""
        parent, _, leaf = name.rpartition(".")
        if self._root is None and not parent:
            spec = PathFinder.find_spec(name)
            return Path(spec.origin) if spec and spec.origin else None
        if self._root is None and parent in loaded:
            places = [Path(place) for place in getattr(loaded[parent], "__path__", [])]
        elif not parent:
            places = [self._root] if self._root else []
        else:
            init = self._file(parent)
            places = [init.parent] if init and init.name == "__init__.py" else []
        candidates = (file for place in places for file in (place / leaf / "__init__.py", place / f"{leaf}.py"))
        return next((file for file in candidates if file.is_file()), None)

    def _submodules(self, package: str) -> list[str]:
        file = self._file(package)
        if file is None or file.name != "__init__.py":
            return []
        modules = {path.stem for path in file.parent.glob("*.py")} - {"__init__"}
        packages = {path.parent.name for path in file.parent.glob("*/__init__.py")}
        return [f"{package}.{leaf}" for leaf in sorted(modules | packages)]

    def _resolved(self, key: Key) -> list[str | Key]:
        """The definition's tree as text, with the keys of the package's own things in place of their names."""
        if key not in self._targets:
            module, name = key
            pieces: list[str | Key] = []
            for piece in self._pieces(self.module(module), name):
                if isinstance(piece, str):
                    pieces.append(piece)
                else:
                    target, attributes = self._target(module, piece)
                    pieces += [target, "".join(f".{attribute}" for attribute in attributes)]
            # A module found by a name made at run time may be any. Of the carriers, whoever calls them says which are meant.
            if module not in CARRIERS and trees.BY_NAME.intersection(piece for piece in pieces if isinstance(piece, str)):
                pieces.append((PACKAGE, WHOLE))
            if name != EFFECTS:  # what reaches a definition executes its module, and the packages around it
                pieces += [(place, EFFECTS) for place in _and_parents(module) if self.module(place).effects]
            self._targets[key] = pieces
        return self._targets[key]

    def _pieces(self, module: Module, name: str) -> Pieces:
        if name == EFFECTS:
            return module.effects
        if name != WHOLE:
            return module.definitions[name]
        whole: Pieces = [Reference(own) for own in sorted(module.definitions)]
        whole += [Reference(own) for own, (source, _) in sorted(module.imports.items()) if _ours(source)]
        whole += [Reference("", source=inner) for inner in self._submodules(module.name)]
        return whole + [Reference("*", source=source) for source in module.stars if _ours(source)]

    def _target(self, module: str, reference: Reference) -> tuple[str | Key, tuple[str, ...]]:
        if reference.source is None:
            return self._member(module, reference.name, reference.attributes)
        return self._imported(reference.source, reference.name, reference.attributes)

    def _imported(self, source: str, name: str | None, attributes: tuple[str, ...]) -> tuple[str | Key, tuple[str, ...]]:
        if not _ours(source):
            return ".".join([source, *([name] if name else []), *attributes]), ()
        return self._member(source, name, attributes) if name else self._inside(source, attributes)

    def _member(self, module: str, name: str, attributes: tuple[str, ...]) -> tuple[str | Key, tuple[str, ...]]:
        """What `name` of the module is, followed through imports, and the attributes of it that are no names of modules."""
        if module in self._carriers:
            return f"carrier {name}", attributes
        found = self.module(module)
        if name in found.definitions or name == EFFECTS:
            return (module, name), attributes
        if found.imports.get(name, (module, name)) != (module, name):  # a package may import its own submodule
            return self._imported(*found.imports[name], attributes)
        if self.is_module(f"{module}.{name}"):
            return self._inside(f"{module}.{name}", attributes)
        for source in filter(_ours, found.stars):
            if name in (known := self.module(source)).definitions or name in known.imports:
                return self._member(source, name, attributes)
        if name in ("*", WHOLE) or found.stars or "__getattr__" in found.definitions:
            return (module, WHOLE), attributes
        raise Unresolved(f"{module} defines no {name!r}")

    def _inside(self, module: str, attributes: tuple[str, ...]) -> tuple[str | Key, tuple[str, ...]]:
        """A dotted name from a module on. A module that stands as a value, or an attribute it lacks, is all of it."""
        if not attributes:
            return ("carrier" if module in self._carriers else (module, WHOLE)), ()
        if attributes[0] in ("__name__", "__file__", "__path__", "__doc__"):  # says where it is, not what it holds
            return "module", attributes
        try:
            return self._member(module, attributes[0], attributes[1:])
        except Unresolved:
            return (module, WHOLE), attributes

    def _digest(self, key: Key) -> str:
        """The digest of a definition. Those that reach each other are digested together (Tarjan's algorithm)."""
        if key in self._digests:
            return self._digests[key]
        order: dict[Key, int] = {}
        low: dict[Key, int] = {}
        path: list[Key] = []

        def visit(node: Key) -> None:
            order[node] = low[node] = len(order)
            path.append(node)
            for target in self._resolved(node):
                if isinstance(target, tuple) and target not in self._digests:
                    if target not in order:
                        visit(target)
                    low[node] = min(low[node], low[target])
            if low[node] == order[node]:
                circle = path[path.index(node) :]
                del path[path.index(node) :]
                self._settle(circle)

        visit(key)
        return self._digests[key]

    def _settle(self, circle: list[Key]) -> None:
        """Digests of definitions that reach each other, by what each reaches in one step, in two, and so on."""
        digests = dict.fromkeys(circle, "")
        for _ in circle:
            digests = {
                key: _sha(
                    "".join(p if isinstance(p, str) else digests.get(p) or self._digests.get(p, "") for p in self._resolved(key))
                )
                for key in circle
            }
        self._digests |= digests


def _and_parents(module: str) -> Iterator[str]:
    while module.startswith(PACKAGE):
        yield module
        module = module.rpartition(".")[0]


def _ours(module: str) -> bool:
    return module == PACKAGE or module.startswith(PACKAGE + ".")


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(name: str, file: Path, source: bytes) -> Module:
    return trees.read(name, ast.parse(source, file), file.name == "__init__.py")


class _Kept:
    """Modules as they were last read, a line each: name, digest of its source and of the code that reads it, and itself.

    Lines are only added, and the last one of a name counts: to write all anew at each change costs more than reading trees."""

    def __init__(self):
        self._new: list[str] = []
        self._reader = Path(trees.__file__).read_bytes()

    @cached_property
    def _lines(self) -> dict[str, tuple[str, str]]:
        file, lines = paths.work() / "trees.txt", []
        with suppress(OSError, ValueError):
            lines = [line.split("\t") for line in file.read_text().splitlines()]
        found = {line[0]: (line[1], line[2]) for line in lines if len(line) == 3}
        if len(lines) > 4 * len(found):
            with suppress(OSError):
                file.unlink()
        return found

    def read(self, name: str, file: Path, source: bytes) -> Module:
        key = hashlib.sha256(b"\0".join([source, self._reader, file.name.encode()])).hexdigest()
        with suppress(KeyError, ValueError, TypeError):
            held, module = self._lines[name]
            if held == key:
                return Module.of_json(json.loads(module))
        module = _read(name, file, source)
        self._lines[name] = key, json.dumps(module.as_json())
        self._new.append("\t".join([name, *self._lines[name]]))
        return module

    def save(self) -> None:
        if self._new:
            with suppress(OSError):
                paths.work().mkdir(exist_ok=True)
                with (paths.work() / "trees.txt").open("a") as file:
                    file.write("\n".join(["", *self._new, ""]))
            self._new = []
