"""The one table of everything that can go wrong, and how a person learns of it.

A row says whose fault it is, how soon another try is worth it, what the light and the speaker do,
which journal message it is, and the remedy in one sentence. Code names a cause by its id; nothing
else in edged knows which light, which cue and which class of waiting a failure has.

Not here: what the turn does about it (turn/tables.py), how a light blinks (panel/light.py), how a cue
sounds (audio/playout/cues.py), how long a class waits, and a link that is closed at once (retry.py).
"""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Fault(Enum):
    """Whose it is to mend."""

    OURS = "edged"
    OPERATOR = "operator"
    DEVICE = "device"
    NETWORK = "network"
    ACCOUNT = "account"
    SERVICE = "service"
    VISITOR = "visitor"


class Retry(Enum):
    """How soon the thing that failed is tried again; the figures stand in retry.py."""

    NONE = "none"  # nothing to try again
    LOCAL = "local"  # costs nobody anything: short waits, woken by events
    REMOTE = "remote"  # costs the far end something: growing waits
    THROTTLED = "throttled"  # the far end may name the wait
    REFUSED = "refused"  # will not change by itself: rare tries


class Light(StrEnum):
    """What the lamp can say; panel/light.py draws each."""

    STARTING = "starting"
    READY = "ready"
    RECORDING = "recording"
    HOLDING = "holding"  # what was said is safe here, the link is down
    THINKING = "thinking"
    SPEAKING = "speaking"
    NOTICE = "notice"  # something is being told by sound
    OFFLINE = "offline"
    MUTED = "muted"
    ATTENTION = "attention"  # a person has to do something: key, quota, model
    FAULT = "fault"  # a device of the kiosk is missing
    STOPPING = "stopping"


class Cue(StrEnum):
    """The sounds for states; audio/playout/cues.py renders each."""

    NONE = "none"
    TOO_SHORT = "too_short"  # two soft ticks: hold while speaking
    LIMIT = "limit"  # falling pair: that was the longest
    BUSY = "busy"  # engaged tone
    MUTED = "muted"
    DISCARDED = "discarded"  # what you said was thrown away
    FAILED = "failed"  # no answer comes
    CUT = "cut"  # the answer broke off
    SILENT = "silent"  # done, and there was nothing to say
    UNHEARD = "unheard"  # nobody was heard
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Cause:
    """A row. `message_id` is systemd's 128-bit id in hex; `counter` is a metric's name."""

    id: str
    fault: Fault
    retry: Retry
    light: Light | None
    cue: Cue
    phrase: str
    message_id: str
    remedy: str

    @property
    def counter(self) -> str:
        return f"edged_cause_{self.id}_total"


_F, _R, _L, _C = Fault, Retry, Light, Cue

