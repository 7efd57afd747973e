"""Draws the manual pages and the completion of shells from the command line's parser, the schema and the causes."""
