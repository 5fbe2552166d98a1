"""How many everyday phrases find the right item, per set of tests/plugins/everyday_phrases.toml.

    python benchmarks/phrases.py             # the shares of each set
    python benchmarks/phrases.py --missed    # and each phrase whose item is not among the first three

benchmarks/README.md has the figures with their dates.
"""

from __future__ import annotations

import argparse
import tomllib
from typing import Any

from banshi.app import loaded
from banshi.builtin.catalogue.search import Index, index_of
from banshi.kernel.loading.configuration import read_configuration
from benchmarks.shared.figures import table
from benchmarks.shared.processes import ROOT

PHRASES = ROOT / "tests" / "plugins" / "everyday_phrases.toml"


def found(index: Index, phrase: dict[str, Any]) -> list[str]:
    """The codes of the first three."""
    return [hit.code for hit in index.search(phrase["words"])[:3]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missed", action="store_true")
    arguments = parser.parse_args()
    index = index_of(loaded(read_configuration(ROOT / "plugins.toml")))
    rows, missed = [], []
    for name, phrases in tomllib.loads(PHRASES.read_text(encoding="utf-8")).items():
        three = [(one, found(index, one)) for one in phrases]
        right = [one for one, codes in three if set(one["items"]) & set(codes)]
        first = [one for one, codes in three if set(one["items"]) & set(codes[:1])]
        missed += [(name, one["words"], one["items"], codes) for one, codes in three if one not in right]
        share = [f"{len(some)} ({len(some) / len(phrases):.1%})" for some in (right, first)]
        rows.append([name, str(len(phrases)), *share])
    table(["set", "phrases", "among the first three", "first"], rows)
    if arguments.missed:
        for name, words, items, codes in missed:
            print(f"{name}: {words}: {', '.join(items)}: {', '.join(codes) or 'nothing'}")


if __name__ == "__main__":
    main()
