"""Foreign text on a terminal: one line, bounded, and without a character that does more than it shows. Pure."""

MOST = 2000  # characters of one text
_JOINERS = "\u200c\u200d"  # Persian and the scripts of India need them to be readable
_CUT = "…"


def plain(text: object, most: int = MOST) -> str:
    """`text` as it may be shown. Blanks of any kind become one blank, and control characters a replacement sign."""
    whole = str(text)
    line = " ".join(whole[: most + 1].split())
    shown = "".join(
        each if each.isprintable() or each in _JOINERS else "\N{REPLACEMENT CHARACTER}" for each in line
    )
    return shown if len(whole) <= most else shown[: most - 1].rstrip() + _CUT
