"""Drafts of answers, and their end."""

from __future__ import annotations

from functools import partial

from banshi.builtin.drafts.ending import SAVED, SQL, end_draft
from banshi.builtin.drafts.models import Draft
from banshi.builtin.drafts.routes import ROUTES, remove_old
from banshi.builtin.leading.rounds import hourly
from banshi.builtin.personal_data.holdings import HOLDINGS, theirs_alone
from banshi.foundation.keys import Key
from banshi.kernel.cases.beginning import ENDINGS
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Offer, Phase, Resource
from banshi.kernel.tables.look_ups import LookUps

ENDING: Key[None] = Key("drafts' end")


banshi_routes = hands_over(*ROUTES)

banshi_offers = hands_over(Offer(HOLDINGS, theirs_alone(Draft)), Offer(ENDINGS, end_draft))


_open_ending = partial(hourly, "drafts-ending", remove_old, "old drafts can't be removed now")
banshi_resources = hands_over(
    Resource.made(SAVED, lambda platform: LookUps(platform.store, SQL)),
    Resource(ENDING, _open_ending, Phase.AFTER_PLUGINS),
)
