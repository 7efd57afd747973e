"""`edged report`: what is in the bundle, and that nothing is in it which a stranger must not know."""

import json
import os
import socket
import stat
import tarfile
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edged.app import report
from edged.app.report import ReportFacts, gather
from edged.config import load
from edged.system.notices import NOTICES
from edged.transcripts.folder import TranscriptFolder
from tests.cli.daemon import ran, running

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
FORM = st.text(LETTERS, min_size=20, max_size=48).map(lambda rest: f"sk-{rest}")
SECRET = st.one_of(
    FORM,
    st.text(LETTERS, min_size=16, max_size=32).map(lambda rest: f"xai-{rest}"),
    st.text("0123456789abcdef", min_size=32, max_size=32).filter(
        lambda text: 3 <= sum(map(str.isdigit, text)) <= 29
    ),
    st.text(LETTERS + "-_", min_size=12, max_size=40),
)
SAID = "my telephone number is the secret of the lobby"


def texts(path):
    """The files of a bundle by their names."""
    with tarfile.open(path) as bundle:
        return {entry.name.partition("/")[2]: bundle.extractfile(entry).read().decode() for entry in bundle}


def journalctl(folder, lines):
    """A journalctl that has these lines of edged."""
    entries = [
        {
            "MESSAGE": text,
            "PRIORITY": "4",
            "SYSLOG_IDENTIFIER": "edged",
            "__REALTIME_TIMESTAMP": "1780000000000000",
        }
        | more
        for text, more in lines
    ]
    (folder / "entries").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    (folder / "journalctl").write_text(f'#!/bin/sh\nexec cat "{folder}/entries"\n')
    (folder / "journalctl").chmod(0o755)


def of(sets, env, **facts):
    given = {"problems": (), "snapshot": None, "silent": "nobody", "has_journal": True, "doctor": None}
    return gather(ReportFacts(load(None, env=env, sets=sets), **{**given, **facts}), env)


QUIET = ["microphone.backend=null", "speaker.backend=null"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(SECRET, min_size=6, max_size=6, unique=True), st.lists(FORM, min_size=2, max_size=2))
def test_no_secret_is_in_it_wherever_it_was(tmp_path, monkeypatch, found, unknown):
    """`unknown` are in no place for secrets, and are known by their form only."""
    key, header, password, query, env_key, credential = found
    seen, bearer = unknown
    folder = tmp_path / "credentials"
    folder.mkdir(exist_ok=True)
    (folder / "api-key").write_text(f"{credential}\n")
    (tmp_path / "key").write_text(f"{key}\n")
    monkeypatch.setattr(report, "CREDENTIALS", folder)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    everything = [key, header, password, query, env_key, credential]
    lines = [(f"the service says: {each} is wrong", {}) for each in everything]
    lines += [
        (f"Authorization: Bearer {bearer}", {}),
        (f"wss://u:{password}@gw.corp.example/v1?t={query}", {}),
    ]
    lines += [(f"turn: {b64encode(key.encode()).decode()} {quote(header)}", {})]
    journalctl(tmp_path, lines)
    sets = [
        *QUIET,
        "provider.name=custom",
        "provider.url=wss://gw.corp.example/v1",
        f"provider.query={{user: '{seen}'}}",
        f"provider.api_key_file={tmp_path}/key",
        f"provider.headers={{x-any: '{header}', x-second: '{query}'}}",
        f"provider.proxy=http://me:{password}@proxy.corp.example:3128",
    ]
    snapshot = {"state": "IDLE", "troubles": [{"what": "line", "text": f"key {env_key} {password}"}]}
    env = {"OPENAI_API_KEY": env_key, "https_proxy": f"http://me:{password}@proxy:1"}
    gathered = of(sets, env, snapshot=snapshot, problems=(f"provider.query: {query}",))
    whole = "\n".join([*(part.text for part in gathered.parts), *gathered.missing]).lower()
    for each in (*everything, bearer, seen):
        for form in (
            each,
            quote(each, safe=""),
            b64encode(each.encode()).decode().rstrip("="),
            each.encode().hex(),
        ):
            assert form.lower() not in whole
    assert "corp.example" not in whole
    assert "is wrong" in whole


def test_a_parameter_of_the_address_is_masked_unless_it_is_known():
    sets = [*QUIET, "provider.query={api-version: 2026-01, subscription: short7, tier: 0123456789ab}"]
    gathered = of(sets, {"TIER": ""}, problems=("the service refuses 0123456789ab",), has_journal=False)
    found = "".join(part.text for part in gathered.parts)
    assert "2026-01" in found
    assert "subscription" in found
    assert "short7" not in found
    assert "0123456789ab" not in found


def test_what_was_said_is_not_in_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    refused = "4dca1fd75e4c4f1c8a6c52a5ff5d1c03"
    lines = [
        (f'error: "{SAID}"', {"MESSAGE_ID": refused, "EDGED_CAUSE": "key_refused"}),
        (f"< {SAID}", {"PRIORITY": "7"}),
        ("systemd: Started edged", {"SYSLOG_IDENTIFIER": "systemd"}),
    ]
    journalctl(tmp_path, lines)
    sets = [*QUIET, "log.transcripts=true", f"provider.instructions={SAID}"]
    gathered = of(sets, {})
    parts = {part.name: part.text for part in gathered.parts}
    assert SAID not in "".join(parts.values())
    assert "key_refused key_refused" in parts["journal.txt"]
    assert "systemd: Started edged" in parts["journal.txt"]
    assert "<a text of 46 characters>" in parts["configuration.json"]
    assert any("log.transcripts" in each for each in gathered.missing)
    parts = {part.name: part.text for part in of(QUIET, {}).parts}
    assert f'error: "{SAID}"' in parts["journal.txt"]  # edged has filtered it when it was written
    assert f"< {SAID}" not in parts["journal.txt"]


