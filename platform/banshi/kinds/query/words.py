"""What an asker reads when there is no answer, in zh-CN and en."""

from __future__ import annotations

from banshi.kernel.contract.values import LANGUAGES, Texts, text_in

SENTENCES = {
    "not-verified": (
        "查询个人信息需要经过核验的公民身份号码。请在身份认证平台完成实名认证，然后重新登录。",
        "Looking up personal records takes a verified ID number. Have it verified where you sign in, and sign in anew.",
    ),
    "not-a-registrar": (
        "窗口查询需要该部门的 registrar（窗口查询）角色。",
        "To look something up at the counter you need the role registrar in this department.",
    ),
    "own-cases-only": (
        "这里只能查询本人的办件；工作人员请在待办列表中查找。",
        "Everybody finds their own cases here. Staff find theirs in the worklist.",
    ),
    "not-own": ("只能填写本人的公民身份号码。", "Give your own ID number: you can only ask about yourself."),
    "too-many": (
        "这一小时内的查询次数已用完，请按 Retry-After 的时间稍后再试。",
        "This hour's look-ups are used up; wait as long as Retry-After says.",
    ),
    "too-many-misses": (
        "多次查询没有结果，暂停查询。请核对所填内容，按 Retry-After 的时间稍后再试。",
        "Too many look-ups have found nothing. Check what you enter, and wait as long as Retry-After says.",
    ),
    "waiting": (
        "您的其他查询还没有结果，请稍候再试。",
        "Other look-ups of yours are still under way; try again in a moment.",
    ),
    "down": (
        "{department}的{register}暂时无法查询，请按 Retry-After 的时间稍后再试。",
        "{register} of {department} can't be asked at present; try again after Retry-After.",
    ),
    "slow": (
        "{department}的{register}没有及时答复，请按 Retry-After 的时间稍后再试。",
        "{register} of {department} took too long to answer; try again after Retry-After.",
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
