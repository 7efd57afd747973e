"""Numbers about a kiosk for Prometheus (docs/metrics.md). Pure, except for the last three files.

1. `catalogue.py` has each metric: its name, its meaning, its labels. Nothing else is ever shown.
2. What is so at the moment follows from the snapshot (`present.py`).
3. What has happened is added up in `totals.py`: from events (`counting.py`, `turn_outcomes.py`), and from what the
   kiosk itself has counted (`kiosk_counts.py`). Totals never become smaller, over restarts of both programs.
4. `exposition.py` writes the text that Prometheus reads, `textfile.py` puts it into a file, and `metrics_part.py` runs.
"""
