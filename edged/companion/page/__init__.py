"""The page of the companion: what a kiosk does, for a browser.

1. All HTML is made here on the server, from a `KioskView`, by pure modules: `shown_now.py`, `shown_turns.py`,
   `shown_kiosk.py`, put together in `document.py`. Without JavaScript the page shows everything as it was when it was
   loaded.
2. With JavaScript, the page keeps one stream of events open, and each section that changes is sent again (`feed.py`).
3. Who may look, and who may change something, is decided in `access.py` and `tokens.py`, which are pure.
4. aiohttp is known to `http.py` only. `page_part.py` says what each path does.
5. A press belongs to the stream of the page that pressed. If that ends, the press ends, too (`holder.py`).
"""
