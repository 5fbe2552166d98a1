"""Items that are nobody's, to be found by their words."""

from __future__ import annotations

from banshi import Item
from banshi.kernel.contract.items import Result

ANSWER = Result(kind="answer", title={"zh-CN": "答复", "en": "Answer"})


def item(code: str, zh: str, en: str = "", *, words: tuple[str, ...] = (), en_words: tuple[str, ...] = ()) -> Item:
    """With that title and more words that people may type; its English title is the Chinese one if there is none."""
    told = {"title": {"zh-CN": zh, "en": en or zh}, "summary": {"zh-CN": "在这里办。", "en": "Done here."}}
    kind, keywords = "application", {"zh-CN": words, "en": en_words}
    return Item(
        code=code,
        department="office",
        plugin="office",
        kind=kind,
        audience=("person",),
        result=ANSWER,
        keywords=keywords,
        **told,
    )
