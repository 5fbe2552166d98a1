"""What stands on every certificate beside what the item says, in both languages."""

from __future__ import annotations

from typing import Any

WORDS: dict[str, dict[str, Any]] = {
    "zh-CN": {
        "number": "编号：{number}",
        "valid": "本电子证书有效期",
        "from_until": "{first}至{last}",
        "between": "、",
        "verify": (
            "核验方法：用政务应用扫描左侧二维码，或把二维码的文字提交到公开的核验接口。",
            "请核对核验结果与本页内容是否一致；本证书可能在到期前被撤销，以核验结果为准。",
        ),
        "address": "核验地址：{address}",
        "lacking": "写作〔U+……〕的字，本证书的字体没有，以其统一码（Unicode）编号表示；二维码里的文字是完整的。",
        "qr": "二维码：经数字签名的证书内容",
    },
    "en": {
        "number": "No. {number}",
        "valid": "This certificate is valid",
        "from_until": "{first} to {last}",
        "between": ", ",
        "verify": (
            "To verify: scan the code with the city's app, or hand its text to the public verification.",
            "Compare the result with this page. A certificate can be revoked before it ends: the result decides.",
        ),
        "address": "Verify at: {address}",
        "lacking": (
            "A character that is written 〔U+…〕 is missing in this certificate's font and is named by its Unicode"
            " number; the text in the code is complete."
        ),
        "qr": "QR code: the digitally signed content of the certificate",
    },
}
