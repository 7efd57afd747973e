"""The places of a module that may be changed, in the order of a walk through its tree."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

UNTOUCHED_FIELDS = frozenset({"annotation", "returns", "decorator_list", "type_params", "type_comment"})
UNTOUCHED_CALLS = frozenset({"assert_never", "cast", "getLogger", "TypeVar", "NewType"})
NAMES_NO_BEHAVIOUR = frozenset({"name"})  # the name of a task or a thread, for the reader of a traceback
TEXT_FOR_PEOPLE = frozenset({"__repr__", "__str__"})
UNTOUCHED = (
    *(ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass),
    *(ast.MatchValue, ast.MatchSingleton),
)
MEMBER = re.compile(r"[A-Z][A-Z0-9_]*")
WORD = re.compile(r"[a-z][a-z0-9_.-]*")
Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Words:
    """What a module uses besides: the members of each enumeration, and single words of text."""

    members: dict[str, list[str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Site:
    node: Any
    holder: Any
    """The node or list that contains it."""
    key: str | int
    words: Words
    first: int = 0
    last: int = 0
    function: str = ""
    names: frozenset[str] = frozenset()
    within: Any = None
    """The function around it."""
    enumerated: bool = False
    """Whether it is in the body of an enumeration; its values are names."""

    def put(self, node: ast.AST) -> None:
        if isinstance(self.holder, list):
            self.holder[self.key] = node
        else:
            setattr(self.holder, str(self.key), node)


def sites(tree: ast.Module) -> Iterator[Site]:
    yield from _below(Site(tree, None, "", _words(tree)))


def _below(site: Site) -> Iterator[Site]:
    for name, value in ast.iter_fields(site.node):
        if name in UNTOUCHED_FIELDS:
            continue
        if isinstance(value, ast.AST):
            yield from _site(replace(site, node=value, holder=site.node, key=name))
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, ast.AST) and not _is_text_of_error(site.node, name, index):
                    yield from _site(replace(site, node=each, holder=value, key=index))


def _site(site: Site) -> Iterator[Site]:
    node = site.node
    if _is_untouched(node, site):
        return
    site = _located(site)
    yield site
    if isinstance(node, (*Functions, ast.ClassDef)):
        inner = replace(
            site, function=f"{site.function}.{node.name}".lstrip("."), enumerated=_is_enumeration(node)
        )
        if isinstance(node, Functions):
            inner = replace(inner, within=node, names=frozenset())
        yield from _below(inner)
    else:
        yield from _below(site)


def _located(site: Site) -> Site:
    """The site, with the lines that run when its node runs."""
    node = site.node
    match node:
        case ast.arguments():  # defaults belong to the callers of the function
            body = site.holder.body if isinstance(site.holder.body, list) else [site.holder.body]
            return replace(site, first=body[0].lineno, last=body[-1].end_lineno)
        case ast.ExceptHandler(lineno=line) | ast.match_case(pattern=ast.AST(lineno=line)):
            return replace(site, first=line, last=line)
        case ast.stmt():
            names = site.names | _bound(node) if site.within is None else site.names
            return replace(site, first=node.lineno, last=end_of_head(node), names=names)
    return site


def end_of_head(node: ast.stmt) -> int:
    """The last line of a statement without its body."""
    match node:
        case ast.Match(subject=subject):
            return subject.end_lineno or node.lineno
        case ast.stmt(body=[first, *_]):
            return max(node.lineno, first.lineno - 1)
    return node.end_lineno or node.lineno


def _bound(node: ast.stmt) -> frozenset[str]:
    match node:
        case ast.Assign(targets):
            bound = [each for target in targets for each in ast.walk(target)]
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            bound = [target]
        case ast.ClassDef(name) | ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
            return frozenset({name})
        case _:
            return frozenset()
    return frozenset(each.id for each in bound if isinstance(each, ast.Name))


def _is_text_of_error(node: ast.AST, name: str, index: int) -> bool:
    """The first argument of an error is its text; the next may be its cause."""
    match node:
        case ast.Call(ast.Name(called) | ast.Attribute(attr=called)) if name == "args" and index == 0:
            return called.endswith(("Error", "Warning"))
    return False


def _is_untouched(node: ast.AST, site: Site) -> bool:
    match node:
        case ast.Assign([ast.Name(name)]):
            return name.startswith("__") or name == "log" or site.enumerated
        case ast.Call(ast.Name(name) | ast.Attribute(attr=name)):
            return name in UNTOUCHED_CALLS
        case ast.Expr(ast.Call(ast.Name(name))):
            return name in UNTOUCHED_CALLS
        case ast.FunctionDef(name=name):
            return name in TEXT_FOR_PEOPLE
        case ast.keyword(arg):
            return arg in NAMES_NO_BEHAVIOUR
    return isinstance(node, UNTOUCHED) or _says_nothing(node)


def _says_nothing(node: ast.AST) -> bool:
    """True for annotations, docstrings, log lines, and code that can never be reached."""
    match node:
        case (
            ast.Subscript(ast.Name("Literal"))
            | ast.Expr(ast.Constant())
            | ast.If(ast.Name("TYPE_CHECKING"))
            | ast.Expr(ast.Call(ast.Attribute(ast.Name("log" | "logger"))))
            | ast.Raise(ast.Call(ast.Name("AssertionError" | "NotImplementedError")))
            | ast.AnnAssign(value=None)
        ):
            return True
    return False


def _is_enumeration(node: ast.AST) -> bool:
    """The values of an enumeration are names."""
    bases = getattr(node, "bases", ())
    return any(isinstance(base, ast.Name) and base.id.endswith("Enum") for base in bases)


def _words(tree: ast.Module) -> Words:
    found = Words()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Name(name), member) if name.lstrip("_")[:1].isupper():
                if MEMBER.fullmatch(member) and member not in found.members.setdefault(name, []):
                    found.members[name].append(member)
            case ast.Constant(str(word)) if WORD.fullmatch(word) and word not in found.words:
                found.words.append(word)
    return found
