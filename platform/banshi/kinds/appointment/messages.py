"""What citizens are told of an appointment's steps: when and where, why, and what they do next.

An item may have its own words (`[items.messages.<action>]`); a line that mentions what isn't there is left out.
"""

from __future__ import annotations

from banshi.kinds.messages import message

#: What a message can say of the slot, and until when an offered place is kept.
SLOT = frozenset({"day", "time", "place", "address"})
OFFER = SLOT | {"until"}


WHERE_ZH = "时间：{day} {time}\n地点：{place}，{address}"
WHERE_EN = "When: {day}, {time}\nWhere: {place}, {address}"

BOOKED = message(
    {"zh-CN": "预约成功：{item}", "en": "Booked: {item}"},
    f"您的预约已成功。\n{WHERE_ZH}\n到场时请进入“我的办件”，打开该预约，出示二维码签到。不能前来的，请及时改期或者取消。",
    f"Your appointment is booked.\n{WHERE_EN}\nOpen the appointment at the counter and show its QR code. If you can't"
    " come, move or cancel it in time.",
)

REQUESTED = message(
    {"zh-CN": "已提交，等待确认：{item}", "en": "Received, to be confirmed: {item}"},
    f"您的预约已提交，名额已为您保留，请等待工作人员确认。\n{WHERE_ZH}\n最迟于{{deadline}}告知结果。",
    f"Your appointment was received and the place is kept for you; staff will confirm it.\n{WHERE_EN}\nYou are told by"
    " {deadline} at the latest.",
)

CONFIRMED = message(
    {"zh-CN": "预约已确认：{item}", "en": "Confirmed: {item}"},
    f"工作人员已确认您的预约。\n{WHERE_ZH}\n说明：{{reason}}\n到场时请进入“我的办件”，打开该预约，出示二维码签到。",
    f"Staff have confirmed your appointment.\n{WHERE_EN}\nA note: {{reason}}\nOpen the appointment at the counter and"
    " show its QR code.",
)

REFUSED = message(
    {"zh-CN": "未予确认：{item}", "en": "Not confirmed: {item}"},
    "您的预约未予确认，名额已释放。理由：\n{reason}\n\n您可以补充材料后重新预约。",
    "Your appointment was not confirmed, and the place was given back. The reason:\n{reason}\n\nYou may book again with"
    " what is missing.",
)

CALLED_OFF = message(
    {"zh-CN": "预约被取消：{item}", "en": "Called off: {item}"},
    f"很抱歉，您的预约被取消。\n{WHERE_ZH}\n原因：{{reason}}\n请另选时段重新预约。",
    f"We are sorry: your appointment was called off.\n{WHERE_EN}\nThe reason: {{reason}}\nPlease book another time.",
)

JOINED = message(
    {"zh-CN": "已加入候补：{item}", "en": "On the waiting list: {item}"},
    f"这个时段已约满，您已加入候补。\n{WHERE_ZH}\n有名额空出时按先后顺序通知，请留意消息。",
    f"This time is full; you are on its waiting list.\n{WHERE_EN}\nWhen a place falls free, people are told in the"
    " order of the list.",
)

OFFERED = message(
    {"zh-CN": "有名额了，请尽快确认：{item}", "en": "A place is free, accept it soon: {item}"},
    f"您候补的时段有名额了，已为您保留。\n{WHERE_ZH}\n请在{{until}}之前进入“我的办件”，打开该预约并接受，过时名额转给下一位。",
    f"A place has fallen free at the time you wait for, and is kept for you.\n{WHERE_EN}\nOpen the appointment and"
    " accept by {until}; after that it goes to the next person.",
)

ENTERED = message(
    {"zh-CN": "已参加抽签：{item}", "en": "In the draw: {item}"},
    f"这个时段由抽签分配，您已报名，先后顺序不影响结果。\n{WHERE_ZH}\n抽签时间：{{until}}。结果会在这里告知您。",
    f"This time is given out by a draw; you are in it, and it doesn't matter who came first.\n{WHERE_EN}\nIt is drawn"
    " at {until}. You are told the outcome here.",
)

NOT_DRAWN = message(
    {"zh-CN": "抽签未中：{item}", "en": "Not drawn: {item}"},
    f"很抱歉，这次抽签您未中签，已按抽签顺序列入候补。\n{WHERE_ZH}\n有名额空出时会通知您。",
    f"We are sorry: you were not drawn, and are now on the waiting list in the order of the draw.\n{WHERE_EN}\nYou are"
    " told when a place falls free.",
)

LAPSED = message(
    {"zh-CN": "已失效：{item}", "en": "Lapsed: {item}"},
    f"您的预约未成功，现已失效，名额不再保留。\n{WHERE_ZH}\n您可以另选时段重新预约。",
    f"This did not become an appointment, and no place is kept for it any more.\n{WHERE_EN}\nYou may book another"
    " time.",
)

REMINDER = message(
    {"zh-CN": "提醒您明天的预约：{item}", "en": "Your appointment tomorrow: {item}"},
    f"提醒您：您有一个预约。\n{WHERE_ZH}\n请带齐材料按时前来，出示二维码签到。",
    f"A reminder of your appointment.\n{WHERE_EN}\nPlease come on time with your documents, and show the QR code.",
)

MISSED = message(
    {"zh-CN": "记录为未到场：{item}", "en": "Recorded as missed: {item}"},
    f"您没有在预约的时间签到，已记录为未到场。\n{WHERE_ZH}\n多次未到场的，网上预约会暂停一段时间。如记录有误，请联系我们更正。",
    f"You did not check in at the time of your appointment; it is recorded as missed.\n{WHERE_EN}\nAfter several of"
    " these, booking online pauses for a while. If this is a mistake, tell us and we correct it.",
)

EXCUSED = message(
    {"zh-CN": "未到场记录已撤销：{item}", "en": "No longer recorded as missed: {item}"},
    f"这次未到场的记录已撤销。\n{WHERE_ZH}\n说明：{{reason}}",
    f"This appointment is no longer recorded as missed.\n{WHERE_EN}\nThe reason: {{reason}}",
)
