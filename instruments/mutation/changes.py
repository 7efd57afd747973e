"""The operators of mutation: what may go wrong at one place."""

import ast
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from instruments.mutation.sites import WORD, Functions, Site


class Change(NamedTuple):
    text: str | None
    """The text at the place afterwards; None: nothing."""
    make: Callable[[], object]
    part: ast.AST | None = None
    """The part of the place that is changed, if that is not the whole."""


COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
EARLY: dict[str, tuple[object, ...]] = {"None": (None,), "bool": (True, False), "int": (0,), "float": (0.0,)}
COARSE = 10  # a count has neighbours; 301 in place of a limit of 300 is not a fault worth a test


def changes(site: Site) -> Iterator[Change]:
    for other in (*_operators(site.node), *_constants(site), *_swapped(site)):
        yield Change(_code(other, site), lambda other=other: site.put(other))
    yield from _statements(site)
    yield from _elements(site)
    yield from _early(site)


def _code(node: ast.AST, site: Site) -> str:
    text = ast.unparse(ast.fix_missing_locations(node))
    is_loose = isinstance(node, (ast.BoolOp, ast.IfExp, ast.Compare)) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )
    is_within = isinstance(site.holder, (ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare))
    return f"({text})" if is_loose and is_within else text


def _operators(node: Any) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left, ops, comparators):
            for index, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield ast.Compare(left, [*ops[:index], other(), *ops[index + 1 :]], comparators)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC and not _is_text(left):
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Call(ast.Name(name), args, keywords) if name in TWINS:
            yield ast.Call(ast.Name(TWINS[name], ast.Load()), args, keywords)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, (ast.JoinedStr, ast.List)) or (
        isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
    )


