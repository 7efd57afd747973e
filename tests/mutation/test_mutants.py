import ast
from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from tests.mutation.mutants import mutants, mutated


def versions(source: str) -> set[str]:
    """The module's text with each change in it, one at a time."""
    text = dedent(source).strip()
    return {ast.unparse(mutated(text, mutant)) for mutant in mutants(text)}


def test_a_comparison_moves_its_bound_and_turns_around():
    assert versions("x = a < b") == {"x = a <= b", "x = a >= b"}


def test_and_becomes_or_and_loses_each_side():
    assert versions("x = a and b") == {"x = a or b", "x = b", "x = a"}


def test_a_table_loses_each_row_and_its_rows_change():
    told = versions("TABLE = {State.ON: 1, State.OFF: 2}")
    assert {"TABLE = {State.OFF: 2}", "TABLE = {State.ON: 1}", "TABLE = {State.ON: 2, State.OFF: 2}"} <= told
    assert "TABLE = {State.OFF: 1, State.OFF: 2}" in told


def test_what_is_done_is_left_out():
    assert "def f():\n    pass\n    return None" in versions(
        """
        def f():
            self.stop()
            return None
        """
    )


def test_a_condition_turns_around():
    assert versions("while waiting: pass") == {"while not waiting:\n    pass"}


def test_prose_log_lines_annotations_and_names_are_left_alone():
    assert not versions(
        '''
        """What this is."""
        import this

        class Mode(Enum):
            HOLD = "hold"

        def f(x: Literal[1]) -> Literal[2]:
            """Two."""
            log.info("at %d", 2)
            assert x
        '''
    )


def test_an_error_is_not_raised_and_keeps_its_words():
    assert versions("raise DeviceError('gone', 3)") == {"pass"}


def test_mutants_come_in_the_order_of_lines():
    lines = [mutant.line for mutant in mutants("a = 1\nb = {2: 3}\nc = 4 + 5")]
    assert lines == sorted(lines)
    assert set(lines) == {1, 2, 3}


@given(
    st.sampled_from(
        ["x = {1, 2}", "x = {1}", "f(1, 2)", "x = -1", "x = [i for i in y if i > 2]", "x += 1", "break"]
    )
)
def test_every_change_gives_a_program_that_differs(line):
    source = f"while True:\n    {line}"
    for mutant in mutants(source):
        tree = mutated(source, mutant)
        compile(tree, "made", "exec")
        assert ast.unparse(tree) != ast.unparse(ast.parse(source))
