"""The tool from end to end, on a project of one module whose tests have a gap."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = '''
    """A gate."""

    OLDEST = 70


    def may_pass(age):
        if age >= OLDEST:
            return False
        return 18 <= age
'''
TESTS = """
    import pytest
    from toy.gate import may_pass

    @pytest.mark.parametrize(("age", "passes"), [(17, False), (18, True), (69, True), (70, False), (90, False)])
    def test_the_old_and_the_young_stay_out(age, passes):
        assert may_pass(age) is passes
"""
HOLE = """
    from toy.gate import may_pass

    def test_who_is_young_stays_out():
        assert not may_pass(3)
        assert may_pass(18)
"""
MAIN = """
    import sys
    from pathlib import Path
    from instruments.mutation.__main__ import main
    from instruments.mutation.project import Project

    here = Path(sys.argv[1])
    toy = Project(here, "toy", ("gate",), ("test_*",), here / "equivalents.toml")
    sys.exit(main(["--sample", "0", "--cache", str(here / "cache")], toy))
"""
SAME = """
    [[equivalent]]
    module = "toy/gate.py"
    function = "may_pass"
    before = "if age >= OLDEST:"
    after = "if age > OLDEST:"
    reason = "nobody is as old"
"""


@pytest.fixture
def mutate(tmp_path):
    """Run the tool on the toy project with these tests; return its status and its output."""

    def run(tests, equivalents=""):
        for name, text in {
            "toy/__init__.py": "",
            "toy/gate.py": MODULE,
            "tests/test_gate.py": tests,
            "equivalents.toml": equivalents,
            "main.py": MAIN,
        }.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(dedent(text))
        words = [sys.executable, "-P", tmp_path / "main.py", tmp_path]
        env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.slow
def test_good_tests_notice_every_change(mutate):
    status, said = mutate(TESTS)
    assert "survived:" not in said
    assert "100.0%" in said
    assert status == 0


@pytest.mark.slow
def test_what_nobody_notices_is_listed_with_its_place_and_equivalents_do_not_count(mutate):
    status, said = mutate(HOLE, SAME)
    assert status == 1
    assert "survived: toy/gate.py:8 in may_pass\n-    if age >= OLDEST:\n+    pass\n" in said
    assert "return 18 < age" not in said
    assert "+    if age > OLDEST:" not in said


@pytest.mark.slow
def test_a_change_listed_as_equivalent_must_exist_and_must_be_equivalent(mutate):
    status, said = mutate(TESTS, SAME + SAME.replace("OLDEST", "ELDEST"))
    assert status == 1
    assert "listed as equivalent, but noticed by tests/test_gate.py" in said
    assert "listed as equivalent, but no longer there: toy/gate.py: may_pass: if age >= ELDEST:" in said


@pytest.mark.slow
def test_tests_that_fail_without_any_change_end_the_run(mutate):
    status, said = mutate(HOLE.replace("not may_pass(3)", "may_pass(3)"))
    assert status == 1
    assert "tests fail without any change" in said
    assert "test_gate.py::test_who_is_young_stays_out" in said
