"""Which value is in force, and where it came from."""

from pathlib import Path

import pytest

from edged.config import Config, load, schema, show
from edged.config.keys import KEYS
from edged.errors import ConfigError
from tests.strange import STRANGE, strange


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def problems(*args, **kwargs):
    with pytest.raises(ConfigError) as caught:
        load(*args, **kwargs)
    return caught.value.problems


def test_without_any_source_the_defaults_hold():
    loaded = load(None, env={})
    assert loaded.config == Config()
    assert set(loaded.origins.values()) == {"default"}


def test_later_layers_win_and_each_value_knows_its_origin(folder):
    file = write(
        folder / "c.yaml", "version: 1\nturn:\n  longest_s: 1\n  keep_s: 1\n  think_s: 1\n  idle_s: 1\n"
    )
    write(folder / "conf.d" / "a.yaml", "turn: {keep_s: 2, think_s: 2, idle_s: 2}\n")
    env = {"EDGED_TURN__THINK_S": "3", "EDGED_TURN__IDLE_S": "3"}
    loaded = load(file, env=env, sets=["turn.idle_s=4"])
    turn = loaded.config.turn
    assert (turn.longest_s, turn.keep_s, turn.think_s, turn.idle_s) == (1, 2, 3, 4)
    assert [loaded.origins[f"turn.{key}"] for key in ("longest_s", "keep_s", "think_s", "idle_s")] == [
        f"{file}:3:14",
        f"{folder}/conf.d/a.yaml:1:16",
        "EDGED_TURN__THINK_S",
        "--set",
    ]


def test_every_key_has_an_origin_and_a_class():
    loaded = load(None, env={})
    assert set(loaded.origins) == set(loaded.classes) == {key.name for key in KEYS.values()}
    assert loaded.classes["turn.keep_s"] == "live"
    assert loaded.classes["microphone.device"] == "reopen"
    assert loaded.classes["control.socket"] == "restart"


def test_parts_are_read_in_the_order_of_their_names(folder):
    file = write(folder / "c.yaml", "version: 1\n")
    write(folder / "conf.d" / "20-b.yaml", "mode: hybrid\n")
    write(folder / "conf.d" / "10-a.yaml", "mode: toggle\n")
    write(folder / "conf.d" / ".hidden.yaml", "mode: conversation\n")
    write(folder / "conf.d" / "30-c.yaml~", "mode: conversation\n")
    assert load(file, env={}).config.mode == "hybrid"


def test_another_folder_of_parts_may_be_named(folder):
    file = write(folder / "c.yaml", "version: 1\n")
    write(folder / "conf.d" / "a.yaml", "mode: toggle\n")
    write(folder / "other" / "a.yaml", "mode: hybrid\n")
    assert load(file, env={}, conf_d=folder / "other").config.mode == "hybrid"


def test_a_part_may_leave_the_version_out_but_not_name_another(folder):
    file = write(folder / "c.yaml", "version: 1\n")
    write(folder / "conf.d" / "a.yaml", "version: 2\n")
    (found,) = problems(file, env={})
    assert found.startswith(f"{folder}/conf.d/a.yaml:1:10: version: is too new")


def test_a_part_without_any_line_in_force_changes_nothing(folder):
    file = write(folder / "c.yaml", "version: 1\nbutton:\n#  gpio: 4\n")
    write(folder / "conf.d" / "a.yaml", "# nothing yet\n")
    assert load(file, env={}).config == Config()


def test_problems_of_all_layers_come_at_once_in_their_order(folder):
    file = write(folder / "c.yaml", "version: 1\nmode: x\nlight:\n  gpio: 17\n")
    write(folder / "conf.d" / "a.yaml", "mode: y\n")
    found = problems(file, env={"EDGED_MODE": "z"}, sets=["mode=w", "log.levle=info"])
    assert [line.split(": ")[0] for line in found] == [
        f"{file}:2:7",
        f"{file}:4:9",
        f"{folder}/conf.d/a.yaml:1:7",
        "EDGED_MODE",
        "--set",
        "--set",
    ]