def test_of_the_companion_its_lines_are_in_it_and_neither_its_secrets_nor_its_names(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "token").write_text("tok-0123456789\n")
    line = "mqtt: broker.example refuses Porcelain Hall with tok-0123456789"
    journalctl(tmp_path, [(line, {"SYSLOG_IDENTIFIER": "edged-companion"})])
    keys = {
        "page.token_file": tmp_path / "token",
        "mqtt.broker": "mqtts://broker.example",
        "site": "Porcelain Hall",
    }
    sets = [*QUIET, *(f"companion.{key}={value}" for key, value in keys.items())]
    parts = {part.name: part.text for part in of(sets, {}).parts}
    everything = "".join(parts.values())
    assert (
        "edged-companion <4> mqtt: <host of companion.mqtt.broker> refuses <companion.site>"
        in parts["journal.txt"]
    )
    for hidden in ("tok-0123456789", "Porcelain Hall", "broker.example"):
        assert hidden not in everything


@pytest.mark.parametrize("now", ["off", "journal", "file"])
def test_no_transcript_is_in_it_whatever_was_and_is_set(tmp_path, monkeypatch, now):
    """Of both sides: in the journal of an earlier setting, in the state of the daemon, and in files."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    question, answer = "who feeds the porcelain heron", "the heron eats at noon"
    quoting = {"EDGED_QUOTES": "yes"}
    said = {**quoting, "MESSAGE_ID": NOTICES["transcript"].message_id}
    lines = [
        (f"turn 1: visitor: {question}", said),
        (f"turn 1: machine: {answer}", said),
        (f'service: refused: "{question}"', {**quoting, "EDGED_CAUSE": "answer_failed"}),
        ("link: up, ga", {}),
    ]
    journalctl(tmp_path, lines)
    state = tmp_path / "state"
    files = TranscriptFolder(state)
    files.append("2026-11-30", [json.dumps({"visitor": question, "machine": answer})])
    quoted = (
        {"what": "line", "text": f"it said {answer}"} if now == "journal" else {"what": "line", "text": ""}
    )
    facts = {"snapshot": {"troubles": [quoted]}, "doctor": lambda: quoted["text"]}
    gathered = of([*QUIET, f"log.transcripts={now}", f"state.dir={state}"], {}, **facts)
    whole = "\n".join([*(part.text for part in gathered.parts), *gathered.missing])
    assert "heron" not in whole
    journal = {part.name: part.text for part in gathered.parts}["journal.txt"]
    assert "answer_failed" in journal
    assert ("link: up, ga" in journal) is (now != "journal")


@pytest.mark.slow
def test_what_helps_is_in_it_and_what_is_missing_is_named(tmp_path):
    with running(tmp_path, microphone={"backend": "wav", "file": "/nowhere.wav"}) as daemon:
        daemon.until(lambda state: state["troubles"])
        to = tmp_path / "report.tar.gz"
        done = daemon.ask("report", "--to", to)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{to}\n"
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    found = texts(to)
    assert json.loads(found["status.json"])["troubles"]
    assert json.loads(found["configuration.json"])["config"]["microphone"]["backend"] == "wav"
    assert "there is no file /nowhere.wav" in found["devices.txt"]
    assert "edged: 0.1.0" in found["versions.txt"]
    assert "disk /:" in found["system.txt"]
    assert "- status.json" in found["README.txt"]
    assert all(f"{name} " in done.stderr for name in found)
    with tarfile.open(to) as bundle:
        assert {(entry.uid, entry.uname) for entry in bundle} == {(0, "")}


def test_a_broken_configuration_has_a_report_too(tmp_path):
    (tmp_path / "c.yaml").write_text("version: 1\nprovider: {api_kee: sk-abcdefghij0123456789}\n")
    done = ran("report", "--config", tmp_path / "c.yaml", "--socket", tmp_path / "s", "--print")
    assert done.returncode == 0
    assert "provider.api_kee: unknown key" in done.stdout
    assert "no edged answers" in done.stdout
    assert "abcdefghij" not in done.stdout


def test_the_name_of_the_file_names_no_host(tmp_path):
    done = ran("report", "--set", "microphone.backend=null", "--set", "speaker.backend=null", cwd=tmp_path)
    (file,) = tmp_path.iterdir()
    assert done.stdout == f"{file}\n"
    assert file.name.startswith("edged-report-")
    assert socket.gethostname() not in file.name
    assert socket.gethostname() not in "".join(texts(file).values()).split()


def test_a_place_that_cannot_be_written_is_said():
    done = ran("report", "--to", "/nowhere/x.tar.gz", "--set", "microphone.backend=null")
    assert done.returncode == 64
    assert "cannot write /nowhere/x.tar.gz: No such file or directory" in done.stderr
