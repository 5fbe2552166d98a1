"""The routes of postings: who may call each, what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Sequence

from banshi.kernel.contract.routes import Answer, Audience, Link, Parameter, Route
from banshi.kernel.http.document_schemas import UUID, ref
from banshi.kernel.http.responses import PAGE_PARAMETERS, page_answer
from banshi.kinds.posting.contact import reporting, writing
from banshi.kinds.posting.contact.threads import CONVERSATION, MESSAGE
from banshi.kinds.posting.publishing.public_list import list_postings, show_photo, show_posting
from banshi.kinds.posting.publishing.submitting import body_schema, submit
from banshi.kinds.posting.representations import POSTING, SORTS

TAG = "postings"

#: The first digits of a division: a province's two, a city's four, or all six.
AREA = {"type": "string", "pattern": "^[1-8][0-9]([0-9]{2}){0,2}$"}
CODE = {"type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": 64}

_OWN = {"id": "$response.body#/id"}
_FIRST = {"id": "$response.body#/items/0/id"}

#: Handing something in, and what anybody may read.
PUBLIC: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/items/{code}/postings",
        audience=Audience.CITIZEN,
        handler=submit,
        operation="post_publicly",
        summary="Hand in something that is to be published.",
        tag=TAG,
        creates=True,
        per_item=body_schema,
        answers={
            201: Answer(
                description="It is stored, and public once staff have looked at it.",
                schema=ref("Case"),
                headers={"Location": "The case."},
                links=[Link(name, _OWN) for name in ("show_case", "show_posting")],
            ),
            404: Answer(description="There is no such item."),
            507: Answer(description="There is no room for its photos."),
        },
    ),
    Route(
        method="GET",
        path="/v1/postings",
        audience=Audience.ANYONE,
        handler=list_postings,
        operation="list_postings",
        from_replica=True,
        summary="List what is published: lost, found, missing people; the newest first.",
        tag=TAG,
        parameters=(
            Parameter(name="sort", schema={"type": "string", "enum": list(SORTS)}, description="Only this sort."),
            Parameter(name="item", schema=CODE, description="Only this item's."),
            Parameter(name="department", schema=CODE, description="Only this department's."),
            Parameter(name="category", schema=CODE, description="Only this category of the item's form."),
            Parameter(
                name="area", schema=AREA, description="First two, four or all six digits of a division (GB/T 2260)."
            ),
            Parameter(
                name="q", schema={"type": "string", "minLength": 1, "maxLength": 100}, description="Words in it."
            ),
            Parameter(
                name="since",
                schema={"type": "string", "format": "date-time"},
                description="Published at this time or later, with its offset.",
            ),
            *PAGE_PARAMETERS,
        ),
        answers={
            200: page_answer(
                POSTING,
                Link("show_posting", _FIRST),
                Link("begin_conversation", _FIRST),
                Link("show_item", {"code": "$response.body#/items/0/item/code"}),
            )
        },
    ),
    Route(
        method="GET",
        path="/v1/postings/{id}",
        audience=Audience.ANYONE,
        handler=show_posting,
        operation="show_posting",
        from_replica=True,
        summary="Show one public posting.",
        tag=TAG,
        path_schemas={"id": UUID},
        answers={
            200: Answer(
                description="The posting.",
                schema=POSTING,
                links=[
                    Link("begin_conversation", _OWN),
                    Link("show_item", {"code": "$response.body#/item/code"}),
                    Link("list_conversations", {"posting": "$response.body#/id"}),
                ],
            )
        },
    ),
    Route(
        method="GET",
        path="/v1/postings/{id}/photos/{number}",
        audience=Audience.ANYONE,
        handler=show_photo,
        operation="show_posting_photo",
        from_replica=True,
        summary="Show a posting's photo.",
        tag=TAG,
        path_schemas={"id": UUID, "number": {"type": "string", "pattern": "^[1-9][0-9]?$"}},
        answers={
            200: Answer(description="The picture, without what its camera wrote beside it.", media_type="image/*")
        },
    ),
)

ONE = "/v1/conversations/{id}"
PATH = {"id": UUID}
#: What the two sides do in it; staff come to it from the list of what was reported.
_VERBS = ("show_conversation", "list_conversation_messages", "write_message", "block_conversation")
_LEADS = [
    *(Link(name, _OWN) for name in (*_VERBS, "unblock_conversation", "report_conversation")),
    Link("show_posting", {"id": "$response.body#/posting/id"}),
]
ENDED = Answer(description="The posting is over, or the conversation closed.")

#: Contact through the platform.
CONTACT: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/postings/{id}/conversations",
        audience=Audience.CITIZEN,
        handler=writing.begin,
        operation="begin_conversation",
        summary="Write to whoever has posted it.",
        tag=TAG,
        path_schemas=PATH,
        body=writing.TEXT,
        creates=True,
        answers={
            201: Answer(
                description="It was sent; the conversation.",
                schema=CONVERSATION,
                headers={"Location": "The conversation."},
                links=_LEADS,
            ),
            429: Answer(description="The caller has written too often."),
        },
    ),
    Route(
        method="GET",
        path="/v1/conversations",
        audience=Audience.CITIZEN,
        handler=writing.list_own,
        operation="list_conversations",
        summary="List the caller's conversations about postings, the last written in first.",
        tag=TAG,
        parameters=(Parameter(name="posting", schema=UUID, description="Only those about this one."), *PAGE_PARAMETERS),
        answers={200: page_answer(CONVERSATION, *(Link(name, _FIRST) for name in _VERBS))},
    ),
    Route(
        method="GET",
        path=ONE,
        audience=Audience.PERSON,
        handler=writing.show,
        operation="show_conversation",
        summary="Show a conversation.",
        tag=TAG,
        path_schemas=PATH,
        answers={200: Answer(description="The conversation.", schema=CONVERSATION, links=_LEADS)},
    ),
    Route(
        method="GET",
        path=f"{ONE}/messages",
        audience=Audience.PERSON,
        handler=writing.list_messages,
        operation="list_conversation_messages",
        summary="List a conversation's messages, the newest first.",
        tag=TAG,
        path_schemas=PATH,
        parameters=PAGE_PARAMETERS,
        answers={200: page_answer(MESSAGE)},
    ),
    Route(
        method="POST",
        path=f"{ONE}/messages",
        audience=Audience.CITIZEN,
        handler=writing.write,
        operation="write_message",
        summary="Write to the other side.",
        tag=TAG,
        path_schemas=PATH,
        body=writing.TEXT,
        creates=True,
        answers={
            201: Answer(
                description="It was sent.",
                schema=MESSAGE,
                links=[Link("list_conversation_messages", {"id": "$request.path.id"})],
            ),
            409: ENDED,
            429: Answer(description="The caller has written too often."),
        },
    ),
    Route(
        method="PUT",
        path=f"{ONE}/block",
        audience=Audience.CITIZEN,
        handler=writing.block,
        operation="block_conversation",
        summary="Let nobody write in it any more.",
        tag=TAG,
        path_schemas=PATH,
        answers={204: Answer(description="It is blocked.")},
    ),
    Route(
        method="DELETE",
        path=f"{ONE}/block",
        audience=Audience.CITIZEN,
        handler=writing.unblock,
        operation="unblock_conversation",
        summary="Take one's own block back.",
        tag=TAG,
        path_schemas=PATH,
        answers={204: Answer(description="The caller blocks it no more.")},
    ),
    Route(
        method="POST",
        path=f"{ONE}/reports",
        audience=Audience.CITIZEN,
        handler=reporting.report,
        operation="report_conversation",
        summary="Show a conversation to the staff in charge.",
        tag=TAG,
        path_schemas=PATH,
        body=writing.REASON,
        creates=True,
        answers={201: Answer(description="Staff look into it.", schema=CONVERSATION, links=_LEADS)},
    ),
)

#: What staff do about reports.
_REVIEW = ("show_conversation", "list_conversation_messages", "review_conversation")
STAFFED: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/reported-conversations",
        audience=Audience.STAFF,
        handler=writing.list_reported,
        operation="list_reported_conversations",
        summary="List the reported conversations that wait for the caller's review.",
        tag=TAG,
        parameters=PAGE_PARAMETERS,
        answers={200: page_answer(CONVERSATION, *(Link(name, _FIRST) for name in _REVIEW))},
    ),
    Route(
        method="POST",
        path=f"{ONE}/reviews",
        audience=Audience.STAFF,
        handler=reporting.review,
        operation="review_conversation",
        summary="Close a reported conversation, or leave it open.",
        tag=TAG,
        path_schemas=PATH,
        body=writing.REVIEW,
        creates=True,
        answers={201: Answer(description="The conversation after the review.", schema=CONVERSATION)},
    ),
)


def routes() -> Sequence[Route]:
    return (*PUBLIC, *CONTACT, *STAFFED)
