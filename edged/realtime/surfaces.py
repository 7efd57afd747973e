"""The interfaces that a client offers: `beta.realtime` and `realtime`, with the same code for both twins. Pure.

The twins are the clients with and without asyncio. `Manager` opens a connection. `Made` and `Secret` are what calls
return: a result, or an awaitable.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from edged.realtime import calls
from edged.realtime.account import Account, Headers
from edged.realtime.calls import Extra, HttpCall
from edged.realtime.events import ClientSecretCreateResponse, SessionCreateResponse
from edged.realtime.given import NOT_GIVEN, NotGiven, given
from edged.realtime.plan import ConnectionPlan, WebsocketConnectionOptions, plan
from edged.wire import Dialect

Manager = TypeVar("Manager")
Made = TypeVar("Made")
Secret = TypeVar("Secret")


@dataclass(frozen=True, slots=True)
class Twin(Generic[Manager, Made, Secret]):
    """The functions that do the work of one twin."""

    manage: Callable[[ConnectionPlan], Manager]
    make_session: Callable[[HttpCall[SessionCreateResponse]], Made]
    make_secret: Callable[[HttpCall[ClientSecretCreateResponse]], Secret]


class Sessions(Generic[Made]):
    """Makes sessions over HTTP, each with a short-lived key."""

    def __init__(self, account: Account, make: Callable[[HttpCall[SessionCreateResponse]], Made]) -> None:
        self._account, self._make = account, make

    def create(  # noqa: PLR0913 these are the options of the service's own call
        self,
        *,
        model: Any = NOT_GIVEN,
        input_audio_format: Any = NOT_GIVEN,
        input_audio_transcription: Any = NOT_GIVEN,
        instructions: str | NotGiven = NOT_GIVEN,
        max_response_output_tokens: Any = NOT_GIVEN,
        modalities: list[Any] | NotGiven = NOT_GIVEN,
        output_audio_format: Any = NOT_GIVEN,
        temperature: float | NotGiven = NOT_GIVEN,
        tool_choice: str | NotGiven = NOT_GIVEN,
        tools: Iterable[Any] | NotGiven = NOT_GIVEN,
        turn_detection: Any = NOT_GIVEN,
        voice: Any = NOT_GIVEN,
        extra_headers: Headers | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | NotGiven | None = NOT_GIVEN,
        **more: Any,
    ) -> Made:
        """Make a session. Only arguments that are given are sent; None is sent as null.

        Args:
            model: The model; the Portkey shape sends "portkey-default" if none is given.
            input_audio_format: "pcm16", "g711_ulaw" or "g711_alaw".
            input_audio_transcription: `{"model": ...}`, or None for no transcript of what the user says.
            instructions: How the model should behave.
            max_response_output_tokens: 1 to 4096, or "inf".
            modalities: `["text", "audio"]` or `["text"]`.
            output_audio_format: One of the same formats as the input.
            temperature: 0.6 to 1.2 at OpenAI.
            tool_choice: "auto", "none", "required" or the name of a function.
            tools: Functions that the model may call.
            turn_detection: How the service detects the end of a turn; None: the program ends it with a commit.
            voice: A realtime voice, such as "alloy"; the service refuses other voices.
            extra_headers: Headers of this call.
            extra_query: Query parameters of this call.
            extra_body: Fields of the body that replace others.
            timeout: In seconds, for this call; None for no limit.
            **more: Other fields of the body, sent unchanged.

        Raises:
            APIStatusError: The service refused; `code` and `param` say what.
            APIConnectionError: The service cannot be reached, or did not answer in time.
            MissingExtraError: httpx is not installed.
            WireError: The answer is not a JSON object.
        """
        asked = given(
            model=self._account.default_model if isinstance(model, NotGiven) else model,
            input_audio_format=input_audio_format,
            input_audio_transcription=input_audio_transcription,
            instructions=instructions,
            max_response_output_tokens=max_response_output_tokens,
            modalities=modalities,
            output_audio_format=output_audio_format,
            temperature=temperature,
            tool_choice=tool_choice,
            tools=tools if isinstance(tools, NotGiven | None) else list(tools),
            turn_detection=turn_detection,
            voice=voice,
            **more,
        )
        return self._make(
            calls.session(self._account, asked, Extra(extra_headers, extra_query, extra_body, timeout))
        )


class ClientSecrets(Generic[Secret]):
    """Makes the short-lived keys of GA over HTTP."""

    def __init__(
        self, account: Account, make: Callable[[HttpCall[ClientSecretCreateResponse]], Secret]
    ) -> None:
        self._account, self._make = account, make

    def create(
        self,
        *,
        expires_after: Any = NOT_GIVEN,
        session: Any = NOT_GIVEN,
        extra_headers: Headers | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | NotGiven | None = NOT_GIVEN,
    ) -> Secret:
        """Make a key for `session`. `expires_after` is `{"anchor": "created_at", "seconds": 10 to 7200}`.

        Raises the same errors as `beta.realtime.sessions.create`.
        """
        asked = given(expires_after=expires_after, session=session)
        return self._make(
            calls.secret(self._account, asked, Extra(extra_headers, extra_query, extra_body, timeout))
        )


class _Surface(Generic[Manager]):
    """Opens connections for programs of one dialect."""

    _speaks: ClassVar[Dialect]

    def __init__(self, account: Account, manage: Callable[[ConnectionPlan], Manager]) -> None:
        self._account, self._manage = account, manage

    def _manager(
        self,
        query: Mapping[str, Any],
        headers: Headers | None,
        options: WebsocketConnectionOptions | None,
    ) -> Manager:
        return self._manage(plan(self._account, self._speaks, query=query, headers=headers, options=options))


class BetaRealtime(_Surface[Manager], Generic[Manager, Made]):
    """For a program that is written in beta, whatever the service speaks."""

    _speaks = Dialect.BETA

    def __init__(
        self, account: Account, manage: Callable[[ConnectionPlan], Manager], sessions: Sessions[Made]
    ) -> None:
        super().__init__(account, manage)
        self.sessions = sessions

    def connect(
        self,
        *,
        model: str | NotGiven = NOT_GIVEN,
        websocket_connection_options: WebsocketConnectionOptions | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Headers | None = None,
        **kwargs: Any,
    ) -> Manager:
        """A manager that opens a connection; nothing is sent yet. `kwargs` become query parameters of the address.

        Raises:
            InsecureURLError: A key would leave this machine unencrypted.
            ValueError: The base URL is not valid.
        """
        query = {**given(model=model), **kwargs, **(extra_query or {})}
        return self._manager(query, extra_headers, websocket_connection_options)


class Realtime(_Surface[Manager], Generic[Manager, Secret]):
    """For a program that is written in GA, whatever the service speaks."""

    _speaks = Dialect.GA

    def __init__(
        self,
        account: Account,
        manage: Callable[[ConnectionPlan], Manager],
        client_secrets: ClientSecrets[Secret],
    ) -> None:
        super().__init__(account, manage)
        self.client_secrets = client_secrets

    def connect(
        self,
        *,
        model: str | NotGiven = NOT_GIVEN,
        call_id: str | NotGiven = NOT_GIVEN,
        websocket_connection_options: WebsocketConnectionOptions | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Headers | None = None,
        **kwargs: Any,
    ) -> Manager:
        """The same as `beta.realtime.connect`. `call_id` joins a call that was made over WebRTC or SIP."""
        query = {**given(model=model, call_id=call_id), **kwargs, **(extra_query or {})}
        return self._manager(query, extra_headers, websocket_connection_options)


class Beta(Generic[Manager, Made]):
    def __init__(self, realtime: BetaRealtime[Manager, Made]) -> None:
        self.realtime = realtime


class Surfaces(Generic[Manager, Made, Secret]):
    """Both surfaces, as attributes of a client."""

    def __init__(self, account: Account, twin: Twin[Manager, Made, Secret]) -> None:
        self._account = account
        self.beta = Beta(BetaRealtime(account, twin.manage, Sessions(account, twin.make_session)))
        self.realtime = Realtime(account, twin.manage, ClientSecrets(account, twin.make_secret))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._account.base_url})"

    @property
    def api_key(self) -> str:
        """The key that is sent."""
        return self._account.api_key

    @property
    def base_url(self) -> str:
        """The address of the service."""
        return self._account.base_url
