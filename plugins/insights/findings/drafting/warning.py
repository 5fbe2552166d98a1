"""A finding's warning as mobile_push has it: a notice or an alert that a second person approves, made by the API."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any
from uuid import UUID

import orjson

from banshi import LANGUAGES, Call, Conflict, FieldProblem, InvalidFields, NotFound, Platform, Texts, text_in
from banshi.sdk.http import MIN_SHOWN, READER
from insights.figures.categories import CATEGORIES, Category
from insights.figures.divisions import DIVISIONS, chain
from insights.figures.series import one_series
from insights.findings.drafting import wording
from insights.findings.drafting.numbers import unfounded
from insights.findings.models import Finding
from insights.findings.urgent import urgent_since
from insights.sentences import say
from insights.settings import SETTINGS

#: What CAP 1.2 says of a warning by the city's own figures, until whoever writes the alert changes it.
CAP = {"status": "Actual", "msg_type": "Alert", "scope": "Public"}
INFO = {"category": ["Security"], "urgency": "Expected", "severity": "Moderate", "certainty": "Observed"}

UNFOUNDED = "These numbers aren't in the finding: {numbers}. Leave them out, or store the draft and propose it so."

NOW = "The figure was corrected: it is {now} now. Give a draft up, and look at the finding anew."
CORRECTED = "What was counted on that day was corrected. Look at it again in a minute."
NO_MORE = "What was counted on that day was corrected to less. Give the draft up, and look at the finding anew."

GIVEN_AWAY = "With what other warnings of the same time tell, this one would say that fewer than {least} are elsewhere \
in {area}. Give another draft up first; what was sent stays alone."

#: How CAP calls the codes of divisions.
DIVISION_CODES = "GB/T 2260"


async def advice_of(platform: Platform, category: Category) -> wording.Advice:
    """The pages of help that belong to a category; one that the city has not is left out."""
    found: dict[str, list[Any]] = {language: [] for language in LANGUAGES}
    for language, code in ((one, code) for one in LANGUAGES for code in category.advice):
        with suppress(NotFound):
            found[language].append(await platform[READER].get(f"/v1/help/{code}", None, language))
    return found


async def drafted(call: Call, finding: Finding) -> tuple[str, UUID]:
    """Have the warning stored as a draft that two people publish, and nobody alone: its kind, and its id.

    Raises Conflict where the figure isn't true any more, or gives away a small one beside another's, InvalidFields, and
    what mobile_push refuses.
    """
    category = call.platform[CATEGORIES].get(finding.category)
    if category is None:
        raise Conflict(say("This isn't counted any more."))
    if why := await _objection(call.platform, finding):
        raise Conflict(why)
    kind = call.body.get("kind") or category.sends.get(finding.level, "notice")  # type: ignore[call-overload]
    advice = await advice_of(call.platform, category)
    page = wording.page(call.platform, finding, advice)
    texts, audience = _texts(call, category, finding, page), audience_of(finding, call.body.get("to", "area"))
    said: dict[str, Any] = {**texts, "content": page}
    if kind == "alert":
        codes = [{"value_name": DIVISION_CODES, "value": one} for one in audience.get("divisions", ())]
        where = call.platform[DIVISIONS].title(finding.area)
        said = {**CAP, "info": []}
        for one in LANGUAGES:
            steps = " ".join(step for page in advice[one] for step in page["steps"])
            told = {"headline": texts["title"][one], "description": texts["body"][one], "instruction": steps}
            area = {"area_desc": text_in(where, one), **({"geocode": codes} if codes else {})}
            info = {**INFO, "language": one, "event": text_in(category.title, one), **told, "area": [area]}
            said["info"].append({name: value for name, value in info.items() if value})
    two = {"draft": True, "second_person": True, "origin": "insights"}
    body = {**said, "department": finding.department, "audience": audience, **two}
    # Asked for again after it was killed in the middle, it is the same draft.
    digest = hashlib.blake2b(orjson.dumps(body), digest_size=8).hexdigest()
    stored = await _send(call, f"/v1/{kind}s", body, f"finding-{finding.id}-{finding.version}-{digest}")
    return kind, UUID(stored["id"])


async def act(call: Call, finding: Finding, action: str) -> None:
    """Have a step taken with the draft, as mobile_push knows it. Raises Conflict where it is too late."""
    await _send(call, f"/v1/{finding.draft_kind}s/{finding.draft_id}/actions/{action}", {})


async def _send(call: Call, address: str, body: Any, key: str = "") -> Any:
    return await call.platform[READER].post(address, call.principal, call.language, body, key=key)


async def objection(platform: Platform, draft: UUID) -> Texts | None:
    """Why a draft of ours may not go out, if so: it is asked again when the second person approves it."""
    one = await Finding.get_or_none(draft_id=draft, state="drafted")
    return await _objection(platform, one) if one else say("No finding has this draft. Draft it from the finding anew.")


async def _objection(platform: Platform, finding: Finding) -> Texts | None:
    return await _corrected(platform, finding) or await _given_away(platform, finding)


async def _corrected(platform: Platform, finding: Finding) -> Texts | None:
    """Why not, where what was counted has been corrected: a warning says no figure that isn't true."""
    if finding.level == "urgent":
        before = await Finding.filter(level="urgent", at=finding.at, category=finding.category)
        every = [one for one, _ in await urgent_since(platform, finding.at, before)]
        today = {(one.category, one.division, one.at): one.told for one in every}
        there = today.get((finding.category, finding.division, finding.at), {})
        if finding.state == "open":
            return None if there == finding.told else say(CORRECTED)
        # What has grown since it was drafted is true all the same.
        is_less = any((there.get(name) or 0) < (told or 0) for name, told in finding.told.items())
        return say(NO_MORE) if is_less else None
    for place, count in {finding.division: finding.count, finding.area: finding.told["count"]}.items():
        series = await one_series(platform, finding.category, place, grain=finding.grain)  # type: ignore[arg-type]
        at = series.place(finding.at) if series else -1
        now = series.counts[at] if series and 0 <= at < len(series.counts) else None
        if now != count:
            return say(NOW, now=now or 0)
    return None


