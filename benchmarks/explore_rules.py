"""What `explore.py` doesn't hold the API to, and why: nothing is left out without a reason that stands here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banshi.forms.days import IN_ORDER, LIMITS
from banshi.forms.words import SENTENCES, WHEN

#: The check of schemathesis that isn't made: it needs a login for each of several people in a format of its own, and
#: tests/banshi/kernel/http/test_everybody.py asks for every thing as everybody else.
NO_CHECK = "object_level_authorization"

#: Seconds within which everything is answered, on a machine that does other things as well.
LONGEST_ANSWER_S = 10

#: What is left out as one role: regular expressions of operations, and why.
_ENDS_ITSELF = {"end_my_sessions": "it ends the role's own token; tests/banshi/builtin/identity/ asks for it"}
_HAS_NO_END = {"stream_road_events": "it has no end to wait for; tests/road/test_live.py follows it"}
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "nobody": _HAS_NO_END,
    "citizen": {"stream_inbox": "it has no end to wait for; tests/mobile_push/inbox/stream/test_stream.py follows it"}
    | _HAS_NO_END
    | _ENDS_ITSELF,
    "staff": _HAS_NO_END | _ENDS_ITSELF,
    "officer": _HAS_NO_END | _ENDS_ITSELF,
    "integrator": _HAS_NO_END,
}

#: What each role has to have been answered well, so that its exploration means something.
REACHED: Mapping[str, Sequence[str]] = {
    "nobody": (
        *("list_departments", "show_department", "list_items", "show_item", "list_slots", "list_postings"),
        *("show_posting", "list_alerts", "show_alert", "alert_xml", "read_tip", "tip", "docs"),
    ),
    "citizen": (
        *("list_cases", "show_case", "act", "begin", "submit", "upload", "download", "list_materials", "list_scans"),
        *("show_pass_svg", "show_pass_png", "show_pass_txt", "show_certificate", "show_appointment", "list_my_passes"),
        *("register_device", "list_devices", "read_inbox", "list_conversations", "show_me", "list_my_drafts"),
    ),
    "staff": (
        *("worklist", "create_notice", "preview_notice", "report_notice"),
        *("show_alert_record", "list_alert_records", "list_dead_letters", "close_traffic_zone"),
    ),
    "officer": ("verify_pass",),
    "integrator": ("show_client",),
}

#: The verbs that each item has for itself, and the items by which the short form explores each. Of the first two one
#: has a long form, and one is handed in with nothing.
SHORT_ITEMS = {
    "begin": ("zone_pass", "record_000", "driving_test", "crime_tip", "vehicle_record", "lost_and_found"),
    "submit": ("zone_pass", "record_000"),
    "book": ("driving_test",),
    "tip": ("crime_tip",),
    "look_up": ("vehicle_record",),
    "post_publicly": ("lost_and_found",),
}

#: With these statuses a request that keeps to its schema is rightly refused: no schema knows who asks, what there is
#: and what state it is in. 410 is a certificate that has ended; `not_a_server_error` looks at 5xx.
REFUSALS = ("2xx", "3xx", "401", "403", "404", "409", "410", "429", "5xx")


@dataclass(frozen=True, slots=True)
class Refused:
    """Requests that keep to their schema and are rightly refused as wrong, by the problem's `code`."""

    code: str
    reason: str
    #: Regular expression of operations.
    operations: str = ".*"
    #: Of `invalid-parameter`, the parameters that it may be about.
    parameters: Sequence[str] = ()
    #: What its `detail` has to say.
    says: str = ""


