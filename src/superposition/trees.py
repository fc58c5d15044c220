"""The top level of a module as its syntax trees: which names it imports and defines, and what each definition refers to.
Trees become text in which names, places, comments, docstrings and annotations of functions leave no trace."""

import ast
import builtins
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

# Decorators that change a function and nothing else; with any other, defining a function may have an effect elsewhere.
_PURE = frozenset(
    {
        "numba.njit", "functools.cache", "functools.lru_cache", "functools.wraps", "contextlib.contextmanager",
        "dataclasses.dataclass", "typing.no_type_check", "typing.overload", "torch.no_grad", "numba.guvectorize",
        "numba.vectorize", "property", "staticmethod", "classmethod", "functools.cached_property",
    }
)  # fmt: skip
# What can reach anything at all, by a name that is known only when it runs.
BY_NAME = frozenset({"importlib.import_module", "builtins.__import__", "builtins.eval", "builtins.exec", "builtins.globals"})
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Reference:
    """A name in a tree that is not the tree's own: a name of its module, or `name` as imported from `source`."""

    name: str
    attributes: tuple[str, ...] = ()
    source: str | None = None


Pieces = list[str | Reference]


@dataclass
class Module:
    """A module's top level: where each name comes from, and the statements with an effect."""

    name: str
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    definitions: dict[str, Pieces] = field(default_factory=dict)
    effects: Pieces = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The module as JSON holds it."""
        return asdict(self)

    @staticmethod
    def of_json(held: dict[str, Any]) -> "Module":
        """The module that `as_json` gave."""
        pieces = lambda of: [p if isinstance(p, str) else Reference(p["name"], tuple(p["attributes"]), p["source"]) for p in of]
        imports = {name: (source, member) for name, (source, member) in held["imports"].items()}
        definitions = {name: pieces(of) for name, of in held["definitions"].items()}
        return Module(held["name"], imports, held["stars"], definitions, pieces(held["effects"]))


def read(name: str, tree: ast.Module, is_package: bool) -> Module:
    """A module's top level, from its tree."""
    module = Module(name)
    package = name if is_package else name.rpartition(".")[0]
    imports = [node for node in _everywhere(tree) if isinstance(node, _IMPORTS)]
    for node in imports:
        module.imports |= _bound_by_import(package, node)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            module.stars.append(_absolute(package, node))
    known = module.imports.keys() | _bound(tree.body)
    if module.stars:  # any name may come from there
        known |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(dir(builtins))
    aliases = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for statement in _undocumented(tree):
        if isinstance(statement, _IMPORTS) or _is_idle(statement):
            continue
        names = list(_bound([statement]) - module.imports.keys())
        if len(names) > 1:
            names.sort(key=_place(statement))
        pieces = _Writer(package, known, names).written(statement)
        for index, own in enumerate(names):
            module.definitions.setdefault(own, []).extend([*pieces, f"#{index}"])
        if _has_effect(statement, module, aliases):
            module.effects += pieces
    return module


def canonical(node: object) -> str:
    """A syntax tree as text: type names with their fields, without docstrings, positions and empty fields.

    `ast.dump` will not do: which empty fields it prints depends on the version of Python."""
    pieces = _Writer("", frozenset(), ()).written(node)
    return "".join(piece if isinstance(piece, str) else ".".join([piece.name, *piece.attributes]) for piece in pieces)


