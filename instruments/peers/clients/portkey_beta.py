"""portkey-ai, `beta.realtime`, the async client. With `Portkey` in place of `AsyncPortkey` it is the sync one."""

from typing import Any

import conversations
import report
from optional import MINTED as OPTIONS
from portkey_ai import AsyncPortkey, Portkey


async def hold(
    url: str, name: str, seen: report.Report, kind: type[AsyncPortkey] | type[Portkey] = AsyncPortkey
) -> None:
    options: dict[str, Any] = {
        "api_key": conversations.KEY,
        "virtual_key": "any",
        "base_url": conversations.http_of(url),
        "websocket_base_url": conversations.base_of(url),
    }
    client = kind(**options)
    if name == "mint":
        sessions = client.beta.realtime.sessions
        session = await conversations.settled(sessions.create(**OPTIONS))
        seen.notes = {"asked": OPTIONS, "minted": session.model_dump(exclude_unset=True)}
        try:
            await conversations.settled(sessions.create(model=OPTIONS["model"], voice="nova"))
        except Exception as error:  # noqa: BLE001 the report says which one it is
            seen.notes["refused"] = [type(error).__name__, str(error)]
        # the settings of an ephemeral key apply if that key authorises the session
        client = kind(**options, Authorization=f"Bearer {session.client_secret.value}")
    model = OPTIONS["model"] if name == "mint" else conversations.MODEL
    await conversations.held(client.beta.realtime.connect(model=model), "beta", name, seen)


if __name__ == "__main__":
    report.main(hold)
