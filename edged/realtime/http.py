"""Makes calls over HTTP with `httpx`, an optional dependency of edged, which the first call loads.

It follows no redirect, and ignores proxies and `.netrc` of the environment, which would surprise a program. It trusts
the same authorities as a connection: those of the machine, or of SSL_CERT_FILE. httpx has a list of its own.
"""

from typing import TYPE_CHECKING, Any, TypeVar

from edged import __version__
from edged.origin import how_to_add
from edged.realtime.calls import CallReply, HttpCall
from edged.realtime.errors import APIConnectionError, APITimeoutError, MissingExtraError
from edged.tls import client_context

if TYPE_CHECKING:
    import httpx

Result = TypeVar("Result")


def make(call: HttpCall[Result]) -> Result:
    """Make a call, and the call that its answer may ask for.

    Raises:
        APIStatusError: The service refused.
        APIConnectionError: The service cannot be reached, or did not answer in time.
        MissingExtraError: httpx is not installed.
        WireError: The answer is not a JSON object.
    """
    library = _library()
    result: Result | HttpCall[Result] = call
    while isinstance(result, HttpCall):
        try:
            with library.Client(**_options(result)) as client:
                response = client.post(result.url, json=result.body)
        except (library.HTTPError, library.InvalidURL) as error:
            raise _translated(error, result.url, late=isinstance(error, library.TimeoutException)) from error
        result = result.read(_reply(response))
    return result


async def make_async(call: HttpCall[Result]) -> Result:
    """The same, without blocking."""
    library = _library()
    result: Result | HttpCall[Result] = call
    while isinstance(result, HttpCall):
        try:
            async with library.AsyncClient(**_options(result)) as client:
                response = await client.post(result.url, json=result.body)
        except (library.HTTPError, library.InvalidURL) as error:
            raise _translated(error, result.url, late=isinstance(error, library.TimeoutException)) from error
        result = result.read(_reply(response))
    return result


def _library() -> Any:
    try:
        import httpx  # noqa: PLC0415 it is optional, and loads slowly
    except ImportError as error:
        raise MissingExtraError(f"calls over HTTP need httpx: run {how_to_add('http')}") from error
    return httpx


def _options(call: HttpCall[Any]) -> dict[str, Any]:
    return {
        "headers": {"User-Agent": f"edged/{__version__}", "Accept": "application/json", **call.headers},
        "timeout": call.timeout_s,
        "follow_redirects": False,
        "trust_env": False,
        # Without TLS there is nothing to verify, and the certificates load slowly.
        "verify": client_context() if call.url.startswith("https:") else False,
    }


def _reply(response: "httpx.Response") -> CallReply:
    return CallReply(response.status_code, dict(response.headers), response.content)


def _translated(error: Exception, url: str, *, late: bool) -> APIConnectionError:
    where = url.partition("?")[0]
    if late:
        return APITimeoutError(f"{where} did not answer in time")
    return APIConnectionError(f"{where} cannot be reached: {error or type(error).__name__}")
