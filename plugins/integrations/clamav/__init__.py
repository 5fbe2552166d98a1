"""Uploads are examined by ClamAV's daemon before anybody can open them.

Files go to the daemon as a stream, so it needs no access to the folder that they lie in, and may be another machine's.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from banshi import Offer, hookimpl
from banshi.sdk.files import SCANNERS, Scanner
from banshi.sdk.operations import EXAMINATIONS

from .daemon import ClamavSettings, Clamd, examined


@hookimpl
def banshi_settings() -> type:
    return ClamavSettings


@hookimpl
def banshi_offers(settings: ClamavSettings) -> Iterable[Offer[Any]]:
    scanner: Scanner = Clamd(settings)
    yield Offer(SCANNERS, scanner)
    yield Offer(EXAMINATIONS, partial(examined, settings))
