from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.hours import HourRanges, fault

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONDAY = datetime(2026, 11, 30)  # noqa: DTZ001 the hours are those of a clock on the wall


def at(hours, day, time):
    hour, minute = map(int, time.split(":"))
    return hours.at(MONDAY + timedelta(days=DAYS.index(day), hours=hour, minutes=minute))


def test_a_range_over_midnight_counts_on_both_sides_of_it():
    hours = HourRanges(["22:00-07:00"])
    seen = [at(hours, "wed", time) for time in ("21:59", "22:00", "23:59", "00:00", "06:59", "07:00")]
    assert seen == [False, True, True, True, True, False]


def test_the_days_are_those_on_which_a_range_begins():
    hours = HourRanges(["fri,sat 23:00-09:00"])
    assert [day for day in DAYS if at(hours, day, "08:00")] == ["sat", "sun"]
    assert [day for day in DAYS if at(hours, day, "23:00")] == ["fri", "sat"]


def test_days_may_be_a_range_that_reaches_over_the_end_of_the_week():
    hours = HourRanges(["sat-mon 12:00-13:00"])
    assert [day for day in DAYS if at(hours, day, "12:30")] == ["mon", "sat", "sun"]


def test_whole_days_and_several_ranges():
    hours = HourRanges(["sun 00:00-24:00", "13:00-14:00"])
    assert at(hours, "sun", "23:59")
    assert not at(hours, "mon", "00:00")
    assert at(hours, "tue", "13:30")


def test_no_range_is_never_quiet():
    assert not HourRanges()
    assert not HourRanges().at(MONDAY)


@given(st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60 - 1), st.sets(st.sampled_from(DAYS), min_size=1))
def test_each_minute_of_a_week_is_as_if_it_were_counted(begins, ends, days):
    """The oracle walks through a week with a counter of minutes that are still quiet."""
    text = f"{','.join(sorted(days))} {begins // 60:02}:{begins % 60:02}-{ends // 60:02}:{ends % 60:02}"
    if begins == ends:
        assert fault(text)
        return
    hours, left = HourRanges([text]), 0
    length = ends - begins if ends > begins else ends - begins + 24 * 60
    for minute in range(2 * 7 * 24 * 60):
        day, of_day = divmod(minute, 24 * 60)
        if of_day == begins and DAYS[day % 7] in days:
            left = length
        if minute >= 7 * 24 * 60:  # before that, a range may have begun before the first minute
            assert hours.at(MONDAY + timedelta(minutes=minute)) is (left > 0)
        left -= 1


ZONES = {  # a zone, the week of a change of its clock, and the hours that 22:00 to 07:00 last that night
    "Europe/Berlin": ((2026, 3, 26), 8.0),
    "Europe/London": ((2026, 10, 22), 10.0),
    "America/St_Johns": ((2026, 3, 5), 8.0),
    "America/New_York": ((2026, 10, 29), 10.0),
    "Australia/Lord_Howe": ((2026, 4, 2), 9.5),  # its clock changes by half an hour
    "Pacific/Auckland": ((2026, 9, 24), 8.0),
    "Asia/Kolkata": ((2026, 3, 26), 9.0),  # its clock never changes
}


@pytest.mark.parametrize("zone", ZONES)
def test_a_week_with_a_change_of_the_clock_is_quiet_whenever_the_wall_says_so(zone):
    begin, changed_h = ZONES[zone]
    there, hours = ZoneInfo(zone), HourRanges(["22:00-07:00"])
    moment = datetime(*begin, 12, tzinfo=there).astimezone(UTC)
    nights = [0]
    for _ in range(7 * 24 * 60):
        local = moment.astimezone(there)
        is_quiet = hours.at(local.replace(tzinfo=None))
        assert is_quiet is (local.hour >= 22 or local.hour < 7)
        if is_quiet:
            nights[-1] += 1
        elif nights[-1]:
            nights.append(0)
        moment += timedelta(minutes=1)
    lengths = sorted(night / 60 for night in nights if night)
    assert len(lengths) == 7
    assert sorted(lengths) == sorted([9.0] * 6 + [changed_h])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a range of hours"),
        ("22-7", "is not a range of hours"),
        ("22:00", "is not a range of hours"),
        ("22:00-25:00", "25:00 is not a time of day"),
        ("22:60-23:00", "22:60 is not a time of day"),
        ("22:00-22:00", "begins where it ends"),
        ("24:00-01:00", "begins where it ends"),
        ("fry 22:00-23:00", "'fry' is not a day"),
        ("fri-xx 22:00-23:00", "'xx' is not a day"),
        ("mon,, 22:00-23:00", "'' is not a day"),
    ],
)
def test_what_is_no_range_is_refused_with_a_reason(text, says):
    assert fault(text).startswith(says)


@pytest.mark.parametrize(
    "text", ["22:00-07:00", "22:00 - 7:00", " Mon-Fri 22:00\u201307:00 ", "sat, sun 9:00-24:00"]
)
def test_what_people_write_is_understood(text):
    assert fault(text) == ""
