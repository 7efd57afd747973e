"""The status in `systemctl status`: one sentence for a person who has never seen this program."""

from collections.abc import Mapping
from typing import Any

from edged.causes import CAUSES

_DOES = {
    "IDLE": "Waiting for a press",
    "ARMED": "Listening",
    "BARGE_IN": "Listening",
    "LISTENING": "Listening",
    "LATCHED": "Listening",
    "TRAILING": "Listening",
    "TAPPED": "Listening",
    "AWAITING_SPEECH": "In conversation",
    "HEARING": "In conversation",
    "AWAITING_ANSWER": "In conversation",
    "ANSWERING": "Answering, and listening",
    "COMMITTING": "Sending the question",
    "THINKING": "Waiting for the answer",
    "SPEAKING": "Answering",
    "BRIDGING": "Answering",
    "DRAINING": "Answering",
    "TRUNCATED": "Answering",
    "NOTICE": "Reporting a problem to the visitor",
    "ASKED_BACK": "Waiting for a press after a question",
    "OFF_HOOK": "Waiting until the receiver is hung up",
    "STOPPED": "Stopping",
}
_LOST = {"button_held": "held down"}


def sentence(snapshot: Mapping[str, Any]) -> str:
    """Describe a snapshot (docs/control-socket.md). Problems and the remedy follow: they are why people look."""
    link, pending = snapshot["link"], snapshot["pending"]
    parts = [f"{name} {_LOST.get(cause, 'missing')} ({cause})" for name, cause in snapshot["lost"].items()]
    if snapshot["muted"]:
        parts.append("muted")
    if not link["up"] and not link.get("resting"):
        parts.append(f"no link to the service ({link['cause']})" if link["cause"] else "connecting")
        parts += [f"questions waiting: {pending}"] if pending else []
    state = ", ".join([_DOES[snapshot["state"]], *parts])
    remedy = _remedy(snapshot)
    return f"{state}. {remedy}" if remedy else f"{state}."


def _remedy(snapshot: Mapping[str, Any]) -> str:
    causes = [*snapshot["lost"].values(), snapshot["link"]["cause"]]
    causes += [trouble["cause"] for trouble in snapshot.get("troubles", ()) if trouble["cause"] != "muted"]
    return next((CAUSES[cause].remedy for cause in causes if cause in CAUSES), "")
