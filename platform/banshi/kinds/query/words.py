"""What an asker reads when there is no answer, in zh-CN and en."""

from __future__ import annotations

from banshi.kernel.contract.values import LANGUAGES, Texts, text_in

SENTENCES = {
    "no-item": (
        "没有这个查询事项，请在事项列表中查找。",
        "There is no such item to ask; look for it in the list of items.",
    ),
    "not-verified": (
        "查询个人信息需要经过核验的公民身份号码。请在身份认证平台完成实名认证，然后重新登录。",
        "Looking up personal records takes a verified ID number. Have it verified where you sign in, and sign in anew.",
    ),
    "not-a-registrar": (
        "窗口查询需要该部门的窗口查询权限。",
        "Only staff who look things up at this department's counter may do this.",
    ),
    "own-cases-only": (
        "这里只能查询本人的办件；工作人员请在待办列表中查找。",
        "Everybody finds their own cases here. Staff find theirs in the worklist.",
    ),
    "not-own": ("只能填写本人的公民身份号码。", "Give your own ID number: you can only ask about yourself."),
    "too-many": ("这一小时内的查询次数已用完，请稍后再试。", "This hour's look-ups are used up; try again later."),
    "too-many-misses": (
        "多次查询没有结果，暂停查询。请核对所填内容，稍后再试。",
        "Too many look-ups have found nothing. Check what you enter, and try again later.",
    ),
    "waiting": (
        "您的其他查询还没有结果，请稍候再试。",
        "Other look-ups of yours are still under way; try again in a moment.",
    ),
    "down": (
        "{department}的{register}暂时无法查询，请稍后再试。",
        "{register} of {department} can't be asked at present; try again later.",
    ),
    "slow": (
        "{department}的{register}没有及时答复，请稍后再试。",
        "{register} of {department} took too long to answer; try again later.",
    ),
    "broken": (
        "{department}的{register}答复有误，已记录故障，请稍后再试。",
        "{register} of {department} gave an answer that can't be right; the fault is recorded. Try again later.",
    ),
    "empty": (
        "{department}的{register}还没有数据，请稍后再试。",
        "{register} of {department} has no data yet; try again later.",
    ),
}


def say(key: str, **names: Texts) -> Texts:
    """The sentence in both languages."""
    return {
        language: sentence.format(**{name: text_in(texts, language) for name, texts in names.items()})
        for language, sentence in zip(LANGUAGES, SENTENCES[key], strict=True)
    }
