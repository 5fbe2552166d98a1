"""The hotline's rooms: calls and whom to call back, who calls, and filing any item for them. The API says who may."""

from web_site.staff.hotline import calling_back, calls, filing

ROUTES = (*calls.ROUTES, *filing.ROUTES, *calling_back.ROUTES)
