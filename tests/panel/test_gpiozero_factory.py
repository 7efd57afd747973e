"""Which library gpiozero gets, and that none of them says a word."""

import logging
import os
import sys
import warnings
from types import ModuleType

import pytest
from gpiozero import Device
from gpiozero.exc import BadPinFactory, GPIOZeroWarning, NativePinFactoryFallback
from gpiozero.pins.mock import MockFactory

from edged.errors import DeviceError
from edged.panel import gpiozero_factory
from edged.panel.gpiozero_panel import GpiozeroContact, GpiozeroLamp
from edged.panel.wiring import Wiring

LIBRARIES = {"lgpio": "LGPIOFactory", "rpigpio": "RPiGPIOFactory", "pigpio": "PiGPIOFactory"}


@pytest.fixture(autouse=True)
def no_factory(monkeypatch):
    """Begin without a factory, and without any library, whatever this machine has."""
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    for library in LIBRARIES:
        monkeypatch.setitem(sys.modules, f"gpiozero.pins.{library}", None)


def library(monkeypatch, name, make):
    module = ModuleType(name)
    setattr(module, LIBRARIES[name], make)
    monkeypatch.setitem(sys.modules, f"gpiozero.pins.{name}", module)


def test_without_a_library_the_error_names_them_all():
    with pytest.raises(BadPinFactory) as caught:
        gpiozero_factory.ensure()
    assert str(caught.value) == "lgpio is not installed; RPi.GPIO is not installed; pigpio is not installed"
    assert Device.pin_factory is None  # in particular not gpiozero's own last resort


def test_the_first_that_works_is_used_and_the_others_are_not_asked(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    library(monkeypatch, "lgpio", MockFactory)
    library(monkeypatch, "rpigpio", lambda: pytest.fail("it was asked"))
    gpiozero_factory.ensure()
    assert type(Device.pin_factory) is MockFactory
    assert not caplog.records


def test_a_library_that_fails_aloud_becomes_one_line(monkeypatch, caplog, capfd):
    def loud():
        print("Can't connect to pigpio at localhost(8888)")  # noqa: T201 as pigpio does
        sys.stderr.write("a banner\n")
        os.write(2, b"xCreatePipe: no such file\n")  # as lgpio's C library does
        warnings.warn("Falling back", NativePinFactoryFallback, stacklevel=1)
        raise RuntimeError("no chip")

    monkeypatch.setattr(
        logging.getLogger(), "handlers", [caplog.handler]
    )  # not one that an earlier test has left
    caplog.set_level(logging.INFO)
    library(monkeypatch, "lgpio", loud)
    library(monkeypatch, "rpigpio", MockFactory)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", category=GPIOZeroWarning)  # as the module has set it
        gpiozero_factory.ensure()
    assert capfd.readouterr() == ("", "")
    assert [record.getMessage() for record in caplog.records] == ["gpiozero uses Mock: lgpio: no chip"]


def test_a_failure_without_words_is_named_by_its_kind(monkeypatch):
    def silent():
        raise OSError

    library(monkeypatch, "lgpio", silent)
    with pytest.raises(BadPinFactory, match=r"lgpio: OSError; RPi\.GPIO is not"):
        gpiozero_factory.ensure()


def test_the_variable_decides_alone(monkeypatch):
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    library(monkeypatch, "lgpio", lambda: pytest.fail("it was asked"))
    gpiozero_factory.ensure()
    assert type(Device.pin_factory) is MockFactory


def told(monkeypatch, factory):
    """What a button and a light say, if the variable names this factory."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", factory)
    with pytest.raises(DeviceError) as button:
        GpiozeroContact(Wiring(17)).start(lambda *_: None, lambda _: None)
    with pytest.raises(DeviceError) as light:
        GpiozeroLamp(17).set(1)
    assert (button.value.cause, light.value.cause) == ("button_lost", "light_lost")
    assert str(button.value) == str(light.value)
    return str(button.value)


@pytest.mark.parametrize("name", ["banana", "mock "])
def test_a_factory_that_does_not_exist_is_named_with_those_that_do(monkeypatch, name):
    assert told(monkeypatch, name) == (
        f"GPIO 17: GPIOZERO_PIN_FACTORY is {name!r}, and gpiozero has no such pin factory; "
        "set it to one of lgpio, mock, native, pigpio, rpigpio, or remove it"
    )


def test_a_factory_that_cannot_be_used_is_named_with_the_reason(monkeypatch):
    assert told(monkeypatch, "pigpio") == (
        "GPIO 17: GPIOZERO_PIN_FACTORY is 'pigpio', which does not work here "
        "(import of gpiozero.pins.pigpio halted; None in sys.modules); choose another one, or remove it"
    )


def test_a_factory_that_is_there_stays():
    Device.pin_factory = factory = MockFactory()
    gpiozero_factory.ensure()
    assert Device.pin_factory is factory
