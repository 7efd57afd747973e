"""The openai SDK, the GA surface."""

import conversations
import report
from openai import APIStatusError, AsyncOpenAI


async def hold(url: str, name: str, seen: report.Report) -> None:
    client = AsyncOpenAI(
        api_key=conversations.KEY,
        base_url=conversations.http_of(url),
        websocket_base_url=conversations.base_of(url),
    )
    if name == "mint":
        secret = await client.realtime.client_secrets.create(
            expires_after={"anchor": "created_at", "seconds": 60},
            session=conversations.settings("ga", audio=False),
        )
        seen.notes = {
            "minted": secret.to_dict(),
            "models": [model.id async for model in client.models.list()],
            "model": (await client.models.retrieve(conversations.MODEL)).id,
        }
        try:
            await client.models.retrieve("none-such")
        except APIStatusError as error:
            seen.notes["no model"] = type(error).__name__
        client = client.copy(api_key=secret.value)
    where = (
        {"extra_query": {"intent": "transcription"}}
        if name == "transcribe"
        else {"model": conversations.MODEL}
    )
    await conversations.held(client.realtime.connect(**where), "ga", name, seen)


if __name__ == "__main__":
    report.main(hold)
