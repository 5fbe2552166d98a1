"""What citizens are told of an application's steps: what happened, why, and what they do next.

An item may have its own words (`[items.messages.<action>]`); a line that mentions what isn't there is left out.
"""

from __future__ import annotations

from dataclasses import replace

from banshi.builtin.catalogue.remedies import REMEDY
from banshi.kernel.contract.values import MessageTemplates
from banshi.kinds.messages import message
from banshi.kinds.sentences import say

#: What the message of an approval may mention where it gives a pass.
PASS = frozenset({"valid_from", "valid_until"})

#: The actions that somebody may not accept, and what their messages may mention.
AGAINST_SOMEBODY = frozenset({"refuse", "decline", "revoke", "take-back", "cancel"})
REMEDIES = frozenset({REMEDY})

#: What the message of a permit's suspension may mention.
STOP = frozenset({"cause", "expected_days"})

#: What the receipt of a permit's application says: until when it is told whether it is accepted.
ANSWERED = frozenset({"answered_by"})

#: … and where it gives a certificate.
CERTIFICATE = frozenset({"certified_until"})


def with_remedy(told: MessageTemplates | None) -> MessageTemplates:
    """A step's message that says in the end whom to turn to."""
    told = told or MessageTemplates()
    body = {language: f"{text}\n{{{REMEDY}}}" for language, text in (told.body or {}).items()}
    return replace(told, body=body)


#: The dated receipt (收件凭证) of a permit's application, which nobody has accepted yet.
RECEIVED = message(
    {"zh-CN": "已收到申请：{item}", "en": "Received: {item}"},
    """{department}已于{date}收到您的申请，编号为{number}。
最迟于{answered_by}告知您是否受理，或者一次性告知需要补正的全部内容；逾期未告知的，自收到之日起即为受理。
目前您无需进行其他操作，请保留本通知作为收件凭证。""",
    """{department} received your application on {date}, under the number {number}.
By {answered_by} you are told whether it is accepted, or all that is missing. If you are told nothing by then, it \
counts as accepted from the day on which it was received.
There is nothing for you to do now. Keep this message as your receipt.""",
)

#: The same, of what was asked for.
CORRECTIONS_RECEIVED = message(
    {"zh-CN": "已收到补正材料：{item}", "en": "Corrections received: {item}"},
    """{department}已于{date}收到您的补正材料，申请编号为{number}。
最迟于{answered_by}告知您是否受理；逾期未告知的，自收到补正材料之日起即为受理。
目前您无需进行其他操作，请保留本通知作为收件凭证。""",
    """{department} received your corrections on {date}, for the application {number}.
By {answered_by} you are told whether it is accepted. If you are told nothing by then, it counts as accepted from the \
day on which the corrections were received.
There is nothing for you to do now. Keep this message as your receipt.""",
)

ACCEPTED = message(
    {"zh-CN": "已受理：{item}", "en": "Accepted: {item}"},
    """您的申请已于{date}由{department}受理。
说明：{reason}
最迟于{deadline}作出决定；退回补正和特别程序所需的时间不计在内。
目前您无需进行其他操作，办理结果会在这里告知您。""",
    """Your application was accepted on {date} and is being worked on.
A note: {reason}
You get a decision by {deadline} at the latest, not counting corrections and special procedures.
There is nothing for you to do now; you will be told the outcome here.""",
)

RETURNED = message(
    {"zh-CN": "请补正材料：{item}", "en": "Please correct your application: {item}"},
    """您的申请需要补正：
{reason}

请进入“我的办件”，打开该申请，修改后重新提交。在您提交之前，办理时限暂停计算。""",
    """Your application needs a correction:
{reason}

Open the application, change what is asked for and submit it again. Until you do, the time to decide is paused.""",
)

SUSPENDED = message(
    say("Paused, in a special procedure: {item}"),
    """您的申请自{date}起转入特别程序，所需时间不计入办理时限。原因：
{reason}

目前您无需进行其他操作，恢复办理时会告知您。""",
    """On {date} a special procedure began, whose time does not count towards the time to decide. The reason:
{reason}

There is nothing for you to do now; you will be told when work on your application goes on.""",
)

RESUMED = message(
    {"zh-CN": "恢复办理：{item}", "en": "Being worked on again: {item}"},
    """特别程序已结束，您的申请自{date}起恢复办理。
说明：{reason}
最迟于{deadline}作出决定。
目前您无需进行其他操作，办理结果会在这里告知您。""",
    """The special procedure is over; work on your application resumed on {date}.
A note: {reason}
You get a decision by {deadline} at the latest.
There is nothing for you to do now; you will be told the outcome here.""",
)