def test_a_value_that_is_overridden_must_be_right_all_the_same(folder):
    file = write(folder / "c.yaml", "version: 1\nmode: x\n")
    assert len(problems(file, env={}, sets=["mode=hold"])) == 1


def test_a_mistaken_value_is_not_reported_again_for_what_follows_from_it(folder):
    file = write(folder / "c.yaml", "version: 1\nprovider:\n  name: custom\n  ulr: wss://example.org/\n")
    (found,) = problems(file, env={})
    assert "did you mean url?" in found


def test_a_missing_file_is_a_problem(folder):
    (found,) = problems(folder / "none.yaml", env={})
    assert found.startswith(f"{folder}/none.yaml: cannot be read: No such file")


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("name", ["c.yaml", "conf.d/a.yaml"])
def test_what_is_no_file_is_a_problem_with_its_remedy(folder, kind, name):
    if name != "c.yaml":
        write(folder / "c.yaml", "version: 1\n")
    with strange(kind, folder / name):
        (found,) = problems(folder / "c.yaml", env={})
        assert found == f"{folder}/{name}: cannot be read: {STRANGE[kind]} (put a file in its place)"


@pytest.mark.parametrize("kind", [kind for kind in STRANGE if kind != "directory"])
def test_what_is_no_folder_of_parts_is_told_and_ends_nothing(folder, kind):
    file = write(folder / "c.yaml", "version: 1\nmode: toggle\n")
    with strange(kind, folder / "conf.d"):
        loaded = load(file, env={})
    assert loaded.config.mode == "toggle"
    assert loaded.warnings == (
        f"{folder}/conf.d: not read: it is not a folder (put *.yaml files into a folder)",
    )


def test_what_is_passed_over_is_told_with_the_name_that_it_needs(folder):
    file = write(folder / "c.yaml", "version: 1\nmode: hybrid\n")
    for name in ("b.yml", "c.YAML", "d.yaml.txt", "e.json", "f", "g.YML"):
        write(folder / "conf.d" / name, "mode: toggle\n")
    for name in (".h.yaml", "i.yaml~", "j.yml.bak", "README", "k.yaml.dpkg-old", "l.yaml.disabled"):
        write(folder / "conf.d" / name, "mode: toggle\n")
    loaded = load(file, env={})
    assert loaded.config.mode == "hybrid"
    renamed = {"b.yml": "b", "c.YAML": "c", "d.yaml.txt": "d", "e.json": "e", "f": "f", "g.YML": "g"}
    assert loaded.warnings == tuple(
        f'{folder}/conf.d/{name}: not read: only *.yaml files are (rename it to "{stem}.yaml")'
        for name, stem in renamed.items()
    )


def test_what_is_passed_over_is_told_where_something_is_missing_too(folder):
    file = write(folder / "c.yaml", "version: 1\nprovider: {name: custom}\n")
    write(folder / "conf.d" / "site.yml", "provider: {url: wss://example.org/}\n")
    (missing, passed_over) = problems(file, env={})
    assert "provider.url" in missing
    assert "site.yml: not read" in passed_over


def test_a_folder_full_of_other_things_is_told_in_few_words(folder):
    file = write(folder / "c.yaml", "version: 1\n")
    for number in range(1000):
        write(folder / "conf.d" / f"{number}\n.yml", "")
    warnings = load(file, env={}).warnings
    assert len(warnings) < 10
    assert "992 more files are not read" in warnings[-1]
    assert not any("\n" in each for each in warnings)


