"""Tests run every command, configuration and program on the pages, as a reader would."""
