"""Every step of every mode, written by hand: what a visitor may expect of a kiosk. Nothing here comes from edged.turn.

`every` means each mode that has the state. `sounding` means each state in which an answer sounds. A pair without a row
is ignored in that state. Nothing leads out of STOPPED.

A handset has the rows of a conversation, except for those in OF_A_HANDSET, which replace them.
"""

MODES = {
    "button": ("hold", "toggle", "hybrid"),
    "talk": ("conversation", "duplex"),
    "handsets": ("handset", "handset_duplex"),
    "every": ("hold", "toggle", "hybrid", "conversation", "duplex"),
}
TALKS_AS = {"handset": "conversation", "handset_duplex": "duplex"}

SHUT = "IDLE COMMITTING THINKING SPEAKING BRIDGING DRAINING TRUNCATED NOTICE STOPPED"
SOUNDING = ("SPEAKING", "BRIDGING", "DRAINING", "TRUNCATED")
STATES = {
    "hold": f"{SHUT} ARMED BARGE_IN LISTENING TRAILING ASKED_BACK TAPPED LATCHED",
    "toggle": f"{SHUT} ARMED LATCHED LISTENING TRAILING",
    "hybrid": f"{SHUT} ARMED BARGE_IN LATCHED LISTENING TRAILING",
    "conversation": f"{SHUT} AWAITING_SPEECH HEARING",
    "duplex": f"{SHUT} AWAITING_SPEECH HEARING AWAITING_ANSWER ANSWERING",
    "handset": f"{SHUT} AWAITING_SPEECH HEARING OFF_HOOK",
    "handset_duplex": f"{SHUT} AWAITING_SPEECH HEARING AWAITING_ANSWER ANSWERING OFF_HOOK",
}

