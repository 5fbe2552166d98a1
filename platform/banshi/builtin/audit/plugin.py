"""Who did, read and ran what, in a chain of seals."""

from __future__ import annotations

from banshi.builtin.audit import routes
from banshi.builtin.audit.keeping import AUDIT, open_audit
from banshi.builtin.audit.readings import READINGS, open_readings
from banshi.builtin.audit.refusals import REFUSALS, open_refusals
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Offer, Phase, Resource
from banshi.kernel.http.middleware import REFUSED

banshi_routes = hands_over(*routes.ROUTES)

banshi_resources = hands_over(
    Resource(AUDIT, open_audit, Phase.BEFORE_PLUGINS),
    Resource(READINGS, open_readings, Phase.BEFORE_PLUGINS),
    Resource(REFUSALS, open_refusals, Phase.BEFORE_PLUGINS),
)

banshi_offers = hands_over(Offer(REFUSED, lambda platform, *refused: platform[REFUSALS].note(*refused)))