APPROVED = message(
    {"zh-CN": "已批准：{item}", "en": "Approved: {item}"},
    """您的申请已于{date}获得批准。
说明：{reason}
{result}自{valid_from}起生效，有效期至{valid_until}；请进入“我的办件”，打开该申请查看和出示。
{result}已出具，有效期至{certified_until}；请进入“我的办件”，打开该申请下载带二维码的PDF。""",
    """Your application was approved on {date}.
A note: {reason}
{result}: valid from {valid_from} to {valid_until}. Open the application to see it and to show it.
{result}: your certificate is ready, valid to {certified_until}. Open the application to get the PDF.""",
)

GRANTED = message(
    {"zh-CN": "准予许可：{item}", "en": "Permit granted: {item}"},
    """{department}于{date}决定准予许可。
说明：{reason}
{result}自{valid_from}起生效，有效期至{valid_until}；请进入“我的办件”，打开该申请查看和出示。
{result}已出具，有效期至{certified_until}；请进入“我的办件”，打开该申请下载带二维码的PDF。""",
    """On {date} {department} decided to grant the permit.
A note: {reason}
{result}: valid from {valid_from} to {valid_until}. Open the application to see it and to show it.
{result}: your certificate is ready, valid to {certified_until}. Open the application to get the PDF.""",
)

DEEMED = message(
    {"zh-CN": "已受理：{item}", "en": "Accepted: {item}"},
    """{department}在五个工作日内未告知您需要补正的内容，您的申请自收到之日起即为受理。
最迟于{deadline}作出决定；依法不计入办理期限的时间除外。
目前您无需进行其他操作，办理结果会在这里告知您。""",
    """{department} named nothing that is missing within five working days: your application counts as accepted from \
the day on which it was received.
You get a decision by {deadline} at the latest, not counting what the law doesn't count.
There is nothing for you to do now; you will be told the outcome here.""",
)

ALL_THAT_IS_MISSING = message(
    {"zh-CN": "请补正材料：{item}", "en": "Please correct your application: {item}"},
    """受理您的申请前，需要补正以下全部内容：
{reason}

请进入“我的办件”，打开该申请，修改后重新提交。按要求补正后，不会再次要求补正。""",
    """Before your application is accepted, all of this is needed:
{reason}

Open the application, change what is asked for and submit it again. You will not be asked for corrections again.""",
)

STOPPED = message(
    {"zh-CN": "暂停计算办理期限：{item}", "en": "Paused: {item}"},
    """您的申请自{date}起需要进行{cause}，预计{expected_days}个工作日，所需时间依法不计入办理期限。说明：
{reason}

目前您无需进行其他操作，恢复办理时会告知您。""",
    """Your application needs {cause} from {date} on. It is expected to take {expected_days} working days, which \
by law do not count towards the time to decide. A note:
{reason}

There is nothing for you to do now; you will be told when work on your application goes on.""",
)

DECLINED = message(
    {"zh-CN": "不予受理：{item}", "en": "Not accepted for processing: {item}"},
    """{department}于{date}决定不予受理。理由：
{reason}

{remedy}""",
    """On {date} {department} decided not to accept your application for processing. The reason:
{reason}

{remedy}""",
)

NOT_PERMITTED = message(
    {"zh-CN": "不予许可：{item}", "en": "Permit refused: {item}"},
    """{department}于{date}决定不予许可。理由：
{reason}

{remedy}""",
    """On {date} {department} decided to refuse the permit. The reason:
{reason}

{remedy}""",
)

REFUSED = message(
    {"zh-CN": "不予办理：{item}", "en": "Refused: {item}"},
    """{department}于{date}决定不予办理。理由：
{reason}

{remedy}""",
    """On {date} {department} decided not to grant your application. The reason:
{reason}

{remedy}""",
)

REVOKED = message(
    {"zh-CN": "已撤销：{item}", "en": "Revoked: {item}"},
    """原先的批准已于{date}撤销，自即日起不再有效，请勿继续使用。理由：
{reason}

{remedy}""",
    """The approval was revoked on {date}. What it allowed is no longer allowed. The reason:
{reason}

{remedy}""",
)

TAKEN_BACK = message(
    {"zh-CN": "批准已撤回：{item}", "en": "The approval was taken back: {item}"},
    """因所依据的规定或者客观情况发生变化，原先的批准已于{date}撤回，自即日起不再有效，请勿继续使用。理由：
{reason}

由此给您造成财产损失的，可以依法申请补偿。
{remedy}""",
    """Law or circumstances have changed, so the approval was taken back on {date}. What it allowed is no \
longer allowed. The reason:
{reason}

Where this causes you a loss of property, you may apply for compensation as the law provides.
{remedy}""",
)

CANCELLED = message(
    {"zh-CN": "已注销：{item}", "en": "Cancelled: {item}"},
    """原先的批准已于{date}注销，请勿继续使用。理由：
{reason}

{remedy}""",
    """The approval is over and was cancelled on {date}. What it allowed is no longer allowed. The reason:
{reason}

{remedy}""",
)
