"""The desk's rooms: the page that an officer sits at, what they do there, and what comes live."""

from web_site.staff.desk import deeds, live, page

ROUTES = (*page.ROUTES, *deeds.ROUTES, *live.ROUTES)