class _Writer:
    """Writes trees as text, with a reference for each name that is not local where it stands."""

    def __init__(self, package: str, known: Collection[str], own: Iterable[str]):
        self._package, self._known = package, known
        self._own = {name: f"_{index}" for index, name in enumerate(own)}
        self._scopes: list[tuple[bool, dict[str, Reference | None]]] = []  # whether of a class, and its names
        self._out: Pieces = []

    def written(self, node: object) -> Pieces:
        self._write(node)
        joined: Pieces = []
        for kind, pieces in groupby(self._out, type):
            run = list(pieces)
            joined += ["".join(run)] if kind is str else run
        return joined

    def _write(self, node: object) -> None:
        if not isinstance(node, (list, ast.AST)):
            self._out.append(ascii(node))
        elif isinstance(node, list):
            self._out.append("[")
            for item in node:
                if not isinstance(item, _IMPORTS):  # what they bind is followed where it is used
                    self._write(item)
                    self._out.append(", ")
            self._out.append("]")
        elif isinstance(node, (ast.Name, ast.Attribute)):
            self._name(node)
        elif isinstance(node, _FUNCTIONS):
            self._function(node)
        elif isinstance(node, ast.ClassDef):
            self._class(node)
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node)
        elif isinstance(node, ast.AnnAssign) and not (self._scopes and self._scopes[-1][0]):
            self._fields(node, without=("annotation", "simple"))
        else:
            self._fields(node)

    def _fields(self, node: ast.AST, without: Collection[str] = (), **changed: object) -> None:
        self._out.append(f"{type(node).__name__}(")
        for name in sorted(node._fields):
            value = changed[name] if name in changed else getattr(node, name, None)
            if name not in without and value is not None and value != []:
                self._out.append(f"{name}=")
                self._write(value)
                self._out.append(", ")
        self._out.append(")")

    def _name(self, node: ast.Name | ast.Attribute) -> None:
        inner, attributes = node, []
        while isinstance(inner, ast.Attribute):
            attributes.append(inner.attr)
            inner = inner.value
        own = isinstance(node, ast.Name) and not self._scopes and isinstance(node.ctx, ast.Store)
        reference = self._reference(inner.id) if isinstance(inner, ast.Name) and not own else None
        if isinstance(node, ast.Name) and reference is None:
            self._out.append(f"Name({self._own.get(node.id, node.id) if own else node.id} {type(node.ctx).__name__})")
        elif reference is None:
            self._fields(node)
        else:
            chain = tuple(reversed(attributes))
            self._out += [
                f"{type(node.ctx).__name__} ",
                Reference(reference.name, reference.attributes + chain, reference.source),
            ]

    def _reference(self, name: str) -> Reference | None:
        """What the name refers to outside the tree; None for a local name or a builtin."""
        for depth, (of_class, names) in enumerate(reversed(self._scopes)):
            if name in names and not (of_class and depth):
                return names[name]
        if name in self._known:
            return Reference(name)
        return Reference(name, (), "builtins") if f"builtins.{name}" in BY_NAME else None

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        top = not self._scopes
        arguments = node.args
        self._out.append(f"{type(node).__name__}({'' if top or isinstance(node, ast.Lambda) else node.name}(")
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
        shape = (len(arguments.posonlyargs), len(arguments.kwonlyargs), bool(arguments.vararg), bool(arguments.kwarg))
        self._out.append(f"{[argument.arg for argument in [*every, *stars]]} {shape}")
        for part in (arguments.defaults, arguments.kw_defaults, getattr(node, "decorator_list", [])):
            self._write(part)
        body = [node.body] if isinstance(node, ast.Lambda) else _undocumented(node)
        names: dict[str, Reference | None] = dict.fromkeys(argument.arg for argument in [*every, *stars])
        self._scopes.append((False, names | self._local(body)))
        self._write(body)
        self._scopes.pop()
        self._out.append(")")

    def _class(self, node: ast.ClassDef) -> None:
        self._out.append(f"ClassDef({'' if not self._scopes else node.name}")
        for part in (node.bases, node.keywords, node.decorator_list):
            self._write(part)
        body = _undocumented(node)
        self._scopes.append((True, self._local(body)))
        self._write(body)
        self._scopes.pop()
        self._out.append(")")

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        first, *_ = node.generators
        self._out.append(f"{type(node).__name__}(")
        self._write(first.iter)  # evaluated outside
        self._scopes.append((False, dict.fromkeys(_bound([generator.target for generator in node.generators]))))
        for generator in node.generators:
            self._fields(generator, without=("iter",) if generator is first else ())
        for part in ("elt", "key", "value"):
            self._write(getattr(node, part, None))
        self._scopes.pop()
        self._out.append(")")

    def _local(self, body: list[ast.AST]) -> dict[str, Reference | None]:
        """The names that a function's or class's body binds, with what they stand for where it imports them."""
        names: dict[str, Reference | None] = dict.fromkeys(_bound(body))
        every = _everywhere(ast.Module(body, []))
        for node in every:
            if isinstance(node, _IMPORTS):
                for name, (source, member) in _bound_by_import(self._package, node).items():
                    names[name] = Reference(member or "", (), source) if member else _whole(source)
        for node in every:
            if isinstance(node, ast.Global):
                names = {name: what for name, what in names.items() if name not in node.names}
        return names


