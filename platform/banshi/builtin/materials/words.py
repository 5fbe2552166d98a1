"""What people read for where a material is from, and for what they do about it."""

from __future__ import annotations

from collections.abc import Mapping

from banshi.kernel.contract.values import Texts

SOURCES: Mapping[str, Texts] = {
    "authority": {"zh-CN": "由政府部门核发", "en": "Issued by an authority"},
    "applicant": {"zh-CN": "由申请人自备", "en": "Your own"},
    "platform": {"zh-CN": "由平台核验", "en": "Looked up by the platform"},
}
HOW: Mapping[str, Texts] = {
    "upload": {"zh-CN": "在线上传", "en": "Upload it"},
    "in-person": {"zh-CN": "到场出示", "en": "Bring it with you"},
    "not-needed": {"zh-CN": "无需提交", "en": "You need not hand it in"},
}
