"""portkey-ai, `realtime`, the async client."""

import conversations
import report
from portkey_ai import AsyncPortkey, Portkey


async def hold(
    url: str, name: str, seen: report.Report, kind: type[AsyncPortkey] | type[Portkey] = AsyncPortkey
) -> None:
    client = kind(
        api_key=conversations.KEY,
        virtual_key="any",
        base_url=conversations.http_of(url),
        websocket_base_url=conversations.base_of(url),
    )
    headers = client.openai_client.default_headers  # without them it sends no key at all
    manager = client.realtime.connect(model=conversations.MODEL, extra_headers=headers)
    await conversations.held(manager, "ga", name, seen)


if __name__ == "__main__":
    report.main(hold)
