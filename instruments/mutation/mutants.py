"""Small wrong versions of a module, made from its syntax tree. Pure: text in, trees out.

The changes: drop a statement, flip a condition, move a limit, replace a constant by its neighbour, leave a function
early, swap two arguments of one kind, take an entry out of a table.

Not changed are annotations, docstrings, decorators, imports, log lines, the words of an error, assertions, and code
that can never be reached: a test that noticed such a change would check the wrong thing. Text with a space is prose.
"""

import ast
import re
from typing import NamedTuple

from instruments.mutation.changes import Change, changes
from instruments.mutation.sites import Site, end_of_head, sites


class Mutant(NamedTuple):
    site: int
    """The number of the place, in the order of a walk through the tree."""
    variant: int
    """The number of the change at this place."""
    line: int
    first: int
    last: int
    """The lines that run when the changed place runs; for the default of an argument, the function's lines."""
    function: str
    """The qualified name of the function or class around it; empty for the module."""
    names: frozenset[str]
    """The names bound by a statement that runs once, on import; empty within a function."""
    before: str
    after: str

    @property
    def change(self) -> tuple[str, str, str]:
        """The texts that identify the change after lines have moved."""
        return self.function, self.before, self.after


def mutants(source: str) -> list[Mutant]:
    """All possible changes of a module, in order of its lines."""
    lines = source.encode().splitlines()
    found: dict[tuple[int, str, str], Mutant] = {}
    for number, site in enumerate(sites(ast.parse(source))):
        for variant, change in enumerate(changes(site)):
            before, after = _shown(lines, site, change)
            mutant = Mutant(
                number,
                variant,
                (change.part or site.node).lineno,
                site.first,
                site.last,
                site.function,
                site.names,
                before,
                after,
            )
            if before != after:
                found.setdefault((mutant.line, before, after), mutant)
    return sorted(found.values(), key=lambda mutant: mutant.line)


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The module with this one change in it."""
    tree = ast.parse(source)
    for number, site in enumerate(sites(tree)):
        if number == mutant.site:
            list(changes(site))[mutant.variant].make()
            break
    return ast.fix_missing_locations(tree)


def _shown(lines: list[bytes], site: Site, change: Change) -> tuple[str, str]:
    """The lines of the change before and after it, each joined into one line."""
    node = change.part or site.node
    last = end_of_head(node) if isinstance(node, ast.stmt) else node.end_lineno
    whole = b"\n".join(lines[node.lineno - 1 : last])
    if change.part is not None:
        return _line(whole), f"without {_line(whole[node.col_offset :])}"[:200]
    if isinstance(node, ast.stmt):
        return _line(whole), "pass" if change.text is None else change.text
    tail = lines[last - 1][node.end_col_offset :]
    return _line(whole), _line(whole[: node.col_offset] + (change.text or "").encode() + tail)


def _line(code: bytes) -> str:
    text = re.sub(r"(?m)\s+#[ ].*$", "", code.decode())
    return re.sub(r"\s+", " ", text).strip()
