"""What stands on every certificate beside what the item says, in both languages."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "zh-CN": {
        "number": "编号：{number}",
        "valid": "本电子证书有效期",
        "from_until": "{first}至{last}",
        "scan": "核验方法：用政务应用扫描左侧二维码。",
        "scan_or_look_up": "核验方法：用政务应用扫描左侧二维码，或者登录核验网址查询。",
        "compare": "请核对核验结果与本页内容是否一致；本证书可能在到期前被撤销、撤回或者注销，以核验结果为准。",
        "address": "核验网址：{address}",
        "lacking": "字体缺少的字以〔U+编号〕标示；二维码中的文字是完整的。",
        "qr": "二维码：经数字签名的证书内容",
    },
    "en": {
        "number": "No. {number}",
        "valid": "This certificate is valid",
        "from_until": "{first} to {last}",
        "scan": "To verify: scan the code with the city's app.",
        "scan_or_look_up": "To verify: scan the code with the city's app, or look it up at the verification address.",
        "compare": (
            "Compare the result with this page. A certificate can be revoked, taken back or cancelled before it ends:"
            " the result decides."
        ),
        "address": "Verification address: {address}",
        "lacking": (
            "A character that is written 〔U+…〕 is missing in this certificate's font and is named by its Unicode"
            " number; the text in the code is complete."
        ),
        "qr": "QR code: the digitally signed content of the certificate",
    },
}
