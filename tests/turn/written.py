"""Every step of every mode, written down by hand: what a visitor may expect of a kiosk. Nothing here is of edged.turn.

`every`: of each mode that has the state. What is in no row means nothing in that state. Nothing leads out of STOPPED.
"""

MODES = {
    "button": ("hold", "toggle", "hybrid"),
    "talk": ("conversation", "duplex"),
    "every": ("hold", "toggle", "hybrid", "conversation", "duplex"),
}

SHUT = "IDLE COMMITTING THINKING SPEAKING BRIDGING DRAINING CUT TELLING STOPPED"
STATES = {
    "hold": f"{SHUT} ARMED BARGED LISTENING",
    "toggle": f"{SHUT} ARMED LATCHED LISTENING",
    "hybrid": f"{SHUT} ARMED BARGED LATCHED LISTENING",
    "conversation": f"{SHUT} ATTENTIVE HEARING",
    "duplex": f"{SHUT} ATTENTIVE HEARING AWAITING ANSWERING",
}

ROWS = """
    of           | in         | on                           | goes to    | and does
    -------------|------------|------------------------------|------------|----------------------------------
    button       | IDLE       | press                        | ARMED      |
    talk         | IDLE       | press                        | ATTENTIVE  |
    every        | IDLE       | press refused                | TELLING    | tell the cause
    every        | IDLE       | committed                    | THINKING   | ask
    every        | IDLE       | utterance lost               | TELLING    | tell the cause
    every        | IDLE       | first audio                  | SPEAKING   |
    every        | IDLE       | stop                         | STOPPED    |

    toggle       | ARMED      | press                        | TELLING    | abort, tell too_short
    hold         | ARMED      | release                      | TELLING    | abort, tell too_short
    hybrid       | ARMED      | release                      | LATCHED    |
    hold         | ARMED      | timed out                    | LISTENING  |
    hybrid       | ARMED      | timed out                    | LISTENING  |
    toggle       | ARMED      | timed out                    | LATCHED    |
    every        | ARMED      | utterance lost               | ARMED      | tell the cause
    every        | ARMED      | muted                        | IDLE       | abort
    every        | ARMED      | device lost                  | TELLING    | abort, tell the cause
    every        | ARMED      | stop                         | STOPPED    | abort

    every        | BARGED     | release                      | IDLE       | abort
    every        | BARGED     | timed out                    | LISTENING  |
    every        | BARGED     | utterance lost               | BARGED     | tell the cause
    every        | BARGED     | muted                        | IDLE       | abort
    every        | BARGED     | device lost                  | TELLING    | abort, tell the cause
    every        | BARGED     | stop                         | STOPPED    | abort

    every        | LISTENING  | release                      | COMMITTING | end
    every        | LISTENING  | timed out                    | COMMITTING | end, tell utterance_limit
    every        | LISTENING  | device lost                  | COMMITTING | end, tell the cause
    every        | LISTENING  | unfit                        | TELLING    | abort, tell the cause
    every        | LISTENING  | utterance lost               | LISTENING  | tell the cause
    every        | LISTENING  | muted                        | IDLE       | abort
    every        | LISTENING  | stop                         | STOPPED    | abort

    every        | LATCHED    | press                        | COMMITTING | end
    toggle       | LATCHED    | long press                   | LISTENING  |
    every        | LATCHED    | timed out                    | COMMITTING | end, tell utterance_limit
    every        | LATCHED    | device lost                  | COMMITTING | end, tell the cause
    every        | LATCHED    | unfit                        | TELLING    | abort, tell the cause
    every        | LATCHED    | utterance lost               | LATCHED    | tell the cause
    every        | LATCHED    | muted                        | IDLE       | abort
    every        | LATCHED    | stop                         | STOPPED    | abort

    every        | ATTENTIVE  | press                        | IDLE       | abort
    every        | ATTENTIVE  | timed out                    | IDLE       | abort
    every        | ATTENTIVE  | speech started               | HEARING    |
    conversation | ATTENTIVE  | committed                    | THINKING   | close
    conversation | ATTENTIVE  | response started             | THINKING   | close
    conversation | ATTENTIVE  | first audio                  | SPEAKING   | close
    duplex       | ATTENTIVE  | committed                    | AWAITING   | go on
    duplex       | ATTENTIVE  | response started             | AWAITING   | go on
    duplex       | ATTENTIVE  | first audio                  | ANSWERING  | go on
    every        | ATTENTIVE  | device lost                  | TELLING    | abort, tell the cause
    every        | ATTENTIVE  | unfit                        | TELLING    | abort, tell the cause
    every        | ATTENTIVE  | utterance lost               | ATTENTIVE  | tell the cause
    every        | ATTENTIVE  | muted                        | IDLE       | abort
    every        | ATTENTIVE  | stop                         | STOPPED    | abort

    every        | HEARING    | press                        | COMMITTING | end
    every        | HEARING    | timed out                    | COMMITTING | end, tell utterance_limit
    every        | HEARING    | device lost                  | COMMITTING | end, tell the cause
    every        | HEARING    | unfit                        | TELLING    | abort, tell the cause
    conversation | HEARING    | committed                    | THINKING   | close
    conversation | HEARING    | response started             | THINKING   | close
    conversation | HEARING    | first audio                  | SPEAKING   | close
    duplex       | HEARING    | committed                    | AWAITING   | go on
    duplex       | HEARING    | response started             | AWAITING   | go on
    duplex       | HEARING    | first audio                  | ANSWERING  | go on
    every        | HEARING    | utterance lost               | HEARING    | tell the cause
    every        | HEARING    | muted                        | IDLE       | abort
    every        | HEARING    | stop                         | STOPPED    | abort

    every        | AWAITING   | press                        | ATTENTIVE  | interrupt
    every        | AWAITING   | press refused                | TELLING    | interrupt, abort, tell the cause
    every        | AWAITING   | speech started               | HEARING    | interrupt
    every        | AWAITING   | first audio                  | ANSWERING  |
    every        | AWAITING   | ended: audio                 | ANSWERING  |
    every        | AWAITING   | ended: silent                | TELLING    | abort, tell answer_silent
    every        | AWAITING   | ended: tool                  | AWAITING   |
    every        | AWAITING   | ended: failed                | TELLING    | abort, tell the cause
    every        | AWAITING   | ended: cancelled             | TELLING    | abort, tell answer_failed
    every        | AWAITING   | link lost                    | TELLING    | abort, tell answer_lost
    every        | AWAITING   | link lost, utterances pending| TELLING    | abort, tell answer_lost
    every        | AWAITING   | timed out                    | TELLING    | interrupt, abort, tell answer_late
    every        | AWAITING   | device lost                  | TELLING    | interrupt, abort, tell the cause
    every        | AWAITING   | utterance lost               | AWAITING   | tell the cause
    every        | AWAITING   | muted                        | IDLE       | interrupt, abort
    every        | AWAITING   | stop                         | STOPPED    | interrupt, abort

    every        | ANSWERING  | press                        | ATTENTIVE  | interrupt
    every        | ANSWERING  | press refused                | TELLING    | interrupt, abort, tell the cause
    every        | ANSWERING  | speech started               | HEARING    | interrupt
    every        | ANSWERING  | drained                      | ATTENTIVE  |
    every        | ANSWERING  | ended: failed                | CUT        | abort
    every        | ANSWERING  | overflowed                   | CUT        | cancel, abort
    every        | ANSWERING  | link lost                    | CUT        | abort
    every        | ANSWERING  | link lost, utterances pending| CUT        | abort
    every        | ANSWERING  | timed out                    | TELLING    | interrupt, abort, tell answer_too_long
    every        | ANSWERING  | device lost                  | TELLING    | interrupt, abort, tell the cause
    every        | ANSWERING  | utterance lost               | ANSWERING  | tell the cause
    every        | ANSWERING  | muted                        | IDLE       | interrupt, abort
    every        | ANSWERING  | stop                         | STOPPED    | interrupt, abort

    button       | COMMITTING | press                        | ARMED      |
    talk         | COMMITTING | press                        | ATTENTIVE  |
    every        | COMMITTING | press refused                | COMMITTING | tell the cause
    every        | COMMITTING | committed                    | THINKING   | ask
    every        | COMMITTING | utterance lost               | TELLING    | tell the cause
    every        | COMMITTING | timed out                    | TELLING    | discard, tell utterance_too_old
    every        | COMMITTING | stop                         | STOPPED    |

    hold         | THINKING   | press                        | BARGED     | interrupt
    toggle       | THINKING   | press                        | ARMED      | interrupt
    hybrid       | THINKING   | press                        | BARGED     | interrupt
    talk         | THINKING   | press                        | ATTENTIVE  | interrupt
    every        | THINKING   | press refused                | TELLING    | interrupt, tell the cause
    every        | THINKING   | first audio                  | SPEAKING   |
    every        | THINKING   | ended: audio                 | DRAINING   |
    every        | THINKING   | ended: silent                | TELLING    | tell answer_silent
    every        | THINKING   | ended: tool                  | THINKING   |
    every        | THINKING   | ended: failed                | TELLING    | tell the cause
    every        | THINKING   | ended: cancelled             | TELLING    | tell answer_failed
    every        | THINKING   | link lost                    | TELLING    | tell answer_lost
    every        | THINKING   | link lost, utterances pending| TELLING    | tell answer_lost
    every        | THINKING   | timed out                    | TELLING    | interrupt, tell answer_late
    every        | THINKING   | utterance lost               | THINKING   | tell the cause
    every        | THINKING   | stop                         | STOPPED    | interrupt

    hold         | SPEAKING   | press                        | BARGED     | interrupt
    toggle       | SPEAKING   | press                        | ARMED      | interrupt
    hybrid       | SPEAKING   | press                        | BARGED     | interrupt
    talk         | SPEAKING   | press                        | ATTENTIVE  | interrupt
    every        | SPEAKING   | press refused                | TELLING    | interrupt, tell the cause
    every        | SPEAKING   | ended: audio                 | DRAINING   |
    every        | SPEAKING   | ended: silent                | DRAINING   |
    every        | SPEAKING   | ended: tool                  | BRIDGING   |
    every        | SPEAKING   | ended: failed                | CUT        |
    every        | SPEAKING   | ended: cancelled             | DRAINING   |
    every        | SPEAKING   | overflowed                   | CUT        | cancel
    every        | SPEAKING   | link lost                    | CUT        |
    every        | SPEAKING   | link lost, utterances pending| CUT        |
    every        | SPEAKING   | timed out                    | TELLING    | interrupt, tell answer_too_long
    every        | SPEAKING   | utterance lost               | SPEAKING   | tell the cause
    every        | SPEAKING   | stop                         | STOPPED    | interrupt

    hold         | BRIDGING   | press                        | BARGED     | interrupt
    toggle       | BRIDGING   | press                        | ARMED      | interrupt
    hybrid       | BRIDGING   | press                        | BARGED     | interrupt
    talk         | BRIDGING   | press                        | ATTENTIVE  | interrupt
    every        | BRIDGING   | press refused                | TELLING    | interrupt, tell the cause
    every        | BRIDGING   | first audio                  | SPEAKING   |
    every        | BRIDGING   | drained                      | THINKING   |
    every        | BRIDGING   | ended: silent                | DRAINING   |
    every        | BRIDGING   | ended: failed                | CUT        |
    every        | BRIDGING   | ended: cancelled             | DRAINING   |
    every        | BRIDGING   | link lost                    | CUT        |
    every        | BRIDGING   | link lost, utterances pending| CUT        |
    every        | BRIDGING   | timed out                    | TELLING    | interrupt, tell answer_too_long
    every        | BRIDGING   | utterance lost               | BRIDGING   | tell the cause
    every        | BRIDGING   | stop                         | STOPPED    | interrupt

    hold         | DRAINING   | press                        | BARGED     | interrupt
    toggle       | DRAINING   | press                        | ARMED      | interrupt
    hybrid       | DRAINING   | press                        | BARGED     | interrupt
    talk         | DRAINING   | press                        | ATTENTIVE  | interrupt
    every        | DRAINING   | press refused                | TELLING    | interrupt, tell the cause
    every        | DRAINING   | first audio                  | SPEAKING   |
    button       | DRAINING   | drained                      | IDLE       |
    talk         | DRAINING   | drained                      | ATTENTIVE  |
    every        | DRAINING   | timed out                    | IDLE       | interrupt
    every        | DRAINING   | utterance lost               | DRAINING   | tell the cause
    every        | DRAINING   | stop                         | STOPPED    | interrupt

    hold         | CUT        | press                        | BARGED     | interrupt
    toggle       | CUT        | press                        | ARMED      | interrupt
    hybrid       | CUT        | press                        | BARGED     | interrupt
    talk         | CUT        | press                        | ATTENTIVE  | interrupt
    every        | CUT        | press refused                | TELLING    | interrupt, tell the cause
    every        | CUT        | drained                      | TELLING    | tell answer_cut
    every        | CUT        | timed out                    | IDLE       | interrupt
    every        | CUT        | utterance lost               | CUT        | tell the cause
    every        | CUT        | stop                         | STOPPED    | interrupt

    button       | TELLING    | press                        | ARMED      | hush
    talk         | TELLING    | press                        | ATTENTIVE  | hush
    every        | TELLING    | press refused                | TELLING    | tell the cause
    every        | TELLING    | committed                    | THINKING   | ask
    every        | TELLING    | utterance lost               | TELLING    | tell the cause
    every        | TELLING    | first audio                  | SPEAKING   |
    every        | TELLING    | cue done                     | IDLE       |
    every        | TELLING    | timed out                    | IDLE       | hush
    every        | TELLING    | stop                         | STOPPED    | hush
"""


def steps(mode: str) -> dict[tuple[str, str], tuple[str, str]]:
    """(state, event) -> (state, what is done) of a mode."""
    states = STATES[mode].split()
    found = {}
    for line in ROWS.splitlines()[3:]:
        if line.strip():
            of, start, event, end, does = (cell.strip() for cell in line.split("|"))
            if mode in MODES.get(of, (of,)) and start in states:
                assert (start, event) not in found, line
                found[start, event] = end, does
    return found
