"""What answers cost so far, in words."""

import pytest

from edged.app.usage_cost import cost_so_far
from edged.config import load
from edged.talk.tally import SumSoFar

TALK = {"input_tokens": 1000, "input_token_details": {"audio_tokens": 1000}, "output_tokens": 0}


def words(*usages, sets=()):
    tally = SumSoFar(cost_so_far(load(None, env={}, sets=sets).config))
    for usage in usages:
        tally.add({"event": "usage", "status": "completed", "usage": usage})
    return tally.words()


@pytest.mark.parametrize(
    ("sets", "usages", "end"),
    [
        (("provider.name=openai", "provider.model=gpt-realtime-1.5"), (TALK, TALK), ", answers cost $0.0640"),
        (
            ("provider.name=openai", "provider.model=gpt-realtime-1.5"),
            (TALK, {}),
            ", answers cost $0.0320 and more",
        ),
        (("provider.name=openai", "provider.model=gpt-realtime-1.5"), ({},), ", answers cost unknown"),
        (
            ("provider.name=xai",),
            (TALK,),
            ", answers cost $0.00, and $0.05 a minute of connection",
        ),
        (("provider.name=local", "provider.url=ws://127.0.0.1:1"), (TALK,), ", answers cost $0.00"),
        (("provider.name=openai", "provider.model=nobody-knows"), (TALK,), ", answers cost unknown"),
    ],
)
def test_the_sum_of_the_answers(sets, usages, end):
    assert words(*usages, sets=sets).endswith(end)
