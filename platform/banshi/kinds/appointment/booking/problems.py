"""Why an appointment can't be made, changed or begun now: each with its code and with what to do instead."""

from __future__ import annotations

from banshi.foundation.errors import NotFound
from banshi.kinds.refusals import InTwoLanguages, Refused


class SlotFull(Refused):
    """This time is full. Choose another one, or join the waiting list where there is one."""

    code = "slot-full"
    zh = "这个时段已约满。请另选时段，或者在可以候补时加入候补。"


class SlotClosed(Refused):
    """This time is no longer offered. Choose another one."""

    code = "slot-closed"
    zh = "这个时段不再开放预约，请另选时段。"


class SlotPast(Refused):
    """This time has begun or is over. Choose a later one."""

    code = "slot-past"
    zh = "这个时段已经开始或者过去，请选择以后的时段。"


class NotReleased(Refused):
    """This time can be booked from {opens} on. Come back then."""

    code = "not-released"
    zh = "这个时段从{opens}起开放预约，请届时再来。"


class SlotDrawn(Refused):
    """Who gets this time is drawn at {draw}. Book it to enter the draw: it can be neither held nor moved to."""

    code = "slot-drawn"
    zh = "这个时段于{draw}抽签分配。请提交预约报名参加抽签，不能预先保留，也不能改期到这个时段。"


class DrawPending(Refused):
    """This time is being drawn right now. Ask again in a minute."""

    code = "draw-pending"
    zh = "这个时段正在抽签，请一分钟后再试。"


class AlreadyThere(Refused):
    """You already have this time, or wait for it; see your own cases."""

    code = "already-there"
    zh = "您已经预约或者正在候补这个时段，可在“我的办件”中查看。"


class LimitReached(Refused):
    """One person has {limit} of these at once, and you have them. Cancel one, or move it to another time."""

    code = "limit-reached"
    zh = "每人同时最多{limit}个，您已达到上限。请取消其中一个，或者改期。"


class NoWaitingList(Refused):
    """This time is full and has no waiting list. Choose another one."""

    code = "no-waiting-list"
    zh = "这个时段已约满，也不设候补。请另选时段。"


class TooLateToChange(Refused):
    """It could be changed or cancelled until {until}. If you can't come, call {phone}."""

    code = "too-late-to-change"
    zh = "改期或者取消的截止时间是{until}，现已超过。不能前来的，请致电{phone}。"


class NoShowPause(Refused):
    """You missed {missed} appointments, so booking online pauses until {until}. Call {phone} if one is a mistake."""

    code = "no-show-pause"
    zh = "您有{missed}次预约未到场，网上预约暂停至{until}。如记录有误，请致电{phone}。"


class OfferOver(Refused):
    """The offer was good until {until}. The place has gone to whoever was next."""

    code = "offer-over"
    zh = "名额保留至{until}，现已超过，已转给下一位候补者。"


class WrongPlace(Refused):
    """This appointment is at another place: {where}."""

    code = "wrong-place"
    zh = "预约地点不在这里，应在：{where}。"


class WrongDay(Refused):
    """This appointment is on another day: {when}."""

    code = "wrong-day"
    zh = "预约日期不是今天，应为：{when}。"


class NotOverYet(Refused):
    """The time is not over yet: nobody has missed it."""

    zh = "时段尚未结束，还不能记录为未到场。"


class TooEarly(Refused):
    """Too early: the appointment is at {when}, and the counter takes people from {opens} on."""

    code = "too-early"
    zh = "未到签到时间：预约时间是{when}，{opens}起可以签到。"


class TooLate(Refused):
    """Too late: the appointment was at {when}. Book a new one."""

    code = "too-late"
    zh = "已过预约时间：预约时间是{when}。请重新预约。"


class NotScannable(Refused):
    """What was scanned is no appointment's code of this item. Scan the code in the app, or look for the number."""

    code = "not-an-appointment"
    zh = "扫到的不是本事项的预约码。请扫描应用中的预约码，或者按办件编号查找。"


class NotBookable(InTwoLanguages, NotFound):
    """There is no such item to book; look for it in the list of items."""

    zh = "没有这个预约事项，请在事项列表中查找。"


class NoSuchSlot(InTwoLanguages, NotFound):
    """This item has no such time; choose another one."""

    zh = "本事项没有这个时段，请另选时段。"


class NoCodeNow(InTwoLanguages, NotFound):
    """There is a code once the appointment is booked, until its end."""

    zh = "预约成功后才有二维码。"
