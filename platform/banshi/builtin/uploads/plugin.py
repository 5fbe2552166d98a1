"""The attachments' face, the room that each person has, and the wait until a file was examined."""

from __future__ import annotations

from collections import Counter

from banshi.builtin.uploads.quarantine import QUARANTINE, open_quarantine
from banshi.builtin.uploads.room import ON_THEIR_WAY
from banshi.builtin.uploads.routes import ROUTES
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Resource

banshi_routes = hands_over(*ROUTES)

banshi_resources = hands_over(Resource.made(ON_THEIR_WAY, lambda _: Counter()), Resource(QUARANTINE, open_quarantine))
