"""How much of the past is kept, and in how much detail. Pure."""

# Each entry has about 150 bytes on the disk, so all of it stays below 4 MB.
MOST_ENTRIES = 10_000
ROLLED = 500  # entries that become sums of days at once
MOST_DAYS = 400
MOST_MONTHS = 60
MOST_RUNS = 1000
