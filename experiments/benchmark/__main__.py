"""The command: measure, and print a page in Markdown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.benchmark.engines import PEERS, engine_of
from experiments.benchmark.reference import reference_of
from experiments.benchmark.reporting import markdown, part
from experiments.benchmark.results import MOST_SECONDS, REPEATS, SIZES, results


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    chosen = _parser().parse_args(words)
    found = results(
        [engine_of(key) for key in chosen.peers],
        chosen.sizes,
        chosen.repeats,
        chosen.seconds,
        not chosen.no_town,
        lambda text: print(text, file=sys.stderr),
    )
    text = markdown(part(found))
    if chosen.markdown is not None:
        chosen.markdown.write_text(text, encoding="utf-8")
    print(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m experiments.benchmark", description=__doc__)
    parser.add_argument("--sizes", type=_size, nargs="+", default=SIZES, help="citizens a year")
    parser.add_argument("--repeats", type=_repeats, default=REPEATS, help="interleaved repeats of each")
    parser.add_argument(
        "--peers", nargs="*", choices=[peer.key for peer in PEERS], default=[peer.key for peer in PEERS]
    )
    parser.add_argument(
        "--seconds", type=float, default=MOST_SECONDS, help="limit for all repeats of one engine at one size"
    )
    parser.add_argument("--no-town", action="store_true", help="leave out the full model")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page there too")
    return parser


def _size(text: str) -> int:
    try:
        return reference_of(int(text.replace(",", "").replace("_", ""))).citizens
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _repeats(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1: {text}")
    return int(text)


if __name__ == "__main__":
    main()