def _whole(source: str) -> Reference:
    """A module imported under a name."""
    parent, _, leaf = source.rpartition(".")
    return Reference(leaf, (), parent) if parent else Reference("", (), source)


def _children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below, but for those that say no more than their type: `ast.iter_child_nodes` at a third of its cost."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST) and child._fields:
                found.append(child)
    return found


def _everywhere(tree: ast.AST) -> list[ast.AST]:
    """The nodes of a scope, and of no function or class inside it."""
    found, waiting = [], _children(tree)
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, _SCOPES):
            waiting += _children(node)
    return found


def _bound(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that the nodes bind in the scope that they stand in."""
    names, waiting = set(), list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, _COMPREHENSIONS):
            names |= {inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)}
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            waiting += node.decorator_list
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, _IMPORTS):
            names |= _bound_by_import("", node).keys()
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        if not isinstance(node, _SCOPES):
            waiting += _children(node)
    return names


def _bound_by_import(package: str, node: ast.Import | ast.ImportFrom) -> dict[str, tuple[str, str | None]]:
    """The names that an import binds, each with the module and the name there, or with the module alone."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (alias.name if alias.asname else alias.name.partition(".")[0], None)
            for alias in node.names
        }
    source = _absolute(package, node)
    return {alias.asname or alias.name: (source, alias.name) for alias in node.names if alias.name != "*"}


def _absolute(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def _place(statement: ast.stmt):
    """Orders names by where the statement binds them first."""
    places: dict[str, tuple[int, int]] = {}
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            places.setdefault(node.id, (node.lineno, node.col_offset))
    return lambda name: (places.get(name, (0, 0)), name)


def _undocumented(node: ast.AST) -> list[ast.stmt]:
    body = node.body
    return body[1:] if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None else body


def _is_idle(statement: ast.stmt) -> bool:
    """Whether the statement does nothing to results: a bare constant, what is exported, what only type checkers read."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.If):
        return ast.unparse(statement.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING") and not statement.orelse
    return isinstance(statement, ast.Assign) and [ast.unparse(target) for target in statement.targets] == ["__all__"]


def _has_effect(statement: ast.stmt, module: Module, aliases: dict[str, ast.expr]) -> bool:
    """Whether executing the statement may change something other than the names that it binds."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return any(_origin(decorator, module, aliases) not in _PURE for decorator in statement.decorator_list)
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return any(isinstance(node, (ast.Attribute, ast.Subscript)) for target in targets for node in ast.walk(target))
    return True


def _origin(decorator: ast.expr, module: Module, aliases: dict[str, ast.expr]) -> str:
    """The dotted name of a decorator as it is where it comes from, such as numba.njit, also through a name of its own."""
    while isinstance(decorator, ast.Call) or (isinstance(decorator, ast.Name) and decorator.id in aliases):
        decorator = decorator.func if isinstance(decorator, ast.Call) else aliases[decorator.id]
    root, _, rest = ast.unparse(decorator).partition(".")
    source, name = module.imports.get(root, (root, None))
    return ".".join(part for part in (source, name, rest) if part)
