"""Every step of every mode, written by hand: what a visitor may expect of a kiosk. Nothing here comes from edged.turn.

`every` means each mode that has the state. `sounding` means each state in which an answer sounds. A pair without a row
is ignored in that state. Nothing leads out of STOPPED.
"""

MODES = {
    "button": ("hold", "toggle", "hybrid"),
    "talk": ("conversation", "duplex"),
    "every": ("hold", "toggle", "hybrid", "conversation", "duplex"),
}

SHUT = "IDLE COMMITTING THINKING SPEAKING BRIDGING DRAINING TRUNCATED NOTICE STOPPED"
SOUNDING = ("SPEAKING", "BRIDGING", "DRAINING", "TRUNCATED")
STATES = {
    "hold": f"{SHUT} ARMED BARGE_IN LISTENING TRAILING",
    "toggle": f"{SHUT} ARMED LATCHED LISTENING TRAILING",
    "hybrid": f"{SHUT} ARMED BARGE_IN LATCHED LISTENING TRAILING",
    "conversation": f"{SHUT} AWAITING_SPEECH HEARING",
    "duplex": f"{SHUT} AWAITING_SPEECH HEARING AWAITING_ANSWER ANSWERING",
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

    every        | BARGE_IN        | release                       | IDLE            | abort
    every        | BARGE_IN        | timed out                     | LISTENING       |
    every        | BARGE_IN        | utterance lost                | BARGE_IN        | tell the cause
    every        | BARGE_IN        | muted                         | IDLE            | abort
    every        | BARGE_IN        | device lost                   | NOTICE          | abort, tell the cause
    every        | BARGE_IN        | stop                          | STOPPED         | abort

    every        | LISTENING       | release                       | TRAILING        |
    every        | LISTENING       | timed out                     | COMMITTING      | end, tell utterance_limit
    every        | LISTENING       | device lost                   | COMMITTING      | end, tell the cause
    every        | LISTENING       | unfit                         | NOTICE          | abort, tell the cause
    every        | LISTENING       | utterance lost                | LISTENING       | tell the cause
    every        | LISTENING       | muted                         | IDLE            | abort
    every        | LISTENING       | stop                          | STOPPED         | abort

    every        | LATCHED         | press                         | TRAILING        |
    toggle       | LATCHED         | long press                    | LISTENING       |
    every        | LATCHED         | timed out                     | COMMITTING      | end, tell utterance_limit
    every        | LATCHED         | device lost                   | COMMITTING      | end, tell the cause
    every        | LATCHED         | unfit                         | NOTICE          | abort, tell the cause
    every        | LATCHED         | utterance lost                | LATCHED         | tell the cause
    every        | LATCHED         | muted                         | IDLE            | abort
    every        | LATCHED         | stop                          | STOPPED         | abort

    every        | TRAILING        | heard out                     | COMMITTING      | end
    every        | TRAILING        | timed out                     | COMMITTING      | end
    every        | TRAILING        | press                         | ARMED           | next
    every        | TRAILING        | press refused                 | COMMITTING      | end, tell the cause
    every        | TRAILING        | muted                         | COMMITTING      | end
    every        | TRAILING        | device lost                   | COMMITTING      | end, tell the cause
    every        | TRAILING        | unfit                         | NOTICE          | abort, tell the cause
    every        | TRAILING        | utterance lost                | TRAILING        | tell the cause
    every        | TRAILING        | stop                          | STOPPED         | abort

    every        | AWAITING_SPEECH | press                         | IDLE            | abort
    every        | AWAITING_SPEECH | timed out                     | IDLE            | abort
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
    every        | ANSWERING       | stop                          | STOPPED         | interrupt, abort

    button       | COMMITTING      | press                         | ARMED           |
    talk         | COMMITTING      | press                         | AWAITING_SPEECH |
    every        | COMMITTING      | press refused                 | COMMITTING      | tell the cause
    every        | COMMITTING      | committed                     | THINKING        | ask
    every        | COMMITTING      | utterance lost                | NOTICE          | tell the cause
    every | COMMITTING      | timed out                     | NOTICE          | drop pending, tell utterance_too_old
    every        | COMMITTING      | stop                          | STOPPED         |

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

    hold         | sounding        | press                         | BARGE_IN        | interrupt
    toggle       | sounding        | press                         | ARMED           | interrupt
    hybrid       | sounding        | press                         | BARGE_IN        | interrupt
    talk         | sounding        | press                         | AWAITING_SPEECH | interrupt
    every        | sounding        | press refused                 | NOTICE          | interrupt, tell the cause
    every        | sounding        | utterance lost                | the same        | tell the cause
    every        | sounding        | stop                          | STOPPED         | interrupt

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
"""


def steps(mode: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (state, event) -> (state, effects in words) of a mode."""
    states = STATES[mode].split()
    found = {}
    for line in ROWS.splitlines()[3:]:
        if line.strip():
            of, start, event, end, does = (cell.strip() for cell in line.split("|"))
            for state in SOUNDING if start == "sounding" else (start,):
                if mode in MODES.get(of, (of,)) and state in states:
                    assert (state, event) not in found, line
                    found[state, event] = state if end == "the same" else end, does
    return found
