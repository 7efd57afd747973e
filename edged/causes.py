"""The one table of everything that can go wrong, and of how a person learns of it.

Each row says whose fault the cause is, how soon another try is worthwhile, what the light and the speaker do,
which journal message belongs to it, and the remedy in one or two sentences. Code names a cause by its id.
Only this table knows which light, which cue and which retry class a failure has.

Other modules decide the rest: what the turn does (turn/tables.py), how a light blinks (panel/light.py), how a cue
sounds (audio/playout/cues.py), the words of a phrase (phrases/texts.py), how long each class waits, and what follows
when a link closes at once (retry.py). The rows that only `edged doctor` reports stand in machine_causes.py.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from edged.machine_causes import FOUND_BY_THE_DOCTOR


class Fault(Enum):
    """Who has to fix it."""

    OURS = "edged"
    OPERATOR = "operator"
    DEVICE = "device"
    NETWORK = "network"
    ACCOUNT = "account"
    SERVICE = "service"
    VISITOR = "visitor"


class Retry(Enum):
    """How soon edged tries again what failed; the figures are in retry.py."""

    NONE = "none"  # nothing to try again
    LOCAL = "local"  # costs nobody anything: short waits, which events end early
    REMOTE = "remote"  # costs the far end something: growing waits
    THROTTLED = "throttled"  # the far end may name the wait
    REFUSED = "refused"  # does not change on its own: rare tries


class Light(StrEnum):
    """What the lamp can show; panel/light.py draws each rhythm, and decides which one comes first."""

    STARTING = "starting"
    CLOSED = "closed"  # outside the opening hours
    READY = "ready"
    RECORDING = "recording"
    HOLDING = "holding"  # the utterance is kept, the link is down
    THINKING = "thinking"
    WORKING = "working"  # a tool runs for the answer
    SPEAKING = "speaking"
    NOTICE = "notice"  # a sound tells what went wrong
    BUSY = "busy"  # press again in a moment
    FOLLOW_UP = "follow_up"  # the answer asked something back: for a while, a tap is enough to reply
    OFF_HOOK = "off_hook"  # hang up the receiver
    CONNECTING = "connecting"  # there is no link yet, and no reason against one
    OFFLINE = "offline"  # there is a network, but no service
    NEEDS_NETWORK = "needs_network"  # there is no network
    MUTED = "muted"
    BUDGET = "budget"  # what may be spent is spent
    UPDATING = "updating"
    # a person has to repair something: each of these is counted in blinks
    ERROR_SOUND = "error_sound"  # the microphone or the speaker
    ERROR_PART = "error_part"  # a button, or another part of the kiosk
    ERROR_ACCOUNT = "error_account"  # the key, the account, its quota
    ERROR_SERVICE = "error_service"  # the model, a setting, an address; or something on the way says no
    ERROR_EDGED = "error_edged"  # edged itself: its configuration, its machine, or it has given up
    STOPPING = "stopping"


class Cue(StrEnum):
    """The sounds for states; audio/playout/cues.py renders each."""

    NONE = "none"
    TOO_SHORT = "too_short"  # two soft ticks: hold the button while you speak
    LIMIT = "limit"  # falling pair of tones: the utterance reached its longest length
    BUSY = "busy"  # busy tone
    MUTED = "muted"
    DISCARDED = "discarded"  # the utterance was discarded
    FAILED = "failed"  # no answer will come
    CUT = "cut"  # the answer broke off
    SILENT = "silent"  # the answer had no sound
    UNHEARD = "unheard"  # no speech was heard
    OFFLINE = "offline"  # the link to the service is down
    DEVICE = "device"
    OFF_HOOK = "off_hook"  # hang up the receiver
    DONE = "done"  # what a button was pressed for is done


class Phrase(StrEnum):
    """What the kiosk can say; phrases/texts.py has the words in each language."""

    CANNOT_HEAR = "cannot_hear"
    NO_NETWORK = "no_network"
    CONNECTING = "connecting"
    NOT_READY = "not_ready"
    OUT_OF_SERVICE = "out_of_service"
    TRY_AGAIN = "try_again"
    FAILED = "failed"
    NO_ANSWER = "no_answer"
    ANSWER_LOST = "answer_lost"
    ANSWER_LATE = "answer_late"
    ANSWER_CUT = "answer_cut"
    ANSWER_TOO_LONG = "answer_too_long"
    NOT_SENT = "not_sent"
    SAY_AGAIN = "say_again"
    HOLD_BUTTON = "hold_button"
    PRESS_AND_SPEAK = "press_and_speak"  # in place of HOLD_BUTTON, where nobody holds the button
    TIME_UP = "time_up"
    ONE_MOMENT = "one_moment"
    HANG_UP = "hang_up"
    NOTHING_TO_REPEAT = "nothing_to_repeat"
    MICROPHONE_OFF = "microphone_off"
    NOTHING_HEARD = "nothing_heard"
    SPEAK_LOUDER = "speak_louder"
    BUDGET_REACHED = "budget_reached"
    CLOSED = "closed"  # outside the opening hours
    # No cause has these yet.
    WORKING = "working"  # a tool runs
    UPDATING = "updating"
    STOPPING = "stopping"


class Unspoken(StrEnum):
    """Why a cause has no phrase."""

    OPERATOR = "visitors do not notice it"
    NO_SPEAKER = "nothing can be heard without a speaker"
    NO_PRESS = "edged notices no press then, so it does not know that somebody is waiting"
    NOT_RUNNING = "edged does not run then, or ends"
    WANTED = "somebody wanted silence"
    DOCTOR = "only `edged doctor` looks for it"


@dataclass(frozen=True, slots=True)
class Cause:
    """A row. `message_id` is the 128-bit id for systemd's catalog, in hex; `counter` is the name of a metric."""

    id: str
    fault: Fault
    retry: Retry
    light: Light | None
    cue: Cue
    speech: Phrase | Unspoken
    message_id: str
    remedy: str

    @property
    def counter(self) -> str:
        return f"edged_cause_{self.id}_total"

    @property
    def phrase(self) -> Phrase | None:
        """What the visitor is told; None if the cause has no phrase."""
        return self.speech if isinstance(self.speech, Phrase) else None