def test_a_path_that_can_not_be_one_is_a_problem():
    assert problems(Path("a\0b"), env={}) == ["the path of the configuration: contains a zero byte"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(folder):
    file = folder / "c.yaml"
    file.write_bytes(b"\xef\xbb\xbfversion: 1\r\nmode: toggle\r\n")
    loaded = load(file, env={})
    assert (loaded.config.mode, loaded.origins["mode"]) == ("toggle", f"{file}:2:7")


def test_a_choice_that_yaml_reads_as_nothing_is_the_choice(folder):
    file = write(folder / "c.yaml", "version: 1\nmicrophone:\n  backend: null\n")
    assert load(file, env={}).config.microphone.backend == "null"


@pytest.mark.parametrize("word", ["true", "True", "yes", "on", "ON"])
def test_a_switch_takes_the_usual_words(folder, word):
    file = write(folder / "c.yaml", f"version: 1\nspeaker:\n  volume_reset: {word}\n")
    assert load(file, env={}).config.speaker.volume_reset is True


@pytest.mark.parametrize(
    ("word", "means"),
    [
        *((word, "journal") for word in ("true", "True", "yes", "on", "ON", "journal", "'on'", '"true"')),
        *((word, "off") for word in ("false", "no", "off", "Off", "OFF", "'off'")),
        *((word, "file") for word in ("file", "'file'")),
    ],
)
def test_a_choice_that_was_a_switch_takes_both(folder, word, means):
    file = write(folder / "c.yaml", f"version: 1\nlog:\n  transcripts: {word}\n")
    assert load(file, env={}).config.log.transcripts == means
    plain = word.strip("'\"")
    assert load(None, env={}, sets=[f"log.transcripts={plain}"]).config.log.transcripts == means
    assert load(None, env={"EDGED_LOG__TRANSCRIPTS": plain}).config.log.transcripts == means


@pytest.mark.parametrize("word", ["maybe", "1", "null", "[file]", ""])
def test_it_takes_nothing_else(folder, word):
    file = write(folder / "c.yaml", f"version: 1\nlog:\n  transcripts: {word}\n")
    with pytest.raises(ConfigError) as caught:
        load(file, env={})
    assert "log.transcripts" in str(caught.value)


def test_what_is_shown_of_it_is_read_back(folder):
    for means in ("off", "journal", "file"):
        shown = show(load(None, env={}, sets=[f"log.transcripts={means}"]))
        assert load(write(folder / "c.yaml", shown), env={}).config.log.transcripts == means


def test_the_schema_takes_the_switch_too():
    assert schema()["$defs"]["LogConfig"]["properties"]["transcripts"]["enum"] == [
        *("file", "journal", "off"),
        True,
        False,
    ]


def test_a_number_may_be_unset_again():
    config = load(None, env={"EDGED_PROVIDER__SPEED": "1.25"}, sets=["provider.speed=null"]).config
    assert config.provider.speed is None


def test_a_fraction_may_be_written_without_a_point():
    assert load(None, env={}, sets=["provider.speed=1"]).config.provider.speed == 1.0


class TestEnvironmentAndCommandLine:
    def test_text_needs_no_quotes(self):
        env = {"EDGED_PROVIDER__VOICE": "on", "EDGED_PROVIDER__MODEL": "4.1"}
        provider = load(None, env=env, sets=["provider.url=wss://example.org/v1"]).config.provider
        assert (provider.voice, provider.model, provider.url) == ("on", "4.1", "wss://example.org/v1")

    def test_a_text_may_be_emptied_and_may_hold_an_equals_sign(self):
        config = load(None, env={"EDGED_STATE__DIR": ""}, sets=["provider.voice=a=b"]).config
        assert (config.state.dir, config.provider.voice) == ("", "a=b")

    def test_the_last_set_wins(self):
        assert load(None, env={}, sets=["mode=toggle", "mode=hybrid"]).config.mode == "hybrid"

    def test_an_unknown_key_is_named_with_its_source(self):
        assert problems(None, env={"EDGED_BUTTON__GPOI": "1"}, sets=["buton.gpio=1"]) == [
            "EDGED_BUTTON__GPOI: button.gpoi: unknown key (did you mean gpio?)",
            "--set: buton.gpio: unknown key (did you mean button.gpio or light.gpio or recording_light.gpio?)",
        ]

    def test_a_key_of_this_section_that_is_almost_the_same_comes_before_the_same_name_elsewhere(self):
        assert problems(None, env={}, sets=["visitor.language=de"]) == [
            "--set: visitor.language: unknown key (did you mean languages?)"
        ]

    def test_a_set_without_a_value_is_not_repeated(self):
        assert problems(None, env={}, sets=["provider.api_key:sk-x"]) == [
            "--set: number 1 has no = (write --set section.key=value)"
        ]

    def test_a_section_can_not_be_set(self):
        assert problems(None, env={}, sets=["button=3"]) == [
            "--set: button: is a section (name one of its keys)"
        ]

    def test_other_variables_are_left_alone(self):
        env = {"EDGED_VERSION": "9", "EDGED_CONFIG": "x", "EDGED": "x", "PATH": "/bin", "MODE": "x"}
        loaded = load(None, env=env)
        assert (loaded.config, loaded.warnings) == (Config(), ())

    def test_one_underscore_in_place_of_two_is_told(self):
        (warning,) = load(None, env={"EDGED_PROVIDER_MODEL": "x"}).warnings
        assert warning.startswith("EDGED_PROVIDER_MODEL: sets nothing")
        assert "EDGED_PROVIDER__MODEL" in warning


class TestGroups:
    def test_entries_of_all_layers_come_together(self, folder):
        file = write(folder / "c.yaml", "version: 1\nprovider:\n  query:\n    a: '1'\n    b: '1'\n")
        env = {"EDGED_PROVIDER__QUERY": '{b: "2", c: "2"}'}
        loaded = load(file, env=env, sets=["provider.query.c=3"])
        assert loaded.config.provider.query == {"a": "1", "b": "2", "c": "3"}
        assert loaded.origins["provider.query"] == "--set"

    def test_the_name_of_an_entry_may_have_points(self):
        config = load(None, env={}, sets=["provider.query.a.b=1"]).config
        assert config.provider.query == {"a.b": "1"}

    def test_a_key_stays_the_text_in_the_file(self, folder):
        file = write(folder / "c.yaml", "version: 1\nprovider:\n  headers: {on: a, no: b, null: c, 7: d}\n")
        assert list(load(file, env={}).config.provider.headers) == ["on", "no", "null", "7"]
        with pytest.raises(ConfigError, match=r"turn\.off: unknown key"):
            load(write(folder / "c.yaml", "version: 1\nturn: {off: 1}\n"), env={})

    def test_headers_are_secrets(self):
        headers = load(None, env={}, sets=["provider.headers.x-team=t"]).config.provider.headers
        assert str(headers["x-team"]) == "********"
        assert headers["x-team"].reveal() == "t"

    @pytest.mark.parametrize(
        "text", ["x", "a: b", "{a: b", "{a: {b: c}}", "{a: [1]}", "{a: &x b}", "{a: b}\n{c: d}"]
    )
    def test_what_is_no_group_is_refused(self, text):
        (found,) = problems(None, env={"EDGED_PROVIDER__QUERY": text})
        assert found.startswith("EDGED_PROVIDER__QUERY: provider.query")

    def test_too_many_entries_of_several_layers_are_refused(self):
        env = {"EDGED_PROVIDER__QUERY": "{" + ", ".join(f"a{i}: b" for i in range(20)) + "}"}
        sets = [f"provider.query.b{i}=c" for i in range(20)]
        (found,) = problems(None, env=env, sets=sets)
        assert "has 40 entries (at most 32)" in found


class TestWarnings:
    def test_a_key_in_the_file_is_warned_of_and_not_shown(self, folder):
        file = write(folder / "c.yaml", "version: 1\nprovider:\n  api_key: sk-LEAK\n")
        file.chmod(0o640)
        (warning,) = load(file, env={}).warnings
        assert warning.startswith(f"{file}:3:12: provider.api_key: ")
        assert "LEAK" not in warning

    def test_a_file_with_a_secret_that_all_can_read_is_warned_of(self, folder):
        file = write(folder / "c.yaml", "version: 1\nprovider:\n  headers: {x: y}\n")
        file.chmod(0o644)
        assert load(file, env={}).warnings == (
            f"{file}: every user of this machine can read the secret in it (chmod o= {file})",
        )

    def test_a_proxy_is_a_secret_only_if_it_names_a_user(self, folder):
        proxy = "version: 1\nprovider:\n  proxy: http://{}10.0.0.1:3128\n"
        file = write(folder / "c.yaml", proxy.format(""))
        file.chmod(0o644)
        assert load(file, env={}).warnings == ()
        file.write_text(proxy.format("me:word@"))
        assert len(load(file, env={}).warnings) == 1

    def test_a_key_file_that_all_can_read_is_warned_of(self, folder):
        key = write(folder / "key", "sk-x\n")
        key.chmod(0o604)
        (warning,) = load(None, env={"EDGED_PROVIDER__API_KEY_FILE": str(key)}).warnings
        assert warning.startswith(f"{key}: ")
        key.chmod(0o600)
        assert load(None, env={"EDGED_PROVIDER__API_KEY_FILE": str(key)}).warnings == ()

    def test_a_key_on_the_command_line_is_warned_of(self):
        (warning,) = load(None, env={}, sets=["provider.api_key=sk-LEAK"]).warnings
        assert warning.startswith("--set: provider.api_key: ")
        assert "LEAK" not in warning

    def test_a_key_in_the_environment_is_not(self):
        assert load(None, env={"EDGED_PROVIDER__API_KEY": "sk-x"}).warnings == ()

    def test_a_second_way_to_the_key_is_warned_of(self):
        env = {"EDGED_PROVIDER__API_KEY": "sk-x", "EDGED_PROVIDER__API_KEY_ENV": "KEY"}
        (warning,) = load(None, env=env).warnings
        assert (
            warning
            == "EDGED_PROVIDER__API_KEY: provider.api_key: not used, because provider.api_key_env is set, too"
        )


@pytest.mark.parametrize(
    "sets",
    [
        ["provider.url=ws://127.0.0.1:8765/v1/realtime", "provider.api_key_env=KEY"],
        ["provider.url=ws://[::1]:8765/", "provider.api_key_env=KEY"],
        ["provider.url=ws://localhost/", "provider.headers.a=b"],
        ["provider.url=ws://192.168.1.5/"],
        [
            "provider.name=azure",
            "provider.url=wss://r.openai.azure.com/openai/v1/realtime",
            "provider.model=d",
        ],
        [
            "provider.name=azure",
            "provider.url=wss://r.openai.azure.com",
            "provider.model=d",
            "provider.azure.api_version=2024-10-01-preview",
        ],
        [
            "provider.name=azure",
            "provider.url=wss://r.openai.azure.com/openai/realtime",
            "provider.query={deployment: d, api-version: '2024-10-01-preview'}",
        ],
        ["provider.name=portkey", "provider.portkey.virtual_key=v"],
        ["provider.name=portkey", "provider.portkey.provider=@team"],
        ["provider.name=portkey", "provider.model=@team/gpt-realtime"],
        ["provider.name=portkey", "provider.headers.X-Portkey-Config=pc-1"],
        [
            "provider.name=portkey",
            "provider.url=ws://localhost:8787/v1/realtime",
            "provider.portkey.provider=openai",
        ],
        ["provider.name=portkey", 'provider.portkey.config={"provider": "openai"}'],
        ["provider.name=a15t", "provider.model=openai/gpt-realtime"],
        ["provider.proxy=http://name:pass@proxy:3128"],
        ["provider.proxy=http://proxy.lan"],
        ["provider.ca_file=/etc/edged/ca.pem"],
        ["button.backend=keyboard", "light.gpio=17"],
        ["microphone.backend=wav", "speaker.backend=wav", "speaker.file=answer.wav"],
        ["microphone.device=hw:CARD=Device", "speaker.device=USB Audio"],
        ["provider.dialect=beta", "provider.temperature=0.8"],
        ["control.socket=", "state.dir="],
        ["mode=conversation", "microphone.echo_cancel=true"],
    ],
)
def test_what_goes_together_is_not_refused(sets):
    load(None, env={}, sets=sets)


# -- sections in sections ----------------------------------------------------------------------------


def test_each_source_reaches_a_section_within_a_section(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("version: 1\nprovider:\n  portkey:\n    trace_id: a\n    metadata: {site: lobby}\n")
    found = load(
        file,
        env={"EDGED_PROVIDER__PORTKEY__PROVIDER": "@team"},
        sets=["provider.portkey.metadata.floor.1=x", "provider.portkey.custom_host=https://h"],
    )
    portkey = found.config.provider.portkey
    assert (portkey.trace_id, portkey.provider, portkey.custom_host) == ("a", "@team", "https://h")
    assert portkey.metadata == {"site": "lobby", "floor.1": "x"}
    assert found.origins["provider.portkey.trace_id"] == f"{file}:4:15"
    assert found.origins["provider.portkey.provider"] == "EDGED_PROVIDER__PORTKEY__PROVIDER"
    assert found.origins["provider.azure.token_file"] == "default"


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        ("provider.portkey=x", "provider.portkey: is a section (name one of its keys)"),
        (
            "provider.portkey.virtualkey=x",
            "provider.portkey.virtualkey: unknown key (did you mean virtual_key?)",
        ),
        ("provider.azure.token=x", "did you mean token_file?"),
    ],
)
def test_what_is_wrong_within_a_section_is_named_in_full(sets, says):
    with pytest.raises(ConfigError) as caught:
        load(None, env={}, sets=[sets])
    assert says in str(caught.value)