ROWS = """
    of           | in              | on                            | goes to         | and does
    -------------|-----------------|------------------------------|-----------------|----------------------------------
    button       | IDLE            | press                         | ARMED           |
    talk         | IDLE            | press                         | AWAITING_SPEECH |
    every        | IDLE            | press refused                 | NOTICE          | tell the cause
    every        | IDLE            | committed                     | THINKING        | ask
    every        | IDLE            | utterance lost                | NOTICE          | tell the cause
    every        | IDLE            | first audio                   | SPEAKING        |
    every        | IDLE            | stop                          | STOPPED         |
    every        | IDLE            | repeat                        | DRAINING        | repeat
    every        | IDLE            | say                           | THINKING        | say
    hold         | IDLE            | asks back                     | ASKED_BACK      |

    hold         | ASKED_BACK      | press                         | TAPPED          |
    hold         | ASKED_BACK      | press refused                 | NOTICE          | tell the cause
    hold         | ASKED_BACK      | committed                     | THINKING        | ask
    hold         | ASKED_BACK      | utterance lost                | NOTICE          | tell the cause
    hold         | ASKED_BACK      | first audio                   | SPEAKING        |
    hold         | ASKED_BACK      | repeat                        | DRAINING        | repeat
    hold         | ASKED_BACK      | timed out                     | IDLE            |
    hold         | ASKED_BACK      | muted                         | IDLE            |
    hold         | ASKED_BACK      | device lost                   | IDLE            |
    hold         | ASKED_BACK      | called off                    | IDLE            |
    hold         | ASKED_BACK      | stop                          | STOPPED         |

    hold         | TAPPED          | release                       | LATCHED         |
    hold         | TAPPED          | timed out                     | LISTENING       |
    hold         | TAPPED          | utterance lost                | TAPPED          | tell the cause
    hold         | TAPPED          | muted                         | IDLE            | abort
    hold         | TAPPED          | called off                    | IDLE            | abort
    hold         | TAPPED          | taken back                    | IDLE            | abort
    hold         | TAPPED          | device lost                   | NOTICE          | abort, tell the cause
    hold         | TAPPED          | stop                          | STOPPED         | abort

    toggle       | ARMED           | press                         | NOTICE          | abort, tell too_short
    hold         | ARMED           | release                       | NOTICE          | abort, tell too_short
    hybrid       | ARMED           | release                       | LATCHED         |
    hold         | ARMED           | timed out                     | LISTENING       |
    hybrid       | ARMED           | timed out                     | LISTENING       |
    toggle       | ARMED           | timed out                     | LATCHED         |
    every        | ARMED           | utterance lost                | ARMED           | tell the cause
    every        | ARMED           | muted                         | IDLE            | abort
    every        | ARMED           | device lost                   | NOTICE          | abort, tell the cause
    every        | ARMED           | stop                          | STOPPED         | abort
    every        | ARMED           | called off                    | IDLE            | abort
    every        | ARMED           | taken back                    | IDLE            | abort

    every        | BARGE_IN        | release                       | IDLE            | abort
    every        | BARGE_IN        | tap                           | LATCHED         |
    every        | BARGE_IN        | timed out                     | LISTENING       |
    every        | BARGE_IN        | utterance lost                | BARGE_IN        | tell the cause
    every        | BARGE_IN        | muted                         | IDLE            | abort
    every        | BARGE_IN        | device lost                   | NOTICE          | abort, tell the cause
    every        | BARGE_IN        | stop                          | STOPPED         | abort
    every        | BARGE_IN        | called off                    | IDLE            | abort
    every        | BARGE_IN        | taken back                    | IDLE            | abort

    every        | LISTENING       | release                       | TRAILING        |
    every        | LISTENING       | timed out                     | COMMITTING      | end, tell utterance_limit
    every        | LISTENING       | device lost                   | COMMITTING      | end, tell the cause
    every        | LISTENING       | unfit                         | NOTICE          | abort, tell the cause
    every        | LISTENING       | utterance lost                | LISTENING       | tell the cause
    every        | LISTENING       | muted                         | IDLE            | abort
    every        | LISTENING       | stop                          | STOPPED         | abort
    every        | LISTENING       | called off                    | IDLE            | abort

    every        | LATCHED         | press                         | TRAILING        |
    hold         | LATCHED         | fell silent                   | COMMITTING      | end
    toggle       | LATCHED         | long press                    | LISTENING       |
    every        | LATCHED         | timed out                     | COMMITTING      | end, tell utterance_limit
    every        | LATCHED         | device lost                   | COMMITTING      | end, tell the cause
    every        | LATCHED         | unfit                         | NOTICE          | abort, tell the cause
    every        | LATCHED         | utterance lost                | LATCHED         | tell the cause
    every        | LATCHED         | muted                         | IDLE            | abort
    every        | LATCHED         | stop                          | STOPPED         | abort
    every        | LATCHED         | called off                    | IDLE            | abort

    every        | TRAILING        | heard out                     | COMMITTING      | end
    every        | TRAILING        | timed out                     | COMMITTING      | end
    every        | TRAILING        | press                         | ARMED           | next
    every        | TRAILING        | press refused                 | COMMITTING      | end, tell the cause
    every        | TRAILING        | muted                         | COMMITTING      | end
    every        | TRAILING        | device lost                   | COMMITTING      | end, tell the cause
    every        | TRAILING        | unfit                         | NOTICE          | abort, tell the cause
    every        | TRAILING        | utterance lost                | TRAILING        | tell the cause
    every        | TRAILING        | stop                          | STOPPED         | abort
    every        | TRAILING        | called off                    | IDLE            | abort

    every        | AWAITING_SPEECH | press                         | IDLE            | abort
    every        | AWAITING_SPEECH | timed out                     | IDLE            | abort
    every        | AWAITING_SPEECH | taken back                    | IDLE            | abort
    conversation | AWAITING_SPEECH | repeat                        | DRAINING        | abort, repeat
    duplex       | AWAITING_SPEECH | repeat                        | ANSWERING       | repeat
    every        | AWAITING_SPEECH | speech started                | HEARING         |
    conversation | AWAITING_SPEECH | committed                     | THINKING        | close
    conversation | AWAITING_SPEECH | response started              | THINKING        | close
    conversation | AWAITING_SPEECH | first audio                   | SPEAKING        | close
    duplex       | AWAITING_SPEECH | committed                     | AWAITING_ANSWER | split
    duplex       | AWAITING_SPEECH | response started              | AWAITING_ANSWER | split
    duplex       | AWAITING_SPEECH | first audio                   | ANSWERING       | split
    every        | AWAITING_SPEECH | device lost                   | NOTICE          | abort, tell the cause
    every        | AWAITING_SPEECH | unfit                         | NOTICE          | abort, tell the cause
    every        | AWAITING_SPEECH | utterance lost                | AWAITING_SPEECH | tell the cause
    every        | AWAITING_SPEECH | muted                         | IDLE            | abort
    every        | AWAITING_SPEECH | stop                          | STOPPED         | abort
    every        | AWAITING_SPEECH | called off                    | IDLE            | abort

    every        | HEARING         | press                         | COMMITTING      | end
    every        | HEARING         | timed out                     | COMMITTING      | end, tell utterance_limit
    every        | HEARING         | device lost                   | COMMITTING      | end, tell the cause
    every        | HEARING         | unfit                         | NOTICE          | abort, tell the cause
    conversation | HEARING         | committed                     | THINKING        | close
    conversation | HEARING         | response started              | THINKING        | close
    conversation | HEARING         | first audio                   | SPEAKING        | close
    duplex       | HEARING         | committed                     | AWAITING_ANSWER | split
    duplex       | HEARING         | response started              | AWAITING_ANSWER | split
    duplex       | HEARING         | first audio                   | ANSWERING       | split
    every        | HEARING         | utterance lost                | HEARING         | tell the cause
    every        | HEARING         | muted                         | IDLE            | abort
    every        | HEARING         | stop                          | STOPPED         | abort
    every        | HEARING         | called off                    | IDLE            | abort
    every        | HEARING         | taken back                    | IDLE            | abort

    every        | AWAITING_ANSWER | press                         | AWAITING_SPEECH | interrupt
    every        | AWAITING_ANSWER | press refused                 | NOTICE          | interrupt, abort, tell the cause
    every        | AWAITING_ANSWER | speech started                | HEARING         | interrupt
    every        | AWAITING_ANSWER | first audio                   | ANSWERING       |
    every        | AWAITING_ANSWER | ended: audio                  | ANSWERING       |
    every        | AWAITING_ANSWER | ended: silent                 | NOTICE          | abort, tell answer_silent
    every        | AWAITING_ANSWER | ended: tool                   | AWAITING_ANSWER |
    every        | AWAITING_ANSWER | ended: failed                 | NOTICE          | abort, tell the cause
    every        | AWAITING_ANSWER | ended: cancelled              | NOTICE          | abort, tell answer_failed
    every        | AWAITING_ANSWER | link lost                     | NOTICE          | abort, tell answer_lost
    every        | AWAITING_ANSWER | link lost, utterances pending | NOTICE          | abort, tell answer_lost
    every | AWAITING_ANSWER | timed out                     | NOTICE          | interrupt, abort, tell answer_late
    every        | AWAITING_ANSWER | device lost                   | NOTICE          | interrupt, abort, tell the cause
    every        | AWAITING_ANSWER | utterance lost                | AWAITING_ANSWER | tell the cause
    every        | AWAITING_ANSWER | muted                         | IDLE            | interrupt, abort
    every        | AWAITING_ANSWER | called off                    | IDLE            | interrupt, abort
    every        | AWAITING_ANSWER | taken back                    | IDLE            | interrupt, abort
    every        | AWAITING_ANSWER | stop                          | STOPPED         | interrupt, abort

    every        | ANSWERING       | press                         | AWAITING_SPEECH | interrupt
    every        | ANSWERING       | press refused                 | NOTICE          | interrupt, abort, tell the cause
    every        | ANSWERING       | speech started                | HEARING         | interrupt
    every        | ANSWERING       | drained                       | AWAITING_SPEECH |
    every        | ANSWERING       | ended: failed                 | TRUNCATED       | abort
    every        | ANSWERING       | overflowed                    | TRUNCATED       | cancel, abort
    every        | ANSWERING       | link lost                     | TRUNCATED       | abort
    every        | ANSWERING       | link lost, utterances pending | TRUNCATED       | abort
    every | ANSWERING       | timed out                     | NOTICE          | interrupt, abort, tell answer_too_long
    every        | ANSWERING       | device lost                   | NOTICE          | interrupt, abort, tell the cause
    every        | ANSWERING       | utterance lost                | ANSWERING       | tell the cause
    every        | ANSWERING       | muted                         | IDLE            | interrupt, abort
    every        | ANSWERING       | called off                    | IDLE            | interrupt, abort
    every        | ANSWERING       | taken back                    | IDLE            | interrupt, abort
    every        | ANSWERING       | stop                          | STOPPED         | interrupt, abort

    button       | COMMITTING      | press                         | ARMED           |
    talk         | COMMITTING      | press                         | AWAITING_SPEECH |
    every        | COMMITTING      | press refused                 | COMMITTING      | tell the cause
    every        | COMMITTING      | committed                     | THINKING        | ask
    every        | COMMITTING      | utterance lost                | NOTICE          | tell the cause
    every | COMMITTING      | timed out                     | NOTICE          | drop pending, tell utterance_too_old
    every        | COMMITTING      | stop                          | STOPPED         |
    every        | COMMITTING      | called off                    | IDLE            | give up

    hold         | THINKING        | press                         | BARGE_IN        | interrupt
    toggle       | THINKING        | press                         | ARMED           | interrupt
    hybrid       | THINKING        | press                         | BARGE_IN        | interrupt
    talk         | THINKING        | press                         | AWAITING_SPEECH | interrupt
    every        | THINKING        | press refused                 | NOTICE          | interrupt, tell the cause
    every        | THINKING        | first audio                   | SPEAKING        |
    every        | THINKING        | ended: audio                  | DRAINING        |
    every        | THINKING        | ended: silent                 | NOTICE          | tell answer_silent
    every        | THINKING        | ended: tool                   | THINKING        |
    every        | THINKING        | ended: failed                 | NOTICE          | tell the cause
    every        | THINKING        | ended: cancelled              | NOTICE          | tell answer_failed
    every        | THINKING        | link lost                     | NOTICE          | tell answer_lost
    every        | THINKING        | link lost, utterances pending | NOTICE          | tell answer_lost
    every        | THINKING        | timed out                     | NOTICE          | interrupt, tell answer_late
    every        | THINKING        | utterance lost                | THINKING        | tell the cause
    every        | THINKING        | stop                          | STOPPED         | interrupt
    every        | THINKING        | called off                    | IDLE            | interrupt

    hold         | sounding        | press                         | BARGE_IN        | interrupt
    toggle       | sounding        | press                         | ARMED           | interrupt
    hybrid       | sounding        | press                         | BARGE_IN        | interrupt
    talk         | sounding        | press                         | AWAITING_SPEECH | interrupt
    every        | sounding        | press refused                 | NOTICE          | interrupt, tell the cause
    every        | sounding        | utterance lost                | the same        | tell the cause
    every        | sounding        | stop                          | STOPPED         | interrupt
    every        | sounding        | called off                    | IDLE            | interrupt

    every        | SPEAKING        | ended: audio                  | DRAINING        |
    every        | SPEAKING        | ended: silent                 | DRAINING        |
    every        | SPEAKING        | ended: tool                   | BRIDGING        |
    every        | SPEAKING        | ended: failed                 | TRUNCATED       |
    every        | SPEAKING        | ended: cancelled              | DRAINING        |
    every        | SPEAKING        | overflowed                    | TRUNCATED       | cancel
    every        | SPEAKING        | link lost                     | TRUNCATED       |
    every        | SPEAKING        | link lost, utterances pending | TRUNCATED       |
    every        | SPEAKING        | timed out                     | NOTICE          | interrupt, tell answer_too_long

    every        | BRIDGING        | first audio                   | SPEAKING        |
    every        | BRIDGING        | drained                       | THINKING        |
    every        | BRIDGING        | ended: silent                 | DRAINING        |
    every        | BRIDGING        | ended: failed                 | TRUNCATED       |
    every        | BRIDGING        | ended: cancelled              | DRAINING        |
    every        | BRIDGING        | link lost                     | TRUNCATED       |
    every        | BRIDGING        | link lost, utterances pending | TRUNCATED       |
    every        | BRIDGING        | timed out                     | NOTICE          | interrupt, tell answer_too_long

    every        | DRAINING        | first audio                   | SPEAKING        |
    button       | DRAINING        | drained                       | IDLE            |
    talk         | DRAINING        | drained                       | AWAITING_SPEECH |
    every        | DRAINING        | timed out                     | IDLE            | interrupt

    every        | TRUNCATED       | drained                       | NOTICE          | tell answer_cut
    every        | TRUNCATED       | timed out                     | IDLE            | interrupt

    button       | NOTICE          | press                         | ARMED           | stop cue
    talk         | NOTICE          | press                         | AWAITING_SPEECH | stop cue
    every        | NOTICE          | press refused                 | NOTICE          | tell the cause
    every        | NOTICE          | committed                     | THINKING        | ask
    every        | NOTICE          | utterance lost                | NOTICE          | tell the cause
    every        | NOTICE          | first audio                   | SPEAKING        |
    every        | NOTICE          | cue done                      | IDLE            |
    every        | NOTICE          | timed out                     | IDLE            | stop cue
    every        | NOTICE          | stop                          | STOPPED         | stop cue
    every        | NOTICE          | called off                    | IDLE            | stop cue
    every        | NOTICE          | repeat                        | DRAINING        | stop cue, repeat
"""