async def _given_away(platform: Platform, finding: Finding) -> Texts | None:
    """Why not, where a place less all others in it that are told of leaves fewer than 5."""
    same = {name: getattr(finding, name) for name in ("category", "grain", "at")}
    others = await Finding.filter(**same, draft_id__isnull=False).exclude(id=finding.id)
    told = {place: count for one in (*others, finding) for place, count in one.told_places.items()}
    for place, count in told.items():
        inside = {one for one in told if one != place and place in chain(one)}
        rest = count - sum(told[one] for one in inside if not inside & {*chain(one)} - {one})
        if 0 < rest < MIN_SHOWN:
            return say(GIVEN_AWAY, least=MIN_SHOWN, area=platform[DIVISIONS].title(place))
    return None


def _texts(call: Call, category: Category, finding: Finding, page: Texts) -> dict[str, dict[str, str]]:
    """What somebody has written, or else what the template says.

    Raises InvalidFields for what is too long, and where a second person is asked for numbers that aren't the finding's.
    """
    suggested = wording.suggestion(call.platform, category, finding)
    texts = {name: {**text, **call.body.get(name, {})} for name, text in suggested.items()}
    wrong = wording.too_long(call.platform[SETTINGS].most_chars, texts)
    problems = [FieldProblem(at, say("Say it in {most} characters.", most=most), "maxLength") for at, most in wrong]
    known = wording.known_numbers(finding, [page, *suggested.values()])
    if call.body.get("propose") and (odd := unfounded(texts, known)):
        problems.append(FieldProblem("/body", say(UNFOUNDED, numbers=", ".join(odd)), "unfounded"))
    if problems:
        raise InvalidFields(problems)
    return texts


def audience_of(finding: Finding, to: str) -> dict[str, Any]:
    """Whom a warning is for: who lives where it is told of, in the places that have most of it, or everybody.

    Never the division that was counted where it is told as another: who gets a warning, and an alert's codes, tell.
    """
    places = [one["division"] for one in finding.facts.get("places", ()) if one["division"]]
    if to == "places" and places:
        return {"divisions": places}
    return {"everyone": True} if to == "everyone" or not finding.area else {"divisions": [finding.area]}
