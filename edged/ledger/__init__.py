"""What a kiosk costs: what the service counted, what it is worth, and what may still be spent.

Rules:
1. Each `response.done` is one request, whatever its status. A response that began and never ended, because the
   connection was lost, is counted beside the requests (`unfinished`): the service may bill it.
2. Nothing is counted twice: each entry has a name (entry.py), and the disk takes a name once (sqlite_books.py).
3. Counts are kept, and money is worked out from them, with the price of their day (prices.py). An amount whose price
   is not known is unknown, never zero.
4. A day is a day of the local calendar, by the wall clock at the end of the response. While the clock is not set, the
   day is unknown, and is filled in when the clock is set before the machine restarts (calendar.py).
5. Old entries become sums of days, and old days sums of months. No sum is ever dropped, and the size is bounded
   (retention.py).

Not here: where counts come from (the link, the dialogue), what a used budget means to a visitor (the turn), files of
the configuration.
"""
