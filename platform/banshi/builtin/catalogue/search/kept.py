"""An index in a file: the next start of a large city reads it in place of ten thousand items."""

from __future__ import annotations

import sys
from array import array
from pathlib import Path

import orjson

from banshi.builtin.catalogue.search.index import Index
from banshi.builtin.catalogue.search.synonyms import Synonyms
from banshi.foundation.files import durable_files

#: In what order this machine writes a number's bytes: a file from another one is made anew.
ORDER = sys.byteorder


def write(index: Index, file: Path, key: str) -> None:
    """Write the index under the key of what it was made from. Raises OSError."""
    rows = [index.starts, index.items, index.counts]
    for spoken in (index.spelled, index.initials):
        rows += [spoken.starts, spoken.owners, array("B", spoken.text.encode())]
    head = {
        "key": [key, ORDER],
        "codes": index.codes,
        "often": index.often.tolist(),
        "terms": list(index.places),
        "written": sorted(index.written),
        "rows": [[row.typecode, row.itemsize * len(row)] for row in rows],
    }
    with durable_files.replacing(file) as draft, draft.open("wb") as out:
        out.write(orjson.dumps(head) + b"\n")
        for row in rows:
            row.tofile(out)


def read(file: Path, key: str, synonyms: Synonyms) -> Index | None:
    """The index that was written under that key; None where there is none."""
    try:
        with file.open("rb") as source:
            head = orjson.loads(source.readline())
            if head["key"] != [key, ORDER]:
                return None
            rows = []
            for typecode, size in head["rows"]:
                row: array[int] = array(typecode)
                row.fromfile(source, size // row.itemsize)
                rows.append(row)
    except (OSError, ValueError, EOFError, KeyError, TypeError):  # not there, cut short, or of another version
        return None
    index = Index(synonyms)
    index.codes, index.written = head["codes"], set(head["written"])
    index.often = array("B", head["often"])
    index.places = {term: place for place, term in enumerate(head["terms"])}
    index.starts, index.items, index.counts = rows[:3]
    for spoken, (starts, owners, text) in ((index.spelled, rows[3:6]), (index.initials, rows[6:9])):
        spoken.starts, spoken.owners, spoken.text = starts, owners, text.tobytes().decode()
    return index
