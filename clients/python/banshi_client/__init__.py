"""A small client of Banshi's API, for tests and integrators.

    async with aiohttp.ClientSession() as session:
        client = Client(session, "https://services.example.org", token=signed_in)
        item = await client.get("/v1/items/zone-pass")
        problems = Form(item["form"]).problems(answers)
        begun = await client.begin(item, {"answers": answers})

It takes nothing from the platform's own code, so it is a second opinion of what the API's documentation says.
"""

from __future__ import annotations

from banshi_client.client import Client, Reply, Token
from banshi_client.form import Choice, Field, Form, Group, Problem
from banshi_client.inbox import Inbox, InboxStore, MemoryInbox, Receipts, ServerEvent
from banshi_client.problems import FieldProblem, ProblemError, Unreachable

__all__ = [
    "Choice",
    "Client",
    "Field",
    "FieldProblem",
    "Form",
    "Group",
    "Inbox",
    "InboxStore",
    "MemoryInbox",
    "Problem",
    "ProblemError",
    "Receipts",
    "Reply",
    "ServerEvent",
    "Token",
    "Unreachable",
]
