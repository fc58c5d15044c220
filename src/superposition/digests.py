"""Fingerprints of code: the syntax trees of the package's modules that a module imports, near and far.
Comments, docstrings, layout and the version of Python change nothing; any other edit does."""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

PACKAGE = __package__

# These carry results and compute none of their numbers: an edit to them ages no result.
PLUMBING = frozenset(
    f"{PACKAGE}.{name}"
    for name in ("runs", "configs", "storage", "digests", "errors", "paths", "claims", "bench", "cluster")
)

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_digest(modules: Iterable[str]) -> str:
    """SHA-256 of the syntax trees of `modules` and of all modules of this package that they import.

    Imports are read from the source, absolute and relative, at the top and inside functions; nothing is executed.
    Left out are the modules that carry results without computing them (`PLUMBING`), unless asked for by name,
    and each `__init__` that only re-exports: a name imported through it leads to the module that defines it.
    Raises ModuleNotFoundError where a module has no source."""
    trees: dict[str, ast.Module] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in trees:
            continue
        trees[name] = _tree(name)
        waiting += [found for found in _imported(name, trees[name]) if found not in PLUMBING]
    digest = hashlib.sha256()
    for name in sorted(trees):
        if not re_exports(name):
            digest.update(f"{name} {canonical(trees[name])}\n".encode())
    return digest.hexdigest()


def defining(source: str, name: str) -> Iterator[str]:
    """The module that `from source import name` reaches: a submodule, or the one that `source` re-exports it from."""
    if is_module(f"{source}.{name}"):
        yield f"{source}.{name}"
        return
    if re_exports(source):
        for node in _tree(source).body:
            if isinstance(node, ast.ImportFrom) and _ours(origin := _absolute(source, node)):
                for alias in node.names:
                    if name == "*" or alias.name == "*" or name == (alias.asname or alias.name):
                        yield from defining(origin, alias.name)
    else:
        yield source


def is_module(name: str) -> bool:
    """Whether the package has a module of that name."""
    return _spec(name) is not None


def re_exports(module: str) -> bool:
    """Whether it is a package whose `__init__` only re-exports."""
    return _is_package(module) and _only_reexports(_tree(module))


def canonical(node: object) -> str:
    """The syntax tree as text: type names with their fields, without docstrings, positions and empty fields.

    `ast.dump` will not do: which empty fields it prints depends on the version of Python."""
    if isinstance(node, list):
        return "[" + ", ".join(canonical(item) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    kept = (f"{name}={canonical(value)}" for name, value in sorted(fields.items()) if value is not None and value != [])
    return f"{type(node).__name__}({', '.join(kept)})"


def _imported(module: str, tree: ast.Module) -> Iterator[str]:
    """The modules of this package that the module imports, and its own package's `__init__` where that computes."""
    yield from _computing_parents(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _ours(alias.name):
                    yield alias.name
                    yield from _computing_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node)
            if _ours(source):
                for alias in node.names:
                    yield from defining(source, alias.name)
                yield from _computing_parents(source)


def _computing_parents(module: str) -> Iterator[str]:
    parent = module.rpartition(".")[0]
    while parent:
        if not _only_reexports(_tree(parent)):
            yield parent
        parent = parent.rpartition(".")[0]


def _only_reexports(tree: ast.Module) -> bool:
    def idle(node: ast.stmt) -> bool:
        if isinstance(node, ast.Assign):
            return [ast.unparse(target) for target in node.targets] == ["__all__"]
        return isinstance(node, (ast.Import, ast.ImportFrom)) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )

    return all(idle(node) for node in tree.body)


def _absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module if _is_package(module) else module.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def _ours(module: str) -> bool:
    return module == PACKAGE or module.startswith(PACKAGE + ".")


def _tree(module: str) -> ast.Module:
    spec = _spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{module}: no source of that name in the package")
    return ast.parse(Path(spec.origin).read_bytes(), spec.origin)


def _is_package(module: str) -> bool:
    spec = _spec(module)
    return spec is not None and spec.submodule_search_locations is not None


def _spec(module: str) -> ModuleSpec | None:
    """Where the module lies, found without importing its parents, which may be slow."""
    parent = module.rpartition(".")[0]
    if not parent:
        return PathFinder.find_spec(module)
    if parent in sys.modules:
        places = getattr(sys.modules[parent], "__path__", None)
    else:
        spec = _spec(parent)
        places = spec.submodule_search_locations if spec else None
    return PathFinder.find_spec(module, list(places)) if places else None
