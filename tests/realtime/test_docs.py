"""The examples of docs/client.md run as they are printed, except for the address of the service."""

import re
from pathlib import Path

from tests.realtime.stage import PAUSE, held, question

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


def examples():
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_example_on_asyncio_hears_an_answer():
    heard = []

    def program(url):
        text = examples()[1].replace("https://api.platform.a15t.com/v1", url)
        exec(compile(text, str(PAGE), "exec"), {"question": question(), "play": heard.append})

    _, server = held(program)
    assert b"".join(heard) == question()
    assert server.bill[0].status == "completed"


def test_the_example_without_asyncio_listens_to_the_end(monkeypatch, capsys):
    def program(url):
        monkeypatch.setenv("PORTKEY_PROXY", url)
        exec(compile(examples()[2], str(PAGE), "exec"), {"question": question() + PAUSE})

    _, server = held(program, faults=["close:1000@response.done"])
    assert "sess_" in capsys.readouterr().out
    assert server.bill[0].status == "completed"
