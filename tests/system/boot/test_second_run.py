"""A second run of the installer: with a configuration and a key, with another release, back to the one before."""

import hashlib
import json
import re

import pytest

from tests.system.boot.asking import becomes, configure, eventually, gets_a_link, is_up, state_of
from tests.system.boot.conftest import CONFIG, INSTALLER, SOONER_12, UNTIMED, give

OWN = "/usr/local/lib/edged/install.sh --unattended"
SAMPLE = "/opt/edged/current/share/edged/config.yaml"
OPENAI = """version: 1
provider: {name: openai, url: "wss://127.0.0.1:1/v1/realtime", api_key_file: /etc/edged/credentials/api-key}
button: {backend: none}
light: {backend: none}
microphone: {backend: "null"}
speaker: {backend: "null"}
"""
RUNS = "tr '\\0' ' ' </proc/$(systemctl show -P MainPID edged)/cmdline"
GIVE = "--config given/kiosk.yaml --api-key-file given/new-key"


@pytest.fixture
def box(boot):
    box = boot()
    is_up(box)
    box.file("/root/given/kiosk.yaml", OPENAI)
    box.file("/root/given/new-key", "sk-another\n", 0o600)
    return box


def provider(box):
    return json.loads(box.ask("edged config show --json"))["config"]["provider"]["name"]


def key(box):
    return box.ask("cat /etc/edged/credentials/api-key")


# -- step 2 of docs/install.md: a configuration and a key after the first installation --


@pytest.mark.alone
@pytest.mark.parametrize(
    "sample", ["of this release", pytest.param("of an earlier one", marks=pytest.mark.nightly)]
)
def test_a_sample_that_nobody_has_changed_is_replaced(box, sample):
    text = (box.root / "root/edged/config.yaml").read_text()
    if sample != "of this release":
        text += "# an earlier sample\n"
        known = hashlib.sha256(text.encode()).hexdigest()  # as if another release knew it
        box.file("/opt/edged/0.0.1/share/edged/samples.sha256", f"{known}\n")
    configure(box, text)
    output = box.ask(f"{INSTALLER} {GIVE}", timeout_s=100)
    assert "the sample that was there had not been changed" in output
    assert "the key in /etc/edged/credentials/api-key was replaced" in output
    assert (provider(box), key(box)) == ("openai", "sk-another")
    is_up(box)
    becomes(box, "edged-local", "inactive")
    assert box.ask("ls /etc/edged") == "config.yaml\ncredentials"
    rights = "stat -c '%a %U %G' /etc/edged/config.yaml /etc/edged/credentials/api-key"
    assert box.ask(rights).splitlines() == ["640 root edged", "600 root root"]


@pytest.mark.alone
def test_a_configuration_that_somebody_has_written_is_refused_before_anything_and_kept_on_request(box):
    before = box.ask(UNTIMED), state_of(box, "edged", "MainPID")
    done = box.run(f"{INSTALLER} {GIVE}", timeout_s=100)
    assert done.returncode == 1
    assert "--replace-config" in done.stderr
    assert (box.ask(UNTIMED), state_of(box, "edged", "MainPID")) == before
    assert key(box) == "sk-secret"
    # what is judged is what will be in force: with the files of this kiosk, and without those beside the new one
    box.file("/root/given/conf.d/50-not-ours.yaml", "not: ours\n")
    box.file("/etc/edged/conf.d/50-ours.yaml", "moed: hold\n")
    done = box.run(f"{INSTALLER} {GIVE} --replace-config", timeout_s=100)
    assert (done.returncode, "/etc/edged/conf.d/50-ours.yaml:1:1" in done.stderr) == (78, True), done.stderr
    assert (key(box), state_of(box, "edged", "MainPID")) == ("sk-secret", before[1])
    box.ask("rm -r /etc/edged/conf.d")
    output = box.ask(f"{INSTALLER} {GIVE} --replace-config", timeout_s=100)
    assert (provider(box), key(box)) == ("openai", "sk-another")
    copies = box.ask("ls /etc/edged/config.yaml.*").split()
    assert len(copies) == 1
    assert copies[0] in output
    assert box.ask(f"cat {copies[0]}") == CONFIG.strip()
    assert box.ask(f"stat -c '%a %U %G' {copies[0]}") == "640 root edged"
    assert "nothing was changed" in box.ask(f"{INSTALLER} {GIVE}", timeout_s=100)


