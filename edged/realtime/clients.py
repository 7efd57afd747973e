"""The clients: two shapes, with and without asyncio. What their arguments become is said in account.py."""

import os
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, Self

from edged.realtime import account, http
from edged.realtime.account import AccountOptions, Headers
from edged.realtime.asynchronous import AsyncRealtimeConnectionManager
from edged.realtime.events import ClientSecretCreateResponse, SessionCreateResponse
from edged.realtime.given import NOT_GIVEN, NotGiven
from edged.realtime.surfaces import Made, Manager, Secret, Surfaces, Twin
from edged.realtime.synchronous import RealtimeConnectionManager

_AsyncSession = Coroutine[Any, Any, SessionCreateResponse]
_AsyncSecret = Coroutine[Any, Any, ClientSecretCreateResponse]
_SYNC: Twin[RealtimeConnectionManager, SessionCreateResponse, ClientSecretCreateResponse] = Twin(
    RealtimeConnectionManager, http.make, http.make
)
_ASYNC: Twin[AsyncRealtimeConnectionManager, _AsyncSession, _AsyncSecret] = Twin(
    AsyncRealtimeConnectionManager, http.make_async, http.make_async
)


class _Closing:
    """The SDKs' clients hold connections between calls and are closed; these hold none."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """There is nothing to close; connections are closed by themselves."""


class _AsyncClosing:
    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """There is nothing to close; connections are closed by themselves."""


class _OpenAI(Surfaces[Manager, Made, Secret]):
    _twin: Twin[Manager, Made, Secret]

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        websocket_base_url: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        timeout: float | NotGiven | None = NOT_GIVEN,
        default_headers: Headers | None = None,
        default_query: Mapping[str, Any] | None = None,
    ) -> None:
        """What is not given is taken from OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID, OPENAI_PROJECT_ID.

        Args:
            api_key: goes as `Authorization: Bearer`; empty for a service that wants none.
            base_url: where the service is; `/realtime` and the like are added to its path.
            websocket_base_url: the same for connections, where it differs.
            organization: whose account is billed.
            project: which project of it.
            timeout: seconds, for calls (60) and for opening a connection (10); None for no limit.
            default_headers: sent with everything.
            default_query: query parameters of everything.

        Raises:
            MissingKeyError: there is no key.
        """
        super().__init__(
            account.openai(
                os.environ,
                AccountOptions(api_key, base_url, websocket_base_url, timeout),
                organization=organization,
                project=project,
                default_headers=default_headers,
                default_query=default_query,
            ),
            self._twin,
        )


class OpenAI(_Closing, _OpenAI[RealtimeConnectionManager, SessionCreateResponse, ClientSecretCreateResponse]):
    """The openai SDK's shape, realtime part."""

    _twin = _SYNC


class AsyncOpenAI(_AsyncClosing, _OpenAI[AsyncRealtimeConnectionManager, _AsyncSession, _AsyncSecret]):
    """The openai SDK's shape, realtime part, on asyncio."""

    _twin = _ASYNC


class _Portkey(Surfaces[Manager, Made, Secret]):
    _twin: Twin[Manager, Made, Secret]

    def __init__(
        self,
        *,
        api_key: str | None = None,
        virtual_key: str | None = None,
        provider: str | None = None,
        config: Mapping[str, Any] | str | None = None,
        base_url: str | None = None,
        websocket_base_url: str | None = None,
        custom_host: str | None = None,
        trace_id: str | None = None,
        metadata: Mapping[str, Any] | str | None = None,
        Authorization: str | None = None,  # noqa: N803 the header's own name, as portkey-ai takes it
        forward_headers: Iterable[str] | None = None,
        timeout: float | NotGiven | None = NOT_GIVEN,
        **headers: Any,
    ) -> None:
        """What is not given is taken from PORTKEY_API_KEY and PORTKEY_PROXY (or PORTKEY_BASE_URL).

        Args:
            api_key: Portkey's key.
            virtual_key: the key of the provider, as Portkey keeps it.
            provider: which provider, `openai` or `@slug`.
            config: a config's id, or the config itself.
            base_url: where the gateway is: Portkey's own with a key, else `http://localhost:8787/v1`.
            websocket_base_url: the same for connections, where it differs.
            custom_host: the provider's address, for gateways that take one.
            trace_id: goes into Portkey's logs.
            metadata: so does this.
            Authorization: the provider's own key; `Bearer` is put before it where it is missing.
            forward_headers: keywords whose headers go without `x-portkey-`.
            timeout: seconds, for calls (60) and for opening a connection (10); None for no limit.
            **headers: other headers, `cache_force_refresh=True` is `x-portkey-cache-force-refresh: true`.

        Raises:
            MissingKeyError: the hosted service is asked, and there is no key.
        """
        super().__init__(
            account.portkey(
                os.environ,
                AccountOptions(api_key, base_url, websocket_base_url, timeout),
                {
                    "virtual_key": virtual_key,
                    "provider": provider,
                    "config": config,
                    "custom_host": custom_host,
                    "trace_id": trace_id,
                    "metadata": metadata,
                    "Authorization": Authorization,
                    **headers,
                },
                forward_headers,
            ),
            self._twin,
        )
        self.virtual_key, self.provider, self.config = virtual_key, provider, config
        self.custom_host, self.trace_id, self.metadata = custom_host, trace_id, metadata


class Portkey(
    _Closing, _Portkey[RealtimeConnectionManager, SessionCreateResponse, ClientSecretCreateResponse]
):
    """portkey-ai's shape, realtime part."""

    _twin = _SYNC


class AsyncPortkey(_AsyncClosing, _Portkey[AsyncRealtimeConnectionManager, _AsyncSession, _AsyncSecret]):
    """portkey-ai's shape, realtime part, on asyncio."""

    _twin = _ASYNC