REFUSED = (
    Refused("token-not-taken", "OpenAPI can't say that a header has to be absent", operations="(tip|.*_tip)(_.*)?"),
    Refused(
        "invalid-parameter",
        "it has to name something that there is, or a place that the server has given",
        parameters=(
            "category",
            "cursor",
            "after",
            "department",
            "division",
            "kind",
            "place",
            "topic",
            "week",
            "within",
        ),
    ),
    Refused(
        "invalid-parameter",
        "a search has its own order, and JSON Schema looks at one parameter at a time",
        operations="list_items",
        parameters=("order",),
    ),
    Refused(
        "invalid-parameter",
        "a field is one of an item's form, and JSON Schema looks at one parameter at a time",
        operations="upload|upload_of_tip",
        parameters=("item", "field"),
    ),
    Refused("invalid-parameter", "which signs are words, Unicode says", operations="list_postings", parameters=("q",)),
    Refused(
        "invalid-parameter",
        "a box or a way is asked for, and what is a place on the earth no schema says",
        operations="list_road_events",
        parameters=("box", "along"),
    ),
    Refused(
        "invalid-parameter",
        "two parameters make a stretch of time, and JSON Schema looks at one at a time",
        operations="list_slots|list_slot_days|appeal_statistics|channel_statistics",
        parameters=("from", "to"),
    ),
    Refused("logout-refused", "who has signed a token, no schema knows", operations="end_signed_out_sessions"),
    Refused("beyond-the-end", "how far an inbox has come, no schema knows", operations="read_inbox"),
    Refused("not-proven", "the endpoint of a sample isn't there", operations="act_on_service|register_channel"),
    Refused("malformed-body", "the coverage phase sends NUL, which no database stores (allow-x00)", says=r"\u0000"),
    Refused("unsupported-media-type", "what a file is, its bytes say", operations="upload|upload_of_tip"),
    Refused("unreadable-picture", "whether bytes are a picture, no schema knows", operations="ask_about_picture"),
    Refused("invalid_request", "RFC 6749 lets no parameter come twice, not even an unknown one", operations=".*_token"),
)

#: What a form's own schema says. A request that keeps to the description and is refused for one of these is a fault of
#: the description; everything else is a rule that no schema has: an end after its beginning, the caller's own number, a
#: day that is counted from today, a field that other answers make one. `truncated` says nothing of a field.
OF_SCHEMAS = SENTENCES.keys() - {"past", "future", "own", "invalid", "truncated", *LIMITS, IN_ORDER, WHEN}

#: Pages that refuse in HTML what keeps to its schema, and why.
PAGES: Mapping[str, str] = {
    "end_contact_sign_in": "only whoever began a sign-in comes back from the provider",
    "show_who_opened_contact_link": "only whoever was led to the chat's provider comes back from there",
}

#: What is still shown once it was deleted, by operation, and why.
STAYS: Mapping[str, str] = {"show_appointment": "its citizen finds it as cancelled"}


@dataclass(frozen=True, slots=True)
class Beside:
    """Fields that are refused with a code of a schema by a rule that the description doesn't have."""

    #: Regular expressions of operations and of JSON Pointers.
    operations: str
    pointers: str
    reason: str


BESIDE_SCHEMAS = (
    Beside(
        "act|act_on_tip|book_internal",
        "/(answers|details|reason)(/.*)?",
        "the item's form or step says it, as all share this",
    ),
    Beside("register_device|change_device", "/(token|subscription)(/.*)?", "each provider says which of them it needs"),
    Beside(
        "(create|change)_(notice|alert)", "/audience", "people are named alone; the sentence says what to do instead"
    ),
)


def conditional(schema: Any) -> set[str]:
    """Names of the fields that other answers ask for: that they are needed is no part of the description's schemas."""
    if isinstance(schema, list):
        return {name for one in schema for name in conditional(one)}
    if not isinstance(schema, dict):
        return set()
    fields = schema.get("properties", {})
    own = {name for name, field in fields.items() if isinstance(field, dict) and WHEN in field}
    return own.union(*(conditional(one) for one in schema.values()))


def is_right(operation: str, problem: Any, when: Collection[str] = ()) -> bool:
    """Whether a request that keeps to its schema may be answered with this problem.

    `when` are the fields that other answers ask for.
    """
    if isinstance(problem, list):
        # Open311's errors: a sentence without a code of its own. What each refuses, the plugin's own tests say.
        return all(one["code"] == 400 for one in problem)
    code = problem.get("code", problem.get("error"))
    if code == "invalid-fields":
        return all(
            one["code"] not in OF_SCHEMAS
            or is_beside(operation, one["pointer"])
            or (one["code"] == "required" and one["pointer"].rpartition("/")[2] in when)
            for one in problem["problems"]
        )
    return any(
        code == one.code
        and re.fullmatch(one.operations, operation)
        and (not one.parameters or problem.get("parameter") in one.parameters)
        and one.says in problem.get("detail", "")
        for one in REFUSED
    )


def is_beside(operation: str, pointer: str) -> bool:
    """Whether what a field has to be there is not the description's to say."""
    return any(
        re.fullmatch(one.operations, operation) and re.fullmatch(one.pointers, pointer, re.DOTALL)
        for one in BESIDE_SCHEMAS
    )
