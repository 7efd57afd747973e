"""What edged says of the package gpiod where it is missing or too old. Lines are in tests/system/card."""

import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from edged.errors import DeviceError
from edged.panel import gpiod_lines

ROOT = Path(__file__).parents[2]
LINE = gpiod_lines.Line(17, "", "button")


@pytest.mark.parametrize(
    ("package", "says"), [(None, "cannot be used"), (ModuleType("gpiod"), "older than version 2")]
)
def test_without_a_usable_package_the_command_for_the_environment_that_runs_is_named(
    monkeypatch, package, says
):
    monkeypatch.setitem(sys.modules, "gpiod", package)
    why = gpiod_lines.unusable()
    assert says in why
    assert why.endswith(f"run `{sys.executable} -m pip install 'gpiod>=2.1'`")
    with pytest.raises(DeviceError) as caught:
        gpiod_lines.library(LINE)
    assert str(caught.value) == f"GPIO 17: {why}"


def test_a_machine_without_a_chip_is_no_reason_for_another_library(monkeypatch, tmp_path):
    package = ModuleType("gpiod")
    package.LineSettings = object
    monkeypatch.setitem(sys.modules, "gpiod", package)
    assert gpiod_lines.unusable(tmp_path) == ""


def test_the_version_that_a_remedy_names_is_the_one_that_edged_needs():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert gpiod_lines.REQUIREMENT in {each.partition(";")[0] for each in wanted}
