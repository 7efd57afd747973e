"""Draws the pictures of the pages: SVG for a light and a dark page, and the recording of a terminal."""
