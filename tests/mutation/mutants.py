"""Small wrong versions of a module, made from its syntax tree. Pure: text in, trees out.

Not changed are annotations, docstrings, decorators, log lines, the words of an error and assertions (a test
that noticed those would hold on to the wrong thing), and text with a space in it (prose).
"""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Change = Callable[[], None]

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
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
UNTOUCHED_FIELDS = frozenset({"annotation", "returns", "decorator_list", "type_params", "type_comment"})
COARSE = 10  # a bound of 300 that is 301 is no fault worth a test
MEMBER = re.compile(r"[A-Z][A-Z0-9_]*")


class Mutant(NamedTuple):
    site: int
    """Which place of the tree, counted in the order of a walk."""
    variant: int
    """Which change at this place."""
    line: int
    before: str
    after: str


class Site(NamedTuple):
    node: ast.AST
    holder: Any
    """The node or list that holds it."""
    key: str | int

    def put(self, node: ast.AST) -> None:
        if isinstance(self.holder, list):
            self.holder[self.key] = node
        else:
            setattr(self.holder, str(self.key), node)

    def drop(self) -> None:
        """Out of a list; a statement leaves `pass` behind."""
        if isinstance(self.node, ast.stmt):
            self.put(ast.copy_location(ast.Pass(), self.node))
        else:
            del self.holder[self.key]


def mutants(source: str) -> list[Mutant]:
    """All changes there are to a module, in order of its lines."""
    tree = ast.parse(source)
    members = _members(tree)
    found = []
    for number, site in enumerate(_sites(tree)):
        before = ast.unparse(site.node)
        for variant, (after, _) in enumerate(_changes(site, members)):
            found.append(Mutant(number, variant, getattr(site.node, "lineno", 0), before, after))
    return sorted(found, key=lambda mutant: mutant.line)


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The module with this one change in it."""
    tree = ast.parse(source)
    members = _members(tree)
    for number, site in enumerate(_sites(tree)):
        if number == mutant.site:
            _, change = list(_changes(site, members))[mutant.variant]
            change()
            break
    return ast.fix_missing_locations(tree)


def _sites(node: ast.AST) -> Iterator[Site]:
    for field, value in ast.iter_fields(node):
        if field in UNTOUCHED_FIELDS:
            continue
        if isinstance(value, ast.AST):
            yield from _site(Site(value, node, field))
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield from _site(Site(each, value, index))


def _site(site: Site) -> Iterator[Site]:
    if _is_untouched(site.node):
        return
    yield site
    yield from _sites(site.node)


def _is_untouched(node: ast.AST) -> bool:
    match node:
        case (
            ast.Subscript(ast.Name("Literal"))
            | ast.Assert()
            | ast.Import()
            | ast.ImportFrom()
            | ast.JoinedStr()
        ):
            return True
        case ast.Expr(ast.Constant() | ast.Call(ast.Attribute(ast.Name("log")))) | ast.If(
            ast.Name("TYPE_CHECKING")
        ):
            return True
        case ast.Assign([ast.Name(name)]):
            return name.startswith("__") or name == "log"
        case ast.ClassDef(bases=bases):  # the values of an enumeration are names
            return any(isinstance(base, ast.Name) and base.id.endswith("Enum") for base in bases)
        case ast.Call(ast.Name(name)):
            return name in {"assert_never", "cast"} or name.endswith(("Error", "Warning"))
    return isinstance(node, ast.AnnAssign) and node.value is None


def _members(tree: ast.Module) -> dict[str, list[str]]:
    """The members of each enumeration that a module speaks of."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Name(name), member) if name.lstrip("_")[:1].isupper() and MEMBER.fullmatch(
                member
            ):
                if member not in found.setdefault(name, []):
                    found[name].append(member)
    return found


def _changes(site: Site, members: dict[str, list[str]]) -> Iterator[tuple[str, Change]]:
    for other in (*_operators(site.node), *_values(site.node, members)):
        yield ast.unparse(other), lambda other=other: site.put(other)
    yield from _statements(site)
    yield from _elements(site)


def _operators(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left, ops, comparators):
            for index, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield ast.Compare(left, [*ops[:index], other(), *ops[index + 1 :]], comparators)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC:
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)


def _values(node: ast.AST, members: dict[str, list[str]]) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield ast.Constant(value + 1 if abs(value) < COARSE else value * 2)
        case ast.Constant(str(value)) if value and " " not in value:
            yield ast.Constant(value + "~")
        case ast.Call(ast.Name(name), args, keywords) if name in TWINS:
            yield ast.Call(ast.Name(TWINS[name], ast.Load()), args, keywords)
        case ast.Attribute(ast.Name(name) as owner, member) if len(others := members.get(name, [])) > 1:
            if member in others:
                yield ast.Attribute(owner, others[(others.index(member) + 1) % len(others)], ast.Load())


def _statements(site: Site) -> Iterator[tuple[str, Change]]:
    node = site.node
    match node:
        case ast.If(test) | ast.While(test) if not isinstance(test, (ast.Compare, ast.UnaryOp)):
            negated = ast.UnaryOp(ast.Not(), test)
            yield f"if {ast.unparse(negated)}", lambda: setattr(node, "test", negated)
        case ast.Return(value) if value is not None and not _is_none(value):
            yield "return None", lambda: setattr(node, "value", ast.Constant(None))
        case ast.AugAssign(op=op) if type(op) in ARITHMETIC:
            other = ast.AugAssign(node.target, ARITHMETIC[type(op)](), node.value)
            yield ast.unparse(other), lambda: site.put(other)
            yield "pass", site.drop
        case ast.Expr(ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()) | ast.Raise() | ast.Delete():
            yield "pass", site.drop
        case ast.Assign(targets) if not all(isinstance(target, ast.Name) for target in targets):
            yield "pass", site.drop
        case ast.Continue() | ast.Break():
            swapped = ast.Break() if isinstance(node, ast.Continue) else ast.Continue()
            yield ast.unparse(swapped), lambda: site.put(swapped)


def _elements(site: Site) -> Iterator[tuple[str, Change]]:
    """One less: an operand, an entry of a table, a member of a set or list, an argument behind the first."""
    node = site.node
    match node:
        case ast.Dict(keys, values):
            for index, (key, value) in enumerate(zip(keys, values, strict=True)):
                entry = "**" + ast.unparse(value) if key is None else ast.unparse(key)
                yield f"without {entry}", lambda i=index: (keys.pop(i), values.pop(i))
        case ast.BoolOp(values=each) | ast.Set(each) | ast.List(each, ast.Load()):
            for index in range(len(each)):
                yield f"without {ast.unparse(each[index])}", lambda i=index: _without(site, each, i)
        case ast.Call(args=[_, _, *_] as each) if ast.unparse(node.func) not in TWINS:
            for index in range(1, len(each)):
                yield f"without {ast.unparse(each[index])}", lambda i=index: each.pop(i)


def _without(site: Site, elements: list[ast.expr], index: int) -> None:
    del elements[index]
    if isinstance(site.node, ast.BoolOp) and len(elements) == 1:
        site.put(elements[0])
    elif isinstance(site.node, ast.Set) and not elements:
        site.put(ast.Call(ast.Name("set", ast.Load()), [], []))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
