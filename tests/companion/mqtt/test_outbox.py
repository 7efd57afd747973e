"""What waits for the broker."""

from hypothesis import given
from hypothesis import strategies as st

from edged.companion.mqtt.outbox import Outbox, Publication


def event(text):
    return Publication("event", text.encode())


def kept(topic, text):
    return Publication(topic, text.encode(), retained=True)


def taken(outbox):
    found = []
    while (message := outbox.take()) is not None:
        found.append(message)
        outbox.sent()
    return found


def test_a_newer_value_takes_the_place_of_one_that_waits():
    outbox = Outbox()
    assert outbox.put(kept("state", "1"))
    assert outbox.put(kept("state", "2"))
    assert not outbox.put(kept("state", "2"))
    assert taken(outbox) == [kept("state", "2")]
    assert not outbox.put(kept("state", "2"))  # the broker has it


def test_the_oldest_events_are_dropped_and_counted():
    outbox = Outbox(3)
    for number in range(5):
        outbox.put(event(str(number)))
    assert taken(outbox) == [event(text) for text in "234"]
    assert outbox.dropped == 2


def test_what_was_under_way_is_sent_again_unless_it_is_old_by_now():
    outbox = Outbox()
    outbox.put(event("a"))
    outbox.put(event("b"))
    assert outbox.take() == event("a")
    outbox.give_back()
    assert taken(outbox) == [event("a"), event("b")]
    outbox.put(kept("state", "1"))
    outbox.take()
    outbox.put(kept("state", "2"))
    outbox.give_back()
    assert taken(outbox) == [kept("state", "2")]


def test_after_a_connection_all_topics_come_again_with_their_newest_values():
    outbox = Outbox()
    for message in (kept("a", "1"), kept("b", "1"), kept("a", "2")):
        outbox.put(message)
    taken(outbox)
    outbox.replay()
    assert sorted(taken(outbox), key=lambda each: each.topic) == [kept("a", "2"), kept("b", "1")]


@given(st.lists(st.sampled_from(["put", "event", "take", "sent", "back", "replay"]), max_size=60))
def test_whatever_happens_the_newest_value_arrives_and_nothing_grows(steps):
    outbox, broker, under_way = Outbox(4), {}, None
    for number, step in enumerate(steps):
        if step == "put":
            outbox.put(kept(f"t{number % 2}", str(number)))
        elif step == "event":
            outbox.put(event(str(number)))
        elif step == "take":
            under_way = outbox.take()
        elif step == "sent" and under_way is not None:
            broker[under_way.topic] = under_way.payload
            outbox.sent()
            under_way = None
        elif step == "back":
            outbox.give_back()
            under_way = None
        elif step == "replay":
            outbox.replay()
        assert len(outbox) <= 2 + 5 + 1
    outbox.give_back()
    for message in taken(outbox):
        broker[message.topic] = message.payload
    for topic, message in outbox._latest.items():
        assert broker[topic] == message.payload
