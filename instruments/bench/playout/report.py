"""Turns what listeners heard into figures: per answer, per minute of speech, and against the best fixed prebuffer."""

from dataclasses import asdict, dataclass

GAP_MS = 300  # a listener prefers this much delay to one gap


@dataclass
class Figures:
    """The figures of one player in one family. `J` is the mean start delay plus 300 ms for each gap, per answer."""

    start_ms: float
    start_p95_ms: float
    gaps_min: float
    silent_ms_min: float
    longest_ms: float
    stretched: float
    J: float
    regret: float = 0.0


def figures(met):
    minutes = sum(each.length for each in met) / 60_000
    gaps = [gap for each in met for gap in each.gaps]
    delays = sorted(each.delay for each in met)
    mean = sum(delays) / len(delays)
    return Figures(
        start_ms=mean,
        start_p95_ms=delays[min(len(delays) - 1, len(delays) * 95 // 100)],
        gaps_min=len(gaps) / minutes,
        silent_ms_min=sum(gaps) / minutes,
        longest_ms=max(gaps, default=0.0),
        stretched=min(1.0, sum(each.stretched for each in met) * 9 / (60_000 * minutes)),
        J=mean + GAP_MS * len(gaps) / len(met),
    )


def as_json(table):
    return {
        family: {
            player: {key: round(value, 3) for key, value in asdict(each).items()}
            for player, each in players.items()
        }
        for family, players in table.items()
    }


def lines(table, players):
    """One block per family."""
    for family, found in table.items():
        yield f"{family}"
        yield (
            f"  {'':34}{'start':>7}{'p95':>7}{'gaps':>8}{'silence':>9}{'longest':>9}{'stretched':>11}"
            f"{'J':>8}{'regret':>8}"
        )
        yield f"  {'':34}{'ms':>7}{'ms':>7}{'/min':>8}{'ms/min':>9}{'ms':>9}{'share':>11}{'ms':>8}{'ms':>8}"
        for player in players:
            if player in found:
                each = found[player]
                yield (
                    f"  {player:34}{each.start_ms:7.0f}{each.start_p95_ms:7.0f}{each.gaps_min:8.2f}"
                    f"{each.silent_ms_min:9.0f}{each.longest_ms:9.0f}{each.stretched:11.2f}"
                    f"{each.J:8.0f}{each.regret:8.0f}"
                )
        yield ""


def markdown(table, players):
    """J of every player in every family, and each player's worst regret."""
    families = list(table)
    yield f"| J, ms | {' | '.join(families)} | worst regret |"
    yield f"|---|{'---:|' * len(families)}---:|"
    for player in players:
        cells = [f"{table[family][player].J:.0f}" for family in families]
        worst = (
            "" if player == "oracle" else f"{max(table[family][player].regret for family in families):.0f}"
        )
        yield f"| {player} | {' | '.join(cells)} | {worst} |"