NO_KEYS = {
    "quotation marks": b'"sk-another"\n',
    "the key alone": b"OPENAI_API_KEY=sk-another\n",
    "one line": b"sk-another\nsk-more\n",
    "is empty": b"",
    "UTF-8": "sk-another\n".encode("utf-16"),
}


@pytest.mark.alone
def test_a_key_that_is_none_is_refused_with_what_to_do(box):
    configure(box, (box.root / "root/edged/config.yaml").read_text())
    before = box.ask(UNTIMED), state_of(box, "edged", "MainPID")
    for words, text in NO_KEYS.items():
        (box.root / "root/given/new-key").write_bytes(text)
        done = box.run(f"{INSTALLER} {GIVE}", timeout_s=100)
        assert (done.returncode, words in done.stderr) == (78, True), done.stderr
        assert "sk-another" not in done.stderr + done.stdout
    assert (box.ask(UNTIMED), state_of(box, "edged", "MainPID"), key(box)) == (*before, "sk-secret")


@pytest.mark.alone
def test_it_ends_with_what_is_missing_and_the_next_command(box):
    configure(box, CONFIG.replace("{backend: none}", "{backend: evdev, device: pedal, key: KEY_B}", 1))
    box.ask("systemctl restart edged")
    is_up(box)
    output = box.ask(INSTALLER, timeout_s=60).splitlines()
    assert any("button_lost" in line and "is plugged in" in line for line in output), output
    assert output[-1].startswith("edged: next: sudo edged ")


# -- the embedded service follows the configuration --


@SOONER_12
@pytest.mark.alone
def test_the_embedded_service_comes_and_goes_with_the_configuration(box):
    gets_a_link(box)
    for command in ("systemctl reload edged", "edged reload", "systemctl restart edged"):
        configure(box, OPENAI)
        box.ask(command)
        becomes(box, "edged-local", "inactive")
        configure(box, CONFIG)
        box.ask(command)
        becomes(box, "edged-local", "active")
        gets_a_link(box)
    configure(box, CONFIG.replace("{name: local}", '{name: local, url: "ws://127.0.0.1:9/v1/realtime"}'))
    box.ask("systemctl reload edged")
    becomes(box, "edged-local", "inactive")


# -- another release --


@pytest.mark.alone
def test_a_release_that_is_on_the_disk_is_used_without_a_network(box, wheels):
    first = box.ask("readlink /opt/edged/current")
    wheel = give(box, wheels["good"])
    box.ask(f"{INSTALLER} --wheel {wheel} --wheelhouse /opt/edged/{first}/wheels", timeout_s=120)
    box.ask(f"rm -rf /etc/pip.conf {wheel}")
    for words, version in (
        ("--rollback", "0.1.0"),
        ("--rollback", "0.9.1"),
        ("--version 0.1.0", "0.1.0"),
        ("--version 0.9.1", "0.9.1"),
    ):
        before = box.ask("ls -id /opt/edged/0*")
        box.ask(f"{INSTALLER} {words}", timeout_s=60)
        is_up(box)
        assert box.ask("edged --version") == f"edged {version}"
        assert box.ask("ls -id /opt/edged/0*") == before  # nothing was made
    done = box.run(f"{INSTALLER} --version 0.9.9")
    assert (done.returncode, "--sha256" in done.stderr) == (1, True)
    # a run that was killed after its last change, and before edged was started again: the next one goes on, and the
    # release before that is still there
    text = (box.root / "root/edged/scripts/install.sh").read_text()
    cut = re.sub(r"\n    add_config\n", r"\g<0>    kill -9 $$\n", text, count=1)
    box.file("/root/edged/scripts/cut.sh", cut, 0o755)
    for words, version in (("--version 0.1.0", "0.1.0"), ("--rollback", "0.1.0")):
        new = "0.1.0" if words != "--rollback" else "0.9.1"
        box.run(f"/root/edged/scripts/cut.sh --unattended --version {new}")
        assert box.ask("readlink /opt/edged/current") == new
        assert f"/opt/edged/{new}/" not in box.ask(RUNS)
        box.ask(f"{INSTALLER} {words}", timeout_s=60)
        is_up(box)
        assert f"/opt/edged/{version}/" in box.ask(RUNS)
        assert box.ask("readlink /opt/edged/current") == version
        assert set(box.ask("ls -A /opt/edged").split()) == {"current", "0.1.0", "0.9.1"}


