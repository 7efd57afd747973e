import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.mutation.mutants import mutants, mutated


def versions(source: str) -> set[str]:
    """The module's text with each change in it, one at a time."""
    text = dedent(source).strip()
    return {ast.unparse(mutated(text, mutant)) for mutant in mutants(text)}


def in_function(*lines: str) -> set[str]:
    """The same for the lines of a function, without the changes that end it early."""
    text = "\n".join(["def f(a, b):", *(f"    {line}" for line in lines)])
    made = [ast.unparse(mutated(text, mutant)).splitlines()[1:] for mutant in mutants(text)]
    return {"; ".join(line.strip() for line in each) for each in made}


def test_a_comparison_moves_its_bound_and_turns_around():
    assert versions("x = a < b") == {"x = a <= b", "x = a >= b"}


def test_and_becomes_or_and_loses_each_side():
    assert versions("x = a and b") == {"x = a or b", "x = b", "x = a"}


def test_a_small_number_has_neighbours_and_a_large_one_is_far_off():
    assert versions("x = 4") == {"x = 5", "x = 3", "x = 0"}
    assert versions("x = 300") == {"x = 600", "x = 150", "x = 0"}
    assert versions("x = 0.5") == {"x = 1.0", "x = 0.25", "x = 0.0"}


def test_one_word_becomes_another_of_the_module():
    assert versions("x, y = 'busy', 'lost'") == {"x, y = ('lost', 'lost')", "x, y = ('busy', 'busy')"}


def test_an_enumerations_member_becomes_another():
    assert versions("x, y = Owed.NOTHING, Owed.REST") == {
        "x, y = (Owed.REST, Owed.REST)",
        "x, y = (Owed.NOTHING, Owed.NOTHING)",
    }


def test_a_table_loses_each_row_and_its_rows_change():
    found = versions("TABLE = {State.ON: 1, State.OFF: 2}")
    assert {"TABLE = {State.OFF: 2}", "TABLE = {State.ON: 1}", "TABLE = {State.ON: 2, State.OFF: 2}"} <= found
    assert "TABLE = {State.OFF: 1, State.OFF: 2}" in found


def test_a_statement_is_left_out():
    assert in_function("a.stop()", "a.at = b") == {"pass; a.at = b", "a.stop(); pass"}


def test_a_rebinding_is_left_out_and_a_first_binding_stays():
    assert in_function("c = g()", "c = c.d") == {"c = g(); pass"}


def test_a_condition_turns_around_and_what_it_guards_is_left_out():
    assert in_function("if a:", "    return") == {"if not a:; return", "pass", "if a:; pass"}


def test_a_filter_and_an_error_that_is_caught_and_a_case_are_left_out():
    assert "x = [i for i in y]" in versions("x = [i for i in y if g(i)]")
    assert any("except (E,)" in each for each in versions("try: g()\nexcept (D, E): h()"))
    assert "match x:\n    case _:\n        h()" in versions("match x:\n case 1: g()\n case _: h()")


def test_a_function_ends_early():
    made = versions("def f() -> None:\n    a.b = c.d\n    e.f = g.h")
    assert any("return\n" in each and "a.b = c.d" in each for each in made)
    assert {"return True", "return False"} <= {
        line.strip() for each in versions("def f() -> bool:\n    return g()") for line in each.splitlines()
    }


@pytest.mark.parametrize(("call", "swapped"), [("g(a_s, b_s)", "g(b_s, a_s)"), ("g(1, 20)", "g(20, 1)")])
def test_two_arguments_of_a_kind_change_places(call, swapped):
    assert swapped in versions(call)


@pytest.mark.parametrize("call", ["g(a_s, b_ms)", "g(x, y)", "g(x_s, z())"])
def test_arguments_of_different_kinds_stay(call):
    assert versions(call) == {"pass"}


def test_arguments_of_one_annotation_change_places():
    found = {each.after for each in mutants("def f(x: int, y: int, z: str):\n    g(x, y, z)")}
    assert found == {"pass", "g(y, x, z)"}


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

        def __repr__(self) -> str:
            return f"{self.x + 1}"

        def g(x):
            assert_never(x)
            raise AssertionError(x, 1)
        '''
    )


def test_an_error_is_not_raised_has_another_cause_and_keeps_its_words():
    assert versions("raise DeviceError('gone', 3)") == {
        "pass",
        "raise DeviceError('gone', 4)",
        "raise DeviceError('gone', 2)",
        "raise DeviceError('gone', 0)",
    }


def test_mutants_come_in_the_order_of_lines():
    lines = [mutant.line for mutant in mutants("a = 1\nb = {2: 3}\nc = 4 + 5")]
    assert lines == sorted(lines)
    assert set(lines) == {1, 2, 3}


def test_a_change_is_told_as_it_would_stand_there_with_its_function():
    source = "class A:\n    def f(self):\n        return g(\n            1,  # one\n            x_s < y_s,\n        )"
    found = {mutant.change for mutant in mutants(source)}
    assert ("A.f", "1,", "2,") in found
    assert ("A.f", "x_s < y_s,", "x_s <= y_s,") in found


def test_a_change_is_the_same_when_its_lines_have_moved():
    source = "def f():\n    return 1 if g else 2"
    moved = f"import this\n\n\n{source}"
    assert {each.change for each in mutants(source)} == {each.change for each in mutants(moved)}


def test_the_default_of_an_argument_is_executed_with_the_function():
    (mutant, *_) = (each for each in mutants("def f(x=1):\n    g()\n    h()") if "x=2" in each.after)
    assert (mutant.first, mutant.last) == (2, 3)


def test_a_statement_that_runs_on_import_names_what_it_binds():
    (mutant, *_) = mutants("class A:\n    x: int = 1")
    assert mutant.names == {"A", "x"}


@given(
    st.sampled_from(
        [
            *("x = {1, 2}", "x = {1}", "f(1, 2)", "x = -1", "x = [i for i in y if i > 2]", "x += 1", "break"),
            *("if a:\n        b()", "with a as b:\n        c()", "x = f(a_s, b_s)", "x = a if b else c"),
        ]
    )
)
def test_every_change_gives_a_program_that_differs(line):
    source = f"while True:\n    {line}"
    for mutant in mutants(source):
        tree = mutated(source, mutant)
        compile(tree, "made", "exec")
        assert ast.unparse(tree) != ast.unparse(ast.parse(source))