_F, _R, _L, _C, _P, _U = Fault, Retry, Light, Cue, Phrase, Unspoken

# fmt: off
# id, fault, retry, light while the cause lasts (None: the light of the turn), cue, phrase or why there is none, MESSAGE_ID, remedy
_ROWS = (
    # the kiosk's own parts
    Cause("microphone_lost", _F.DEVICE, _R.LOCAL, _L.ERROR_SOUND, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a01", "If the error names no other remedy, check that the microphone is plugged in, and that `microphone.device` names it."),
    Cause("speaker_lost", _F.DEVICE, _R.LOCAL, _L.ERROR_SOUND, _C.NONE, _U.NO_SPEAKER,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a02", "If the error names no other remedy, check that the speaker is plugged in, and that `speaker.device` names it."),
    Cause("button_lost", _F.DEVICE, _R.LOCAL, _L.ERROR_PART, _C.NONE, _U.NO_PRESS,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a03", "Check the wiring of the button and its settings (`button`, or its entry in `buttons`; docs/inputs.md)."),
    Cause("button_busy", _F.DEVICE, _R.LOCAL, _L.ERROR_PART, _C.NONE, _U.NO_PRESS,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a20", "Another program holds the GPIO line or the input device of the button. Stop that program, or write another line or key in `button`, or in its entry in `buttons`. edged uses it as soon as it is free."),
    Cause("button_denied", _F.OPERATOR, _R.LOCAL, _L.ERROR_PART, _C.NONE, _U.NO_PRESS,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a21", "edged has no permission to use the button. Add the user that runs edged to the group of the device: gpio for pins, input for input devices (docs/inputs.md)."),
    Cause("light_lost", _F.DEVICE, _R.LOCAL, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a04", "Check the settings under `light` and the wiring, and that no other program holds the GPIO line or the device (docs/inputs.md)."),
    Cause("recording_light_lost", _F.DEVICE, _R.LOCAL, _L.ERROR_PART, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a22", "The further lamp does not show that the microphone is open; everything else works. Check the settings under `recording_light` and the wiring, and that no other program holds the GPIO line or the device (docs/inputs.md)."),
    Cause("device_hung", _F.DEVICE, _R.LOCAL, _L.ERROR_SOUND, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a05", "The driver of a sound device, or of the button, does not answer. Unplug the device and plug it in again. If this happens again, use another port, a USB hub with its own power supply, or another device. After a change, `edged reload` tries the device at once."),
    Cause("device_slow", _F.DEVICE, _R.LOCAL, _L.ERROR_SOUND, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a15", "edged waits until the device is open, and uses it then. If this happens often, check its cable, its power supply and the USB hub."),
    Cause("device_busy", _F.DEVICE, _R.LOCAL, _L.ERROR_SOUND, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a06", "Another program holds the sound device. Stop that program, or name another device in `microphone.device` or `speaker.device`; edged opens the device as soon as it is free."),
    Cause("device_denied", _F.OPERATOR, _R.LOCAL, _L.ERROR_SOUND, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a07", "edged has no permission to open the sound device. Add the user that runs edged to the group audio: `SupplementaryGroups=audio` in the systemd unit, or `sudo usermod -aG audio USER`."),
    Cause("device_unfit", _F.OPERATOR, _R.LOCAL, _L.ERROR_SOUND, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a08", "The sound device has no sample rate or format that edged can use. In `microphone.device` or `speaker.device`, name another device, or let ALSA convert the sound (`plughw:CARD=…`)."),
    Cause("device_ambiguous", _F.OPERATOR, _R.LOCAL, _L.ERROR_SOUND, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a09", "The name may mean more than one sound device. In `microphone.device` or `speaker.device`, write the name that stands before the device that you want; `sudo edged devices` shows it, too."),
    Cause("microphone_silent", _F.DEVICE, _R.NONE, _L.NOTICE, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a10", "The microphone delivers only zeros, so nothing was sent. Check its mute switch, its cable, its capture switch (alsamixer, F4) and `microphone.device`."),
    Cause("microphone_stuck", _F.DEVICE, _R.NONE, _L.NOTICE, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a11", "The microphone always delivers the same value, which is no sound, so nothing was sent. Unplug it and plug it in again; if this happens again, replace it."),
    Cause("microphone_offset", _F.DEVICE, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a12", "The utterance was sent, but its sound has a constant offset (DC). Check the input and the cable. If the microphone needs no supply voltage, switch that voltage off."),
    Cause("mixer_lost", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a13", "edged cannot set the card's control, so it changes the level in software. Set `speaker.mixer` or `microphone.mixer` to a control that `amixer scontrols` lists, or leave it empty."),
    Cause("microphone_channels", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a14", "Some channels of the microphone carry no sound, so edged uses the mean of the others. Set `microphone.channel` to use one channel only."),
    Cause("sound_server", _F.OPERATOR, _R.LOCAL, _L.ERROR_SOUND, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a17", "edged cannot reach the sound server (PipeWire, PulseAudio): the one of a desktop user is closed to a system service. Name a card in `microphone.device` and `speaker.device` (`sudo edged devices` lists the cards), or share the sound server or the card with edged (docs/devices.md)."),
    Cause("alsa_config_invalid", _F.OPERATOR, _R.LOCAL, _L.ERROR_SOUND, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a16", "ALSA cannot read its configuration, so edged knows no names but those of the cards. Correct the file that the journal line names (such as /etc/asound.conf), then run `sudo systemctl restart edged`."),
    Cause("button_held", _F.DEVICE, _R.NONE, _L.ERROR_PART, _C.NONE, _U.NO_PRESS,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a18", "Check that nothing holds the button down, and that its cable has no short circuit. If nobody presses it, check `button.contact` and `button.pull`."),
    Cause("button_edges", _F.DEVICE, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a19", "Signals of the button are often lost. Check its plugs. A long cable needs a stronger pull-up resistor (1 kΩ from the pin to 3.3 V, `button.pull: external_up`) and a capacitor (100 nF from the pin to ground)."),
    # the way to the service
    Cause("offline", _F.NETWORK, _R.LOCAL, _L.NEEDS_NETWORK, _C.OFFLINE, _P.NO_NETWORK,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b01", "There is no route to the network. Check the Wi-Fi or the cable."),
    Cause("dns_failed", _F.NETWORK, _R.LOCAL, _L.OFFLINE, _C.OFFLINE, _P.NO_NETWORK,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b02", "The service's name cannot be looked up. Check the network's name server."),
    Cause("clock_unset", _F.NETWORK, _R.LOCAL, _L.OFFLINE, _C.OFFLINE, _P.NOT_READY,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b03", "The clock is not set yet, so certificates look invalid; edged waits for it. Check that time synchronisation works (`timedatectl`)."),
    Cause("unreachable", _F.NETWORK, _R.REMOTE, _L.OFFLINE, _C.OFFLINE, _P.CONNECTING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b04", "The service does not accept connections. Check `provider.url`, the firewall, and whether the network needs a proxy (`provider.proxy`)."),
    Cause("handshake_timeout", _F.NETWORK, _R.REMOTE, _L.OFFLINE, _C.OFFLINE, _P.CONNECTING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b05", "The service did not answer in time; edged tries again."),
    Cause("tls_failed", _F.NETWORK, _R.REFUSED, _L.ERROR_SERVICE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b06", "The service's certificate is not trusted. Check `provider.url`; if the network inspects TLS or the certificate authority is your own, name that authority in `provider.ca_file`."),
    Cause("captive_portal", _F.NETWORK, _R.REFUSED, _L.ERROR_SERVICE, _C.OFFLINE, _P.NO_NETWORK,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b07", "The network answers instead of the service, for example with a login page. Log in to this network, or use another one; if every network does this, check `provider.url`."),
    Cause("link_closed", _F.NETWORK, _R.REMOTE, _L.OFFLINE, _C.OFFLINE, _P.CONNECTING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b08", "The connection was closed; edged reconnects on its own."),
    Cause("link_silent", _F.NETWORK, _R.LOCAL, _L.OFFLINE, _C.OFFLINE, _P.CONNECTING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b09", "The connection went silent without being closed; edged reconnects on its own."),
    Cause("service_silent", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.OFFLINE, _P.CONNECTING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b0b", "The connection is open, but the service sends nothing: perhaps a gateway answers for a service that is gone. edged reconnects on its own."),
    Cause("commit_ignored", _F.SERVICE, _R.LOCAL, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b0c", "The service ends an utterance only when it hears silence, so edged now sends silence after each utterance. There is nothing to do."),
    Cause("proxy_refused", _F.NETWORK, _R.REFUSED, _L.ERROR_SERVICE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b0d", "The proxy does not let edged through. Check `provider.proxy`, its user name and password, and what the proxy allows."),
    Cause("session_expired", _F.SERVICE, _R.LOCAL, _L.CONNECTING, _C.OFFLINE, _P.CONNECTING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b0a", "The session reached its maximum length; edged opens a new one on its own."),
    # the far end's account and answers
    Cause("server_busy", _F.SERVICE, _R.THROTTLED, _L.OFFLINE, _C.BUSY, _P.TRY_AGAIN,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c01", "The service asked for fewer requests; edged waits as long as the service asked."),
    Cause("server_error", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.FAILED, _P.TRY_AGAIN,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c02", "The service has an internal problem; edged tries again."),
    Cause("key_refused", _F.ACCOUNT, _R.REFUSED, _L.ERROR_ACCOUNT, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c03", "The service refuses the key. Check the key (`provider.api_key_file`; for the installed service, /etc/edged/credentials/api-key) and the account."),
    Cause("quota_exceeded", _F.ACCOUNT, _R.REFUSED, _L.ERROR_ACCOUNT, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c04", "The account's quota is used up. Add credit, or raise the limit."),
    Cause("model_refused", _F.OPERATOR, _R.REFUSED, _L.ERROR_SERVICE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c05", "The service does not know this model or address. Check `provider.model` and `provider.url`."),
    Cause("settings_refused", _F.OPERATOR, _R.REFUSED, _L.ERROR_SERVICE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c06", "The service refuses a setting of the session. The previous journal line names it; correct it under `provider`."),
    Cause("settings_changed", _F.SERVICE, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c12", "Another program, such as a relay in front of the service, changes the settings of this session; edged sets them again a few times. Configure that program so that it leaves these settings alone."),
    Cause("detection_kept", _F.SERVICE, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c13", "The service always uses its own turn detection: it decides when a visitor has finished. So edged uses it too; the previous journal line says what that costs. A service that accepts `turn_detection: null` costs less."),
    Cause("model_replaced", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c14", "The service does not know `provider.model`, and uses another model in its place. Correct the name, or leave `provider.model` empty: edged then asks for the usual model."),
    Cause("deletion_refused", _F.SERVICE, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c15", "The service cannot delete old turns, so edged keeps them until the session ends. Set `turn.remember_turns: 0`."),
    Cause("dialect_refused", _F.OPERATOR, _R.REMOTE, _L.OFFLINE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c07", "The service refuses the dialect of the protocol (GA or beta). Set `provider.dialect: auto`; if it is `auto` already, the service accepts neither dialect: check `provider.url`."),
    Cause("service_refused", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0a", "The service refuses for a reason that edged does not know; the previous journal line quotes the service. If it gives no reason, check the key, the model and the address: some gateways refuse a key this way."),
    Cause("region_refused", _F.OPERATOR, _R.REFUSED, _L.ERROR_SERVICE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0b", "The service is not offered where this machine connects from. Check the service's list of countries, and whether a VPN or a proxy (`provider.proxy`) makes edged connect from another country."),
    Cause("address_refused", _F.OPERATOR, _R.REFUSED, _L.ERROR_SERVICE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0c", "The service accepts only certain networks. Add the public address of this network to the service's list, or connect from a network on the list."),
    Cause("firewall_refused", _F.SERVICE, _R.REFUSED, _L.ERROR_SERVICE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0d", "A firewall in front of the service takes edged for a robot. Check `provider.url`, try without a VPN or proxy, and ask the service's support to let edged through."),
    Cause("account_refused", _F.ACCOUNT, _R.REFUSED, _L.ERROR_ACCOUNT, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0e", "The account, its organisation or its project is not allowed to do this. The previous journal line says what is missing (a verification, a permission, a role)."),
    Cause("not_offered", _F.OPERATOR, _R.REFUSED, _L.ERROR_SERVICE, _C.FAILED, _P.OUT_OF_SERVICE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0f", "The service does not offer what edged asks for. Check that `provider.model` is a realtime model, and check the settings under `provider`."),
    Cause("policy_refused", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.FAILED, _P.NO_ANSWER,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c10", "The service's content rules refuse the request. If it happens again, check `provider.instructions` and the filters of the account or the gateway."),
    Cause("protocol_broken", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.OFFLINE, _P.CONNECTING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c11", "The service, or a gateway in front of it, breaks the WebSocket protocol; edged reconnects on its own. Send the previous journal line to the operator of the service or the gateway."),
    Cause("bad_message", _F.SERVICE, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c08", "The service sent a message that does not follow the protocol; edged skipped it."),
    Cause("message_too_large", _F.SERVICE, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c09", "The service sent an event that is larger than the protocol needs, and edged skipped it. If it was an answer, edged knows only that the answer has ended. Ask the operator of the service, or of the gateway, why."),
    # one turn
    Cause("answer_failed", _F.SERVICE, _R.NONE, _L.NOTICE, _C.FAILED, _P.TRY_AGAIN,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d01", "The service could not answer. The previous journal line says why."),
    Cause("answer_silent", _F.SERVICE, _R.NONE, _L.NOTICE, _C.SILENT, _P.NO_ANSWER,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d02", "The answer had no sound. Check `provider.instructions` and the model."),
    Cause("answer_late", _F.SERVICE, _R.NONE, _L.NOTICE, _C.FAILED, _P.ANSWER_LATE,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d03", "No answer came within `turn.think_s`, so edged gave up the question."),
    Cause("answer_lost", _F.NETWORK, _R.NONE, _L.NOTICE, _C.FAILED, _P.ANSWER_LOST,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d04", "The connection broke before the answer came."),
    Cause("answer_cut", _F.NETWORK, _R.NONE, _L.NOTICE, _C.CUT, _P.ANSWER_CUT,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d05", "The rest of the answer did not come. The connection broke or the service failed (earlier journal lines say which), or the answer was longer than ten minutes."),
    Cause("answer_too_long", _F.SERVICE, _R.NONE, _L.NOTICE, _C.CUT, _P.ANSWER_TOO_LONG,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d06", "The answer was longer than ten minutes and was cut."),
    Cause("utterance_too_old", _F.NETWORK, _R.NONE, _L.NOTICE, _C.DISCARDED, _P.NOT_SENT,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d07", "The link stayed down longer than `turn.keep_s`, so edged discarded the utterance."),
    Cause("utterance_refused", _F.SERVICE, _R.NONE, _L.NOTICE, _C.DISCARDED, _P.SAY_AGAIN,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d08", "The service did not accept the utterance. The previous journal line says why."),
    Cause("too_short", _F.VISITOR, _R.NONE, _L.NOTICE, _C.TOO_SHORT, _P.HOLD_BUTTON,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e01", "The button was released at once, so nothing was sent."),
    Cause("utterance_limit", _F.VISITOR, _R.NONE, None, _C.LIMIT, _P.TIME_UP,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e02", "The button was held longer than `turn.longest_s`; edged sends what was said until then."),
    Cause("busy", _F.VISITOR, _R.NONE, _L.BUSY, _C.BUSY, _P.ONE_MOMENT,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e03", "Two questions are already waiting for the link to the service."),
    Cause("pressed_too_fast", _F.VISITOR, _R.NONE, _L.BUSY, _C.BUSY, _P.ONE_MOMENT,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e06", "The button was pressed more often than anybody can speak, so edged ignores some presses. If nobody did that, the button bounces: raise `button.bounce_ms`, and check its cable."),
    Cause("budget_used", _F.OPERATOR, _R.NONE, _L.BUDGET, _C.FAILED, _P.BUDGET_REACHED,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e30", "What `budget` allows for this day or month is used, so edged takes no further question until then. `edged usage` shows what was used. To go on at once, raise the limit in the configuration and run `sudo edged reload`."),
    Cause("budget_near", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e31", "The usage has reached a soft limit of `budget`. Visitors do not notice it. `edged usage` shows what was used."),
    Cause("off_hook", _F.VISITOR, _R.NONE, _L.OFF_HOOK, _C.OFF_HOOK, _P.HANG_UP,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e20", "The receiver is off the hook and nobody speaks, so the microphone is off. Hang up the receiver; if it is hung up, check its switch and `button.contact`."),
    Cause("outside_hours", _F.OPERATOR, _R.NONE, _L.CLOSED, _C.BUSY, _P.CLOSED,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e22", "The kiosk is closed at this hour. It opens by itself; `link.hours` says when."),
    Cause("nothing_to_repeat", _F.VISITOR, _R.NONE, None, _C.SILENT, _P.NOTHING_TO_REPEAT,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e21", "There is no answer to repeat: none was heard yet, or the visitor who heard it has left."),
    Cause("interrupted", _F.VISITOR, _R.NONE, _L.NOTICE, _C.NONE, _U.WANTED,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e05", "Somebody stopped the answer. There is nothing to do."),
    Cause("muted", _F.OPERATOR, _R.NONE, _L.MUTED, _C.MUTED, _P.MICROPHONE_OFF,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e04", "The microphone is muted. Run `edged ctl unmute` to switch it on."),
    Cause("nothing_said", _F.VISITOR, _R.NONE, _L.NOTICE, _C.UNHEARD, _P.NOTHING_HEARD,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e10", "Nobody spoke, so nothing was sent. If somebody did speak, raise the microphone's capture level or `microphone.gain_db`, or set `microphone.refuse_empty: false`."),
    Cause("speech_too_quiet", _F.OPERATOR, _R.NONE, _L.NOTICE, _C.UNHEARD, _P.SPEAK_LOUDER,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e11", "The sound was quieter than any speech, so nothing was sent. Raise the capture level (alsamixer, F4) or `microphone.gain_db`, check `microphone.device`, or lower `microphone.refuse_below_dbfs`."),
    Cause("speech_faint", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e12", "The utterance was sent, but it is faint. Raise the capture level (alsamixer, F4) or `microphone.gain_db`, or lower `microphone.warn_below_dbfs`."),
    Cause("speech_clipped", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e13", "The utterance was sent, but it is clipped at full scale. Lower the capture level (alsamixer, F4) or `microphone.gain_db`, and switch the microphone boost off."),
    # edged itself
    Cause("bug", _F.OURS, _R.NONE, _L.ERROR_EDGED, _C.NONE, _U.NOT_RUNNING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f01", "This is a bug in edged. edged ends, and systemd starts it again. Please report the journal lines before this one."),
    Cause("config_invalid", _F.OPERATOR, _R.NONE, _L.ERROR_EDGED, _C.NONE, _U.NOT_RUNNING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f02", "The configuration cannot be used. Run `edged config check`: it lists every fault with its line."),
    Cause("usage", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f03", "The command line is not valid. Run `edged --help`."),
    Cause("command_refused", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f04", "The control socket refused a command. Its reply says why."),
    Cause("given_up", _F.OURS, _R.NONE, _L.ERROR_EDGED, _C.NONE, _U.NOT_RUNNING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f05", "edged failed again and again, and now waits a quarter of an hour. Earlier journal lines say why; run `sudo systemctl restart edged` to try at once."),
    Cause("release_broken", _F.OPERATOR, _R.NONE, _L.ERROR_EDGED, _C.NONE, _U.NOT_RUNNING,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f0c", "The release of edged cannot run: since an upgrade, the system has another Python, or files of the release are missing. Run `sudo /usr/local/lib/edged/install.sh --repair`."),
    Cause("switches_unreadable", _F.OPERATOR, _R.NONE, _L.MUTED, _C.MUTED, _P.MICROPHONE_OFF,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f06", "edged cannot read whether the microphone was muted, so it keeps the microphone muted. Run `edged ctl unmute`: this switches the microphone on and writes a new `switches.json`."),
    Cause("switches_forgotten", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f07", "edged uses the new switch position or volume now, but forgets it when edged ends. Free space on the disk of `state.dir`, or make that folder writable; edged tries again every minute."),
    Cause("ledger_unwritable", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f30", "edged counts on in memory, and saves the counts as soon as the disk takes them. Free space on the disk of `state.dir`, or make that folder writable. If the machine loses its power before that, these counts are lost."),
    Cause("ledger_damaged", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f31", "The file with the usage was damaged, so edged renamed it and began a new one: budgets and `edged usage` begin at zero. If this happens again, replace the SD card."),
    Cause("price_unknown", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f32", "edged does not know the whole price of this model, so a limit of money counts too little, or nothing. Write the price under `prices` (docs/usage.md)."),
    Cause("transcripts_unwritable", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f33", "edged keeps the latest transcripts in memory, and writes them as soon as the disk takes them. Free space on the disk of `state.dir`, make that folder writable, or set `log.transcripts: off`. If edged ends before that, they are lost."),
    Cause("kiosk_gone", _F.OPERATOR, _R.LOCAL, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f34", "The companion does not reach the kiosk, and tries again on its own. Run `sudo systemctl start edged`; `edged logs -x` says why a kiosk ends. If the kiosk runs, its control socket must be open to the companion's user (group edged)."),
    Cause("broker_unreachable", _F.NETWORK, _R.REMOTE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f35", "The MQTT broker cannot be reached; the kiosk works without it. Check `companion.mqtt.broker`, the network, and that the broker runs."),
    Cause("broker_refused", _F.OPERATOR, _R.REFUSED, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f36", "The MQTT broker lets this kiosk not in, or not write. Check `companion.mqtt.user`, the password in `password_file`, the certificates, and the broker's list of rights (docs/mqtt.md)."),
    Cause("textfile_unwritable", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f37", "The companion cannot write `companion.metrics.textfile`, and tries again each time. Let its user write in that folder, or name another one (docs/metrics.md)."),
    Cause("memory_short", _F.OPERATOR, _R.LOCAL, _L.ERROR_EDGED, _C.DEVICE, _P.CANNOT_HEAR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f08", "edged needs more memory than its limits allow. Raise the limits (`ulimit -v`, `ulimit -d`, or `LimitAS=` in the systemd unit)."),
    Cause("address_taken", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f09", "Another program uses this port, or this machine does not have the address. Stop that program, or choose another --host or --port. If systemd runs this command, systemd tries again on its own."),
    Cause("phrases_unusable", _F.OPERATOR, _R.NONE, None, _C.NONE, _U.OPERATOR,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f10", "edged says the phrase that it brings along, says it in the first language, or plays the tone alone. Correct what the line names, in `visitor.languages` or in the folder `visitor.phrases_dir` (docs/voice.md), then run `sudo edged reload`."),
    Cause("shutdown_unanswered", _F.OPERATOR, _R.NONE, None, _C.FAILED, _P.FAILED,
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f0a", "Nothing carries out the request to shut down. Run `sudo systemctl enable --now edged-shutdown.path`."),
)
# fmt: on


def _seen(number: int, cause_id: str, fault: str, remedy: str) -> Cause:
    """A row that only `edged doctor` reports: it concerns the machine, and the kiosk does not react to it."""
    message_id = f"4dca1fd75e4c4f1c8a6c52a5ff5d20{number:02x}"
    return Cause(cause_id, Fault(fault), _R.NONE, None, _C.NONE, _U.DOCTOR, message_id, remedy)


CAUSES: dict[str, Cause] = {
    row.id: row for row in (*_ROWS, *(_seen(*found) for found in FOUND_BY_THE_DOCTOR))
}
