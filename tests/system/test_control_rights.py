"""Who may send which command, over real sockets and with a user of its own."""

import asyncio
import json
import os
from contextlib import suppress

import pytest

from edged.system.control import ACTS, ControlServer
from edged.system.control_rights import COMPANION, MOST_USERS, Rights, name_of_user
from tests.system.test_control import Target, connected_as, heard

ITS_UID, OTHER_UID = 1001, 1002


def rights(*, may_press=False):
    return Rights(lambda: may_press, lambda uid: COMPANION if uid == ITS_UID else f"user{uid}")


def test_a_name_is_looked_up_once_and_few_are_remembered():
    asked = []
    here = Rights(name_of=lambda uid: asked.append(uid) or "")
    for _ in range(2):
        here.came(7)
    assert asked == [7]
    for uid in range(100, 100 + MOST_USERS):
        here.came(uid)
    here.came(7)
    assert asked.count(7) == 2


def test_the_system_knows_who_root_is():
    assert name_of_user(0) == "root"
    assert name_of_user(4_000_000_000) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("may_press", [False, True])
def test_the_companion_neither_presses_nor_shuts_down(tmp_path, may_press):
    path = tmp_path / "run" / "control.sock"

    async def main():
        target = Target()
        target.set_volume = lambda _: target.kept()
        server = ControlServer(path, target, rights(may_press=may_press))
        await server.start()
        try:
            for uid in (ITS_UID, OTHER_UID):
                with connected_as(uid, path) as client:
                    assert "snapshot" in await heard(client)
                    for name in sorted(ACTS):
                        target.commands.clear()
                        client.send(json.dumps({"command": name}).encode() + b"\n")
                        said = ""
                        while not said.endswith("\n"):
                            said += await heard(client)
                        answer = json.loads(said)
                        is_its = uid == ITS_UID
                        refused = is_its and (name == "shutdown" or (name == "press" and not may_press))
                        assert answer["ok"] is not refused, (uid, name)
                        if refused:
                            assert "the companion must not" in answer["error"]
                            assert name not in target.commands
                            assert "companion.page.button" in answer["error"] or name == "shutdown"
        finally:
            with suppress(OSError):
                await server.close()

    asyncio.run(main())