OF_A_HANDSET = """
    of           | in              | on                            | goes to         | and does
    -------------|-----------------|-------------------------------|-----------------|----------------------------------
    handsets     | IDLE            | press refused                 | IDLE            | tell the cause
    handsets     | IDLE            | utterance lost                | IDLE            | tell the cause
    handsets     | IDLE            | response started              | IDLE            | interrupt
    handsets     | IDLE            | first audio                   | IDLE            | interrupt
    handsets     | IDLE            | committed                     | ignored         |
    handsets     | IDLE            | repeat                        | ignored         |
    handsets     | IDLE            | say                           | ignored         |

    handsets     | OFF_HOOK        | press                         | AWAITING_SPEECH | stop cue
    handsets     | OFF_HOOK        | press refused                 | NOTICE          | tell the cause
    handsets     | OFF_HOOK        | release                       | IDLE            | give up, stop cue
    handsets     | OFF_HOOK        | committed                     | THINKING        | ask
    handsets     | OFF_HOOK        | utterance lost                | NOTICE          | tell the cause
    handsets     | OFF_HOOK        | first audio                   | SPEAKING        |
    handsets     | OFF_HOOK        | repeat                        | DRAINING        | stop cue, repeat
    handsets     | OFF_HOOK        | say                           | THINKING        | stop cue, say
    handsets     | OFF_HOOK        | timed out                     | OFF_HOOK        | tell off_hook
    handsets     | OFF_HOOK        | stop                          | STOPPED         | stop cue

    handsets     | AWAITING_SPEECH | press                         | ignored         |
    handsets     | AWAITING_SPEECH | release                       | IDLE            | abort, give up, stop cue
    handsets     | AWAITING_SPEECH | timed out                     | OFF_HOOK        | abort, tell off_hook
    handsets     | HEARING         | press                         | ignored         |
    handsets     | HEARING         | release                       | IDLE            | abort, give up, stop cue
    handsets     | AWAITING_ANSWER | press                         | ignored         |
    handsets | AWAITING_ANSWER | release                       | IDLE            | interrupt, abort, give up, stop cue
    handsets     | ANSWERING       | press                         | ignored         |
    handsets | ANSWERING       | release                       | IDLE            | interrupt, abort, give up, stop cue

    handsets     | COMMITTING      | release                       | IDLE            | give up, stop cue
    handsets     | THINKING        | release                       | IDLE            | interrupt, give up, stop cue
    handsets     | sounding        | release                       | IDLE            | interrupt, give up, stop cue
    handsets     | NOTICE          | release                       | IDLE            | give up, stop cue
"""


def steps(mode: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (state, event) -> (state, effects in words) of a mode."""
    if mode in TALKS_AS:
        found = {**steps(TALKS_AS[mode]), **_rows(OF_A_HANDSET, mode)}
        return {pair: row for pair, row in found.items() if row[0] != "ignored"}
    return _rows(ROWS, mode)


def _rows(text: str, mode: str) -> dict[tuple[str, str], tuple[str, str]]:
    states = STATES[mode].split()
    found = {}
    for line in text.splitlines()[3:]:
        if line.strip():
            of, start, event, end, does = (cell.strip() for cell in line.split("|"))
            for state in SOUNDING if start == "sounding" else (start,):
                if mode in MODES.get(of, (of,)) and state in states:
                    assert (state, event) not in found, line
                    found[state, event] = state if end == "the same" else end, does
    return found
