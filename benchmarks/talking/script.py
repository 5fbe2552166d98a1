"""What people write in `turns.py`: they find an item by a search, fill in its form, and hand it in."""

from __future__ import annotations

#: What is written, and what has to be in the answer: the greeting, the search, the form's eight fields, the end.
GREETING = ("你好", "1 ")
SCRIPT = (
    ("测速报名", "1 测速登记"),
    ("1", "联系人"),
    ("{contact}", "示例路40段"),
    ("示例路7段", "详细地址"),
    ("７号楼２单元 301", "活动日期"),
    ("明天", "参加人数"),
    ("三十二", "是否需要停车位"),
    ("要", "联系电话"),
    ("138-0000-0000", "活动说明"),
    ("小区居民一起包饺子、下象棋，给独居老人过生日，大约两个小时结束，请民警来讲一讲怎样防范电信诈骗。", "8. 活动说明"),
    ("1", "编号"),
)


def messages(contact: str) -> list[tuple[str, str]]:
    """The texts of one conversation, with what their answers have in them."""
    return [(text.format(contact=contact), part) for text, part in (GREETING, *SCRIPT)]