def test_a_variable_with_single_underscores_is_told_of():
    (warning,) = load(None, env={"EDGED_PROVIDER_PORTKEY_VIRTUAL_KEY": "x"}).warnings
    assert "EDGED_PROVIDER__PORTKEY__VIRTUAL_KEY" in warning
    assert "x)" not in warning


def test_what_is_given_for_another_provider_is_told_of():
    found = load(None, env={}, sets=["provider.azure.token_file=/run/t", "provider.portkey.trace_id=1"])
    assert [warning.split(":")[1] for warning in found.warnings] == [
        " provider.azure.token_file",
        " provider.portkey.trace_id",
    ]


def test_a_secret_that_others_can_read_is_told_of_wherever_it_stands(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("version: 1\nprovider:\n  name: portkey\n  portkey:\n    virtual_key: abc\n")
    file.chmod(0o644)
    assert any("chmod o=" in warning for warning in load(file, env={}).warnings)


def test_a_name_may_be_a_list_of_names_in_every_layer(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("version: 1\nmicrophone:\n  device: [Jabra, 'usb:08bb:2902', default]\n")
    env = {"EDGED_SPEAKER__DEVICE": "[port:1-1.2, default]"}
    config = load(file, env=env, sets=["microphone.device=[Ja]bra*"]).config
    assert config.microphone.device == "[Ja]bra*"  # a pattern, no list
    assert config.speaker.device == ("port:1-1.2", "default")
    assert load(file, env={}).config.microphone.device == ("Jabra", "usb:08bb:2902", "default")
    shown = tmp_path / "shown.yaml"
    shown.write_text(show(load(file, env=env)))
    assert load(shown, env={}).config == load(file, env=env).config


@pytest.mark.parametrize("kind", ["", "kind: none, "])
def test_a_recording_light_without_a_kind_is_not_used_and_a_warning_says_so(tmp_path, kind):
    file = tmp_path / "c.yaml"
    file.write_text(f"version: 1\nrecording_light: {{{kind}gpio: 22}}\n")
    (warning,) = load(file, env={}).warnings
    assert warning.endswith(
        "recording_light.gpio: not used, because recording_light.kind is none (write what the lamp is, such as led)"
    )