# fmt: off
# id, fault, retry, light while it lasts (None: the turn's own), cue, phrase for a visitor, MESSAGE_ID, remedy
_ROWS = (
    # the kiosk's own parts
    Cause("microphone_lost", _F.DEVICE, _R.LOCAL, _L.FAULT, _C.DEVICE, "I can not hear you.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a01", "Check that the microphone is plugged in and named right in `microphone.device`."),
    Cause("speaker_lost", _F.DEVICE, _R.LOCAL, _L.FAULT, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a02", "Check that the speaker is plugged in and named right in `speaker.device`."),
    Cause("button_lost", _F.DEVICE, _R.LOCAL, _L.FAULT, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a03", "Check `button.gpio`, the wiring, and that no other program holds the line."),
    Cause("light_lost", _F.DEVICE, _R.LOCAL, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a04", "Check `light.gpio`, the wiring, and that no other program holds the line."),
    Cause("device_hung", _F.DEVICE, _R.NONE, _L.FAULT, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a05", "A device call did not return; edged restarts itself. If it recurs, replace the device."),
    Cause("device_busy", _F.DEVICE, _R.LOCAL, _L.FAULT, _C.DEVICE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a06", "Another program holds the sound device: stop it, or name another device; edged takes it as soon as it is free."),
    Cause("device_denied", _F.OPERATOR, _R.LOCAL, _L.FAULT, _C.DEVICE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a07", "edged may not open the sound device: its user has to be in the group audio (`SupplementaryGroups=audio`)."),
    Cause("device_unfit", _F.OPERATOR, _R.LOCAL, _L.FAULT, _C.DEVICE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a08", "The sound device has no rate or format that edged can use: name another, or one that converts (`plughw:CARD=…`)."),
    Cause("device_ambiguous", _F.OPERATOR, _R.LOCAL, _L.FAULT, _C.DEVICE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a09", "Two sound devices fit the name: name one by the socket it is plugged into (`port:…`) or by its serial (`usb:…`)."),
    Cause("microphone_silent", _F.DEVICE, _R.NONE, _L.NOTICE, _C.DEVICE, "I can not hear you.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a10", "The microphone gives nothing but zeros, and nothing was asked: check its mute switch, its cable, its capture switch (alsamixer, F4) and `microphone.device`."),
    Cause("microphone_stuck", _F.DEVICE, _R.NONE, _L.NOTICE, _C.DEVICE, "I can not hear you.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a11", "The microphone gives one number and no sound, and nothing was asked: unplug it and plug it in again; if it recurs, replace it."),
    Cause("microphone_offset", _F.DEVICE, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a12", "What was said was sent, but it rides on a constant (DC): a wrong input, a broken cable, or a microphone that wants no supply voltage."),
    Cause("mixer_lost", _F.OPERATOR, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1a13", "The card's volume can not be set, so it is made in software: name a control in `speaker.mixer` that `amixer scontrols` lists, or leave it empty."),
    # the way to the service
    Cause("offline", _F.NETWORK, _R.LOCAL, _L.OFFLINE, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b01", "No route to the network: check Wi-Fi or cable."),
    Cause("dns_failed", _F.NETWORK, _R.LOCAL, _L.OFFLINE, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b02", "The service's name can not be looked up: check the network's name server."),
    Cause("clock_unset", _F.NETWORK, _R.LOCAL, _L.OFFLINE, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b03", "The clock is not set yet, so certificates look invalid; edged waits for it. Check that time synchronisation works."),
    Cause("unreachable", _F.NETWORK, _R.REMOTE, _L.OFFLINE, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b04", "The service does not accept connections: check `provider.url`, the firewall, and whether a proxy is needed (`provider.proxy`)."),
    Cause("handshake_timeout", _F.NETWORK, _R.REMOTE, _L.OFFLINE, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b05", "The service did not answer in time; it is tried again."),
    Cause("tls_failed", _F.NETWORK, _R.REFUSED, _L.ATTENTION, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b06", "The service's certificate does not hold: check `provider.url`, and where the network opens TLS or the authority is your own, `provider.ca_file`."),
    Cause("captive_portal", _F.NETWORK, _R.REFUSED, _L.ATTENTION, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b07", "The network answers in the service's place: log this network in, or use another; if it is so everywhere, check `provider.url`."),
    Cause("link_closed", _F.NETWORK, _R.REMOTE, _L.OFFLINE, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b08", "The connection was closed; edged connects again by itself."),
    Cause("link_silent", _F.NETWORK, _R.LOCAL, _L.OFFLINE, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b09", "The connection went dead without a word; edged connects again by itself."),
    Cause("service_silent", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b0b", "The connection stands, but the service behind it says nothing (a gateway?); edged connects again."),
    Cause("commit_ignored", _F.SERVICE, _R.LOCAL, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b0c", "The service ends utterances by its own detection only; from now on silence is sent after each."),
    Cause("proxy_refused", _F.NETWORK, _R.REFUSED, _L.ATTENTION, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b0d", "The proxy does not let edged through: check `provider.proxy`, its name and password, and what the proxy allows."),
    Cause("session_expired", _F.SERVICE, _R.LOCAL, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1b0a", "The session reached its longest time; edged opens a new one by itself."),
    # the far end's account and answers
    Cause("server_busy", _F.SERVICE, _R.THROTTLED, _L.OFFLINE, _C.BUSY, "Please try again in a moment.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c01", "The service asked for fewer requests; edged waits as long as it was told."),
    Cause("server_error", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.FAILED, "Please try again in a moment.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c02", "The service has trouble of its own; it is tried again."),
    Cause("key_refused", _F.ACCOUNT, _R.REFUSED, _L.ATTENTION, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c03", "The service refuses the key: check `provider.api_key_file` and the account."),
    Cause("quota_exceeded", _F.ACCOUNT, _R.REFUSED, _L.ATTENTION, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c04", "The account's quota is used up: add credit or raise the limit."),
    Cause("model_refused", _F.OPERATOR, _R.REFUSED, _L.ATTENTION, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c05", "The service does not know this model or address: check `provider.model` and `provider.url`."),
    Cause("settings_refused", _F.OPERATOR, _R.REFUSED, _L.ATTENTION, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c06", "The service refuses a setting of the session: the line before names it; correct it under `provider`."),
    Cause("settings_changed", _F.SERVICE, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c12", "Somebody else changes the settings of this session, such as a relay in front of the service; edged asks for its own again, a few times. Let edged alone set up its sessions."),
    Cause("detection_kept", _F.SERVICE, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c13", "The service has no session without its own detection of turns, so edged goes on with it; the line before says what that costs. A service that takes `turn_detection: null` costs less."),
    Cause("dialect_refused", _F.OPERATOR, _R.REMOTE, _L.OFFLINE, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c07", "The service refuses the dialect of the protocol: set `provider.dialect: auto`; where it is, the service takes neither, so check `provider.url`."),
    Cause("service_refused", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0a", "The service refuses, for a reason that edged does not know: its own words stand in the line above. Where it has none, check the key, the model and the address; some gateways refuse a key so."),
    Cause("region_refused", _F.OPERATOR, _R.REFUSED, _L.ATTENTION, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0b", "The service is not offered where this machine connects from: look at its list of countries, and at whether a VPN or a proxy (`provider.proxy`) leads elsewhere."),
    Cause("address_refused", _F.OPERATOR, _R.REFUSED, _L.ATTENTION, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0c", "The service lets only certain networks in: add the public address of this network to its list, or connect from one that is on it."),
    Cause("firewall_refused", _F.SERVICE, _R.REFUSED, _L.ATTENTION, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0d", "A firewall before the service takes edged for a robot: check `provider.url`, try without VPN or proxy, and ask the service to let programs through."),
    Cause("account_refused", _F.ACCOUNT, _R.REFUSED, _L.ATTENTION, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0e", "The account, or its organisation or project, may not do this: the line above says what it lacks (a verification, a permission, a role)."),
    Cause("not_offered", _F.OPERATOR, _R.REFUSED, _L.ATTENTION, _C.FAILED, "I can not answer today.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c0f", "The service does not offer what is asked of it: check that `provider.model` is made for realtime, and the settings under `provider`."),
    Cause("policy_refused", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.FAILED, "I have no answer for you.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c10", "The service's rules for content refuse it: if that recurs, look at `provider.instructions`, and at the filters of the account or the gateway."),
    Cause("protocol_broken", _F.SERVICE, _R.REMOTE, _L.OFFLINE, _C.NONE, "I am not connected.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c11", "The service, or a gateway before it, breaks the WebSocket protocol: tell whoever runs it the line above; edged connects again."),
    Cause("bad_message", _F.SERVICE, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c08", "The service sent something that is not of the protocol; it was skipped."),
    Cause("message_too_large", _F.SERVICE, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1c09", "The service sent an event larger than any has to be; it was skipped, and of an answer only that it ended is known. Ask the service, or the gateway before it, why."),
    # one turn
    Cause("answer_failed", _F.SERVICE, _R.NONE, _L.NOTICE, _C.FAILED, "I have no answer for you.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d01", "The service could not answer; the line before says why."),
    Cause("answer_silent", _F.SERVICE, _R.NONE, _L.NOTICE, _C.SILENT, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d02", "The answer had no sound: check `provider.instructions` and the model."),
    Cause("answer_late", _F.SERVICE, _R.NONE, _L.NOTICE, _C.FAILED, "I have no answer for you.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d03", "No answer came in time; the question was given up."),
    Cause("answer_lost", _F.NETWORK, _R.NONE, _L.NOTICE, _C.FAILED, "I lost the answer. Please ask again.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d04", "The connection broke before the answer came."),
    Cause("answer_cut", _F.NETWORK, _R.NONE, _L.NOTICE, _C.CUT, "I lost the rest of the answer.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d05", "The rest of the answer did not come: the connection broke or the service failed (the lines before say which), or it was longer than ten minutes."),
    Cause("answer_too_long", _F.SERVICE, _R.NONE, _L.NOTICE, _C.CUT, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d06", "The answer was longer than ten minutes and was cut."),
    Cause("utterance_too_old", _F.NETWORK, _R.NONE, _L.NOTICE, _C.DISCARDED, "I could not send that. Please say it again.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d07", "The line stayed down longer than `turn.keep_s`; what was said was thrown away."),
    Cause("utterance_refused", _F.SERVICE, _R.NONE, _L.NOTICE, _C.DISCARDED, "I did not get that. Please say it again.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1d08", "The service did not take what was said; the line before says why."),
    Cause("too_short", _F.VISITOR, _R.NONE, _L.NOTICE, _C.TOO_SHORT, "Hold the button while you speak.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e01", "The button was let go at once; nothing was sent."),
    Cause("utterance_limit", _F.VISITOR, _R.NONE, None, _C.LIMIT, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e02", "The button was held longer than `turn.longest_s`; what was said until then is sent."),
    Cause("busy", _F.VISITOR, _R.NONE, None, _C.BUSY, "One moment, please.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e03", "Two questions are waiting for the line already."),
    Cause("interrupted", _F.VISITOR, _R.NONE, _L.NOTICE, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e05", "The answer was stopped on request; nothing has to be done."),
    Cause("muted", _F.OPERATOR, _R.NONE, _L.MUTED, _C.MUTED, "The microphone is off.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e04", "The microphone is muted: `edged ctl unmute`."),
    Cause("nothing_said", _F.VISITOR, _R.NONE, _L.NOTICE, _C.UNHEARD, "I heard nothing. Speak while you hold the button.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e10", "Nobody spoke, and nothing was asked. If somebody did: raise the microphone's capture level, or set `microphone.refuse_empty: false`."),
    Cause("speech_too_quiet", _F.OPERATOR, _R.NONE, _L.NOTICE, _C.UNHEARD, "I can hardly hear you.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e11", "Quieter than any speech, and not asked: raise the capture level (alsamixer, F4), look at `microphone.device`, or lower `microphone.refuse_below_dbfs`."),
    Cause("speech_faint", _F.OPERATOR, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e12", "It was sent, but it is faint: raise the capture level (alsamixer, F4), or lower `microphone.warn_below_dbfs`."),
    Cause("speech_clipped", _F.OPERATOR, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1e13", "It was sent, but it is cut off at full scale: lower the capture level (alsamixer, F4), and switch its boost off."),
    # ours
    Cause("bug", _F.OURS, _R.NONE, _L.FAULT, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f01", "A fault in edged; it ends and systemd starts it anew. Please report the lines before this one."),
    Cause("config_invalid", _F.OPERATOR, _R.NONE, _L.FAULT, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f02", "The configuration can not be used: `edged config check` lists every fault with its line."),
    Cause("usage", _F.OPERATOR, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f03", "The command line makes no sense: `edged --help`."),
    Cause("command_refused", _F.OPERATOR, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f04", "The control socket refused a command; its answer says why."),
    Cause("given_up", _F.OURS, _R.NONE, _L.FAULT, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f05", "edged ended again and again, and rests for a quarter of an hour. Its lines before this one say why; `sudo systemctl restart edged` tries at once."),
    Cause("switches_unreadable", _F.OPERATOR, _R.NONE, _L.MUTED, _C.MUTED, "The microphone is off.",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f06", "Whether the microphone was switched off cannot be read, so it is off: `edged ctl unmute` switches it on and writes the file anew."),
    Cause("switches_forgotten", _F.OPERATOR, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f07", "What was switched holds until edged ends and is forgotten then: free space on the disk of `state.dir`, or make it writable; edged tries again every minute."),
    Cause("memory_short", _F.OPERATOR, _R.LOCAL, _L.FAULT, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f08", "This process may not have the memory that it takes: raise its limits (`ulimit -v`, `ulimit -d`, `LimitAS=`)."),
    Cause("address_taken", _F.OPERATOR, _R.NONE, None, _C.NONE, "",
          "4dca1fd75e4c4f1c8a6c52a5ff5d1f09", "Another program uses this port, or this machine does not have the address: end that program, or choose another --host or --port. As a unit it tries again by itself."),
)
# fmt: on

CAUSES: dict[str, Cause] = {row.id: row for row in _ROWS}
