"""What edged costs, as ratios that one run measures side by side. The figures are for people; no test asserts them."""
