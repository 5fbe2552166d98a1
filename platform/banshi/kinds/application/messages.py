"""What citizens are told of an application's steps: what happened, why, and what they do next.

An item may have its own words (`[items.messages.<action>]`); a line that mentions what isn't there is left out.
"""

from __future__ import annotations

from banshi.kinds.messages import message

#: What the message of an approval may mention where it gives a pass.
PASS = frozenset({"valid_from", "valid_until"})

#: … and where it gives a certificate.
CERTIFICATE = frozenset({"certified_until"})


ACCEPTED = message(
    {"zh-CN": "{item}：已受理（{number}）", "en": "{item}: accepted ({number})"},
    """您的申请已于{date}由{department}受理。
说明：{reason}
最迟于{deadline}作出决定；退回补正和特别程序所需的时间不计在内。
您现在无需做任何事，办理结果会在这里告知您。""",
    """Your application was accepted on {date} and is being worked on.
A note: {reason}
You get a decision by {deadline} at the latest, not counting corrections and special procedures.
There is nothing for you to do now; you will be told the outcome here.""",
)

RETURNED = message(
    {"zh-CN": "{item}：请补正材料（{number}）", "en": "{item}: please correct your application ({number})"},
    """您的申请需要补正：
{reason}

请打开这件申请，修改后重新提交。在您提交之前，办理时限暂停计算。""",
    """Your application needs a correction:
{reason}

Open the application, change what is asked for and submit it again. Until you do, the time to decide stands still.""",
)

SUSPENDED = message(
    {
        "zh-CN": "{item}：已转入特别程序，计时暂停（{number}）",
        "en": "{item}: in a special procedure, the clock stands ({number})",
    },
    """您的申请自{date}起转入特别程序，所需时间不计入办理时限。原因：
{reason}

您现在无需做任何事，恢复办理时会告知您。""",
    """On {date} a special procedure began, whose time does not count towards the time to decide. The reason:
{reason}

There is nothing for you to do now; you will be told when work on your application goes on.""",
)

RESUMED = message(
    {"zh-CN": "{item}：恢复办理（{number}）", "en": "{item}: being worked on again ({number})"},
    """特别程序已结束，您的申请自{date}起恢复办理。
说明：{reason}
最迟于{deadline}作出决定。
您现在无需做任何事，办理结果会在这里告知您。""",
    """The special procedure is over; work on your application resumed on {date}.
A note: {reason}
You get a decision by {deadline} at the latest.
There is nothing for you to do now; you will be told the outcome here.""",
)

APPROVED = message(
    {"zh-CN": "{item}：已批准（{number}）", "en": "{item}: approved ({number})"},
    """您的申请已于{date}获得批准。
说明：{reason}
{result}自{valid_from}起生效，有效期至{valid_until}；打开这件申请即可查看和出示。
{result}已出具，有效期至{certified_until}；打开这件申请即可下载带二维码的PDF。""",
    """Your application was approved on {date}.
A note: {reason}
{result}: valid from {valid_from} to {valid_until}. Open the application to see it and to show it.
{result}: your certificate is ready, valid to {certified_until}. Open the application to get the PDF.""",
)

REFUSED = message(
    {"zh-CN": "{item}：未获批准（{number}）", "en": "{item}: refused ({number})"},
    """您的申请于{date}未获批准。理由：
{reason}
""",
    """Your application was refused on {date}. The reason:
{reason}
""",
)

REVOKED = message(
    {"zh-CN": "{item}：已撤销（{number}）", "en": "{item}: revoked ({number})"},
    """原先的批准已于{date}撤销，自即日起不再有效，请勿继续使用。理由：
{reason}
""",
    """The approval was revoked on {date}. What it allowed is no longer allowed. The reason:
{reason}
""",
)
