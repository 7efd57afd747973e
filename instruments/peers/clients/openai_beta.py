"""The openai SDK, the beta surface."""

import conversations
import report
from openai import AsyncOpenAI


async def hold(url: str, name: str, seen: report.Report) -> None:
    client = AsyncOpenAI(
        api_key=conversations.KEY,
        base_url=conversations.http_of(url),
        websocket_base_url=conversations.base_of(url),
    )
    if name == "mint":
        session = await client.beta.realtime.sessions.create(
            model=conversations.MODEL, **conversations.settings("beta", audio=False)
        )
        seen.notes["minted"] = session.to_dict()
        client = client.copy(api_key=session.client_secret.value)
    await conversations.held(client.beta.realtime.connect(model=conversations.MODEL), "beta", name, seen)


if __name__ == "__main__":
    report.main(hold)