def _constants(site: Site) -> Iterator[ast.expr]:
    match site.node:
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)) if abs(value) < COARSE:
            yield from (ast.Constant(other) for other in (value + 1, value - 1, 0))
        case ast.Constant(int(value)):
            yield from (ast.Constant(other) for other in (value * 2, value // 2, 0))
        case ast.Constant(float(value)):
            yield from (ast.Constant(other) for other in (value * 2, value / 2, 0.0))
        case ast.Constant(str(value)) if WORD.fullmatch(value):
            yield ast.Constant(_other(value, site.words.words))
        case ast.Attribute(ast.Name(name) as owner, member):
            others = site.words.members.get(name, [])
            if member in others and len(others) > 1:
                yield ast.Attribute(owner, _other(member, others), ast.Load())


def _other(word: str, words: list[str]) -> str:
    """The next word of the list, and after the last one the first."""
    return words[(words.index(word) + 1) % len(words)] if len(words) > 1 else word + "~"


def _swapped(site: Site) -> Iterator[ast.expr]:
    """Two neighbours among the arguments that seem to have the same type."""
    match site.node:
        case ast.Call(func, [_, _, *_] as args, keywords) if getattr(func, "id", None) not in TWINS:
            for index, (one, other) in enumerate(pairwise(args)):
                if _kind(one, site) == _kind(other, site) and ast.dump(one) != ast.dump(other):
                    swapped = [*args[:index], other, one, *args[index + 2 :]]
                    yield ast.Call(func, swapped, keywords)


def _kind(node: ast.expr, site: Site) -> object:
    """Equal for two expressions of one type, as far as annotation, unit or literal show it."""
    match node:
        case ast.Constant(value):
            return type(value)
        case ast.Name(name) if (kind := _annotation(name, site)) is not None:
            return kind
        case ast.Name(name) | ast.Attribute(attr=name) if "_" in name.strip("_"):
            return name.rpartition("_")[2]
    return node


def _annotation(name: str, site: Site) -> str | None:
    if site.within is None:
        return None
    arguments = site.within.args
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if each.arg == name and each.annotation is not None:
            return ast.unparse(each.annotation)
    return None


def _statements(site: Site) -> Iterator[Change]:
    node = site.node
    match node:
        case ast.If(test) | ast.While(test):
            if not isinstance(test, (ast.Compare, ast.UnaryOp)):  # these have their own opposites
                word = "if" if isinstance(node, ast.If) else "while"
                negated = ast.UnaryOp(ast.Not(), test)
                text = f"{word} {ast.unparse(negated)}:"
                yield Change(text, lambda: setattr(node, "test", negated))
            if isinstance(node, ast.If) and not node.orelse and not _only_logs(node.body):
                yield _dropped(site)
        case ast.AugAssign(target, op, value) if type(op) in ARITHMETIC:
            other = ast.AugAssign(target, ARITHMETIC[type(op)](), value)
            yield Change(ast.unparse(other), lambda: site.put(ast.copy_location(other, node)))
            yield _dropped(site)
        case ast.Expr(ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()):
            yield _dropped(site)
        case ast.Raise() | ast.Delete() | ast.Return(None):
            yield _dropped(site)
        case ast.Assign(targets) if site.within is not None and _is_rebinding(targets, site):
            yield _dropped(site)
        case ast.Continue() | ast.Break():
            swapped = ast.Break() if isinstance(node, ast.Continue) else ast.Continue()
            yield Change(ast.unparse(swapped), lambda: site.put(ast.copy_location(swapped, node)))
            yield _dropped(site)


def _dropped(site: Site) -> Change:
    return Change(None, lambda: site.put(ast.copy_location(ast.Pass(), site.node)))


def _only_logs(body: list[ast.stmt]) -> bool:
    for statement in body:
        match statement:
            case ast.Expr(ast.Call(ast.Attribute(ast.Name("log" | "logger")))):
                continue
            case _:
                return False
    return True


def _is_rebinding(targets: list[ast.expr], site: Site) -> bool:
    """Whether the function runs without it: it binds an attribute, an element, or a name bound before."""
    names = {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    if not all(isinstance(each, (ast.Name, ast.Tuple)) for each in targets):
        return True
    if not all(
        isinstance(element, ast.Name) for target in targets for element in getattr(target, "elts", ())
    ):
        return True
    here = site.node.lineno
    arguments = {each.arg for each in ast.walk(site.within.args) if isinstance(each, ast.arg)}
    before = {
        each.id
        for each in ast.walk(site.within)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) and each.lineno < here
    }
    return names <= before | arguments


def _elements(site: Site) -> Iterator[Change]:
    """One element less: an operand, a row, a member of a set or list, an exception that is caught, a case, a filter."""
    node = site.node
    match node:
        case ast.BoolOp(op, values=each):
            for index in range(len(each)):
                rest = [*each[:index], *each[index + 1 :]]
                other = rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
                yield Change(_code(other, site), lambda other=other: site.put(other))
        case ast.Dict(keys, values):
            for index, value in enumerate(values):
                yield Change(None, lambda i=index: (keys.pop(i), values.pop(i)), keys[index] or value)
        case ast.Set(each) | ast.List(each, ast.Load()):
            yield from _less(each, each, lambda: _never_empty(site, each))
        case ast.Tuple(each, ast.Load()) if isinstance(site.holder, ast.ExceptHandler):
            yield from _less(each, each)
        case ast.Match(cases=each) if len(each) > 1:
            yield from _less(each, [case.pattern for case in each])
        case ast.comprehension(ifs=each):
            yield from _less(each, each)


def _less(
    each: list[Any], parts: Sequence[ast.AST], after: Callable[[], object] = lambda: None
) -> Iterator[Change]:
    for index, part in enumerate(list(parts)):
        yield Change(None, lambda i=index: (each.pop(i), after()), part)


def _never_empty(site: Site, elements: list[ast.expr]) -> None:
    """Put `set()` where the last member went: there is no literal for an empty set."""
    if isinstance(site.node, ast.Set) and not elements:
        site.put(ast.Call(ast.Name("set", ast.Load()), [], []))


def _early(site: Site) -> Iterator[Change]:
    """A function that ends before it is done, and a function whose answer is always the same."""
    node, within = site.node, site.within
    if not isinstance(node, ast.stmt) or within is None or site.holder is not within.body:
        return
    if isinstance(node, Functions) or within.returns is None:
        return
    if isinstance(node, (ast.Expr, ast.Return)) and node is within.body[-1] and node is not within.body[0]:
        return  # the same as without the statement
    returns = ast.unparse(within.returns)
    values = EARLY.get(returns, (None,) if returns.endswith("| None") else ())
    if returns != "None" and site.key != _first(within.body):
        return
    for value in values:
        early = ast.Return(None if value is None else ast.Constant(value))
        text = f"{ast.unparse(early)} before: {_head(node)}"
        yield Change(text, lambda early=early: site.put(_before(early, node)))


def _first(body: list[ast.stmt]) -> int:
    """The index of the first statement after the docstring."""
    match body[0]:
        case ast.Expr(ast.Constant(str())):
            return 1
    return 0


def _head(node: ast.stmt) -> str:
    return ast.unparse(node).splitlines()[0]


def _before(early: ast.stmt, node: ast.stmt) -> ast.stmt:
    """Both statements: what follows stays in the tree, so that a generator remains one."""
    always = ast.If(ast.Constant(1), [early], [])
    kept = ast.If(ast.Constant(1), [always, node], [])
    return ast.copy_location(kept, node)
