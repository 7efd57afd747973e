"""Speaks the phrases of edged/phrases/texts.py, and measures their sound."""
