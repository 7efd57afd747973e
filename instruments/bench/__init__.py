"""What edged costs, as ratios side by side in one run: figures to read, no test asserts them."""
