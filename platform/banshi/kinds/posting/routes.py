"""The routes of postings: who may call each, what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Sequence

from banshi.kinds.posting.documents import POSTING, SORTS
from banshi.kinds.posting.reading import list_postings, show_photo, show_posting
from banshi.kinds.posting.submitting import body_schema, submit
from banshi.replies import PAGE_PARAMETERS, page_answer
from banshi.routes import Answer, Audience, Parameter, Route
from banshi.schemas import UUID, ref

TAG = "postings"

#: The first digits of a division: a province's two, a city's four, or all six.
AREA = {"type": "string", "pattern": "^[1-8][0-9]([0-9]{2}){0,2}$"}
CODE = {"type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": 64}

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
        answers={200: page_answer(POSTING)},
    ),
    Route(
        method="GET",
        path="/v1/postings/{id}",
        audience=Audience.ANYONE,
        handler=show_posting,
        operation="show_posting",
        summary="Show one public posting.",
        tag=TAG,
        path_schemas={"id": UUID},
        answers={200: Answer(description="The posting.", schema=POSTING)},
    ),
    Route(
        method="GET",
        path="/v1/postings/{id}/photos/{number}",
        audience=Audience.ANYONE,
        handler=show_photo,
        operation="show_posting_photo",
        summary="Show a posting's photo.",
        tag=TAG,
        path_schemas={"id": UUID, "number": {"type": "string", "pattern": "^[1-9][0-9]?$"}},
        answers={
            200: Answer(description="The picture, without what its camera wrote beside it.", media_type="image/*")
        },
    ),
)


def routes() -> Sequence[Route]:
    return PUBLIC