@pytest.mark.nightly
@pytest.mark.alone
def test_going_back_to_a_release_that_does_not_run_is_taken_back_and_removes_nothing(box, wheels):
    house = f"--wheelhouse /opt/edged/{box.ask('readlink /opt/edged/current')}/wheels"
    box.ask("echo '# another installer' >>/usr/local/lib/edged/install.sh")  # the one in the wheel goes on
    box.ask(f"{OWN} --no-start --wheel {give(box, wheels['broken'])} {house}", timeout_s=120)
    assert box.run("grep 'another installer' /usr/local/lib/edged/install.sh").returncode == 1
    box.ask(f"{OWN} --wheel {give(box, wheels['good'])} {house}", timeout_s=120)
    done = box.run("edged update --rollback", timeout_s=180)
    assert (done.returncode, "0.9.1 is up again" in done.stderr) == (1, True), done.stderr
    is_up(box)
    assert set(box.ask("ls /opt/edged").split()) == {"current", "0.9.1", "0.9.2"}


@pytest.mark.nightly
@pytest.mark.alone
def test_a_release_that_runs_but_serves_nobody_is_taken_back_if_the_one_before_could(box, wheels):
    first = box.ask("readlink /opt/edged/current")
    house = f"--wheelhouse /opt/edged/{first}/wheels"
    gets_a_link(box)
    done = box.run(f"edged update --to {give(box, wheels['lonely'])} {house}", timeout_s=180)
    assert (done.returncode, f"{first} is up again" in done.stderr) == (1, True), done.stderr
    assert "line: unreachable" in done.stderr
    gets_a_link(box)
    # where nobody could be served before, the release is not to blame
    configure(box, OPENAI)
    box.ask("systemctl restart edged")
    is_up(box)
    output = box.ask(f"edged update --to {give(box, wheels['lonely'])} {house}", timeout_s=180)
    assert "edged 0.9.4 is up" in output


@pytest.mark.parametrize("suite", [pytest.param("bookworm", marks=pytest.mark.nightly), "trixie"])
@pytest.mark.alone
def test_edged_updates_itself_by_a_file_or_an_address_with_its_hash(box, wheels):
    box.ask("rm -f /etc/pip.conf")  # and no network: what the new release needs, the old one has kept
    good, broken = give(box, wheels["good"]), give(box, wheels["broken"])
    hashes = {
        path: hashlib.sha256((box.root / path.lstrip("/")).read_bytes()).hexdigest()
        for path in (good, broken)
    }
    before = box.ask("ls /opt/edged")
    done = box.run(f"edged update --to {good} --sha256 {hashes[broken]}", timeout_s=120)
    assert (done.returncode, "it is another file" in done.stderr) == (1, True)
    box.ask("rm -rf /root/edged")  # no checkout is needed
    box.ask("systemd-run --quiet --unit=web python3 -m http.server -b 127.0.0.1 -d /root/given 8099")
    eventually(
        box, "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8099))' && echo up", "up"
    )
    url = "http://127.0.0.1:8099"
    done = box.run(f"edged update --to {url}/{good[12:]} --sha256 {hashes[broken]}", timeout_s=120)
    assert (done.returncode, "it is another file" in done.stderr) == (1, True), done.stderr
    done = box.run(
        f"edged update --to {url}/edged-9-py3-none-any.whl --sha256 {hashes[broken]}", timeout_s=120
    )
    assert (done.returncode, "cannot be fetched" in done.stderr) == (1, True), done.stderr
    assert box.ask("ls /opt/edged") == before
    output = box.ask(f"edged update --to {url}/{good[12:]} --sha256 {hashes[good]}", timeout_s=120)
    assert "0.9.1 is up" in output
    done = box.run(f"edged update --to {broken} --sha256 {hashes[broken]}", timeout_s=180)
    assert (done.returncode, "0.9.1 is up again" in done.stderr) == (1, True), done.stderr
    is_up(box)
    box.ask("edged update --rollback", timeout_s=60)
    is_up(box)
    assert box.ask("edged --version") == "edged 0.1.0"
