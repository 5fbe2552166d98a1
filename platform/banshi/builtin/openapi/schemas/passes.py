"""Documents of passes and certificates: what a phone holds, and what a check of one finds."""

from __future__ import annotations

from banshi.builtin.openapi.schemas.items import REFERENCE
from banshi.kernel.http.document_schemas import (
    ID,
    LINKS,
    MAYBE_MOMENT,
    MAYBE_TEXT,
    MOMENT,
    TEXT,
    Record,
    Schema,
    array,
    maybe,
    optional,
)

SCAN = Record(
    at=MOMENT,
    department=TEXT,
    department_title=TEXT,
    place=TEXT,
    verdict=TEXT,
    verdict_title={**TEXT, "description": "What people read for that."},
)

#: What a check of a pass or of a certificate says of its end.
ENDED = {
    "ended": {**MAYBE_TEXT, "description": "Of a `revoked` one: revoked, taken-back or cancelled."},
    "ended_title": {**MAYBE_TEXT, "description": "What people read for that."},
}
DETAIL = {**TEXT, "description": "What was found, and what to do now; empty of a valid one."}

COLOUR = {
    "type": "string",
    "enum": ["green", "amber", "red"],
    "description": "Beside the words: accept it, look once more, don't accept it.",
}

HELD_PASS = Record(
    key=Record(kty=TEXT, crv=TEXT, x=TEXT, y=TEXT),
    text={**TEXT, "description": "What the phone puts its own prefix before, the time and its signature behind."},
    sign_every={"type": "integer", "description": "Seconds after which it signs anew."},
    address={
        **MAYBE_TEXT,
        "description": "Where any camera is led: draw it, `#`, and what is shown with `%20` and `%25` for ` ` and `%`.",
    },
    not_before=MAYBE_MOMENT,
    expires_at=MOMENT,
)

#: A citizen's own, among others.
OWN_PASS = Record(
    case=Record(id=ID, number=TEXT),
    item=REFERENCE,
    title={**TEXT, "description": "What it is, as the item calls its result."},
    not_before=MAYBE_MOMENT,
    until={**MOMENT, "description": "From then on it is over."},
    state={"type": "string", "enum": ["valid", "not-yet-valid", "expired", "revoked"]},
    state_title={**TEXT, "description": "What people read for that; of a `revoked` one for how it has ended."},
    reason={**MAYBE_TEXT, "description": "Why it was revoked."},
    links={**LINKS, "description": "`pass_picture` or `pass_phone`, which shows it; of a certificate `certificate`."},
)

#: What verifies passes without a network; a key may have more members, as RFC 7517 lets any.
KEY_SET = Record(
    keys=array(
        {
            **Record(
                **dict.fromkeys(("kty", "crv", "x", "y", "alg", "use", "kid"), TEXT),
                signs_from={"type": "string", "format": "date-time"},
                retired_at={"type": ["string", "null"], "format": "date-time"},
            ),
            "additionalProperties": True,
        }
    ),
    issuer=TEXT,
    items={
        "type": "object",
        "description": "By item code: what its pass says.",
        "additionalProperties": Record(
            title=TEXT,
            dynamic={"type": "boolean", "description": "A phone signs it anew; a picture of it is never valid."},
            claims=array(
                Record(
                    name=TEXT,
                    title=TEXT,
                    values=optional({**LINKS, "description": "Value to what people read for it."}),
                )
            ),
        ),
    },
    verdicts={
        "type": "object",
        "description": "By verdict, of all but `valid`: as `/v1/passes/verify` has it.",
        "additionalProperties": Record(colour=COLOUR, detail=DETAIL),
    },
    links=LINKS,
)

#: How each verdict begins, what it says of a claim, and its times.
_FOUND: dict[str, Schema] = {
    "verdict": {"type": "string", "description": "valid, or why not."},
    "colour": COLOUR,
    "detail": DETAIL,
    "item": maybe(REFERENCE),
}
_CLAIM = Record(name=TEXT, title=TEXT, value={}, text=TEXT)
_TIMES = dict.fromkeys(("issued_at", "not_before", "expires_at"), MAYBE_MOMENT)

PASS_SCHEMAS: dict[str, Schema] = {
    "HeldPass": HELD_PASS,
    "PublicVerdict": Record(
        **_FOUND,
        claims=array(_CLAIM, description="What the code says; of a valid one alone."),
        not_before=MAYBE_MOMENT,
        expires_at=MAYBE_MOMENT,
    ),
    "Verdict": Record(
        **_FOUND,
        claims=array(
            _CLAIM,
            description="What it says, as a value and as people read it. Empty unless the pass is genuine.",
        ),
        **_TIMES,
        reason=MAYBE_TEXT,
        **ENDED,
        seen_elsewhere={"type": "boolean"},
    ),
    "CertificateVerdict": Record(
        **_FOUND,
        department=maybe(REFERENCE),
        number={**MAYBE_TEXT, "description": "As it stands on the page."},
        title={**MAYBE_TEXT, "description": "What has to stand above the page."},
        issuer={**MAYBE_TEXT, "description": "In whose name it is."},
        body=array(TEXT, description="The sentences that the page has to have, as the department words them now."),
        claims=array(
            _CLAIM,
            description="What the page has to say, value by value. Empty unless the certificate is genuine.",
        ),
        **_TIMES,
        **ENDED,
    ),
    "Scan": SCAN,
}
