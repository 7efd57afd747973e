"""The clients: two shapes, with and without asyncio. account.py turns their arguments into headers."""

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
    """Clients of the SDKs hold connections between calls and have to be closed. These clients hold none."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Does nothing: each connection is closed on its own."""


class _AsyncClosing:
    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Does nothing: each connection is closed on its own."""


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
        service: str | None = None,
    ) -> None:
        """Defaults come from OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID and OPENAI_PROJECT_ID.

        With another `service` than "openai", the client reads none of these.

        Args:
            api_key: Sent as `Authorization: Bearer`; empty for a service that needs no key.
            base_url: The address of the service; the client adds `/realtime` and the like to its path.
            websocket_base_url: The address for connections, if it differs.
            organization: The organization that is billed.
            project: A project of that organization.
            timeout: In seconds, for calls (default 60) and for opening a connection (default 10); None for no limit.
            default_headers: Headers of every request.
            default_query: Query parameters of every request.
            service: The service at that address, by its name in edged, such as "xai". Default: as the host shows.

        Raises:
            MissingKeyError: There is no key.
            ValueError: There is no service of that name, or it has no address of its own and none is given.
        """
        super().__init__(
            account.openai(
                os.environ,
                AccountOptions(api_key, base_url, websocket_base_url, timeout, service),
                organization=organization,
                project=project,
                default_headers=default_headers,
                default_query=default_query,
            ),
            self._twin,
        )


class OpenAI(_Closing, _OpenAI[RealtimeConnectionManager, SessionCreateResponse, ClientSecretCreateResponse]):
    """The realtime part of the openai SDK, without asyncio."""

    _twin = _SYNC


class AsyncOpenAI(_AsyncClosing, _OpenAI[AsyncRealtimeConnectionManager, _AsyncSession, _AsyncSecret]):
    """The realtime part of the openai SDK, with asyncio."""

    _twin = _ASYNC


class _Portkey(Surfaces[Manager, Made, Secret]):
    _twin: Twin[Manager, Made, Secret]

    def __init__(  # noqa: PLR0913 the arguments of portkey-ai, and one more
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
        service: str | None = None,
        **headers: Any,
    ) -> None:
        """Defaults come from PORTKEY_API_KEY and PORTKEY_PROXY (or PORTKEY_BASE_URL).

        With another `service` than "portkey", the client reads none of these, and sends no header of Portkey's.

        Args:
            api_key: Portkey's key.
            virtual_key: Portkey's name for a key of the provider that it stores.
            provider: The provider, such as `openai` or `@slug`.
            config: The id of a config, or the config itself.
            base_url: The address of the gateway. Default: Portkey, or `http://localhost:8787/v1` without a key.
            websocket_base_url: The address for connections, if it differs.
            custom_host: The address of the provider, for gateways that accept one.
            trace_id: An id for Portkey's logs.
            metadata: Other data for Portkey's logs.
            Authorization: The provider's own key; the client adds `Bearer` if it is missing.
            forward_headers: Keywords whose headers are sent without `x-portkey-`.
            timeout: In seconds, for calls (default 60) and for opening a connection (default 10); None for no limit.
            service: A service in place of Portkey, by its name in edged, such as "xai". Default: as the host shows.
            **headers: Other headers: `cache_force_refresh=True` becomes `x-portkey-cache-force-refresh: true`.

        Raises:
            MissingKeyError: The hosted service needs a key, and there is none.
            ValueError: There is no service of that name, or it has no address of its own and none is given.
        """
        super().__init__(
            account.portkey(
                os.environ,
                AccountOptions(api_key, base_url, websocket_base_url, timeout, service),
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
    """The realtime part of portkey-ai, without asyncio."""

    _twin = _SYNC


class AsyncPortkey(_AsyncClosing, _Portkey[AsyncRealtimeConnectionManager, _AsyncSession, _AsyncSecret]):
    """The realtime part of portkey-ai, with asyncio."""

    _twin = _ASYNC
