"""Elements of the national list of government service items (政务服务事项实施清单): laws, remedies, and others."""

from __future__ import annotations

from typing import Literal

from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.texts import Texts

# fmt: off
ItemType = Literal[
    "permit", "confirmation", "benefit", "award", "ruling", "levy", "penalty", "coercion", "inspection", "other-power",
    "public-service",
]
PowerSource = Literal[
    "own-level", "devolved-from-above", "authorised-from-above", "authorised-at-level", "entrusted-from-above",
    "entrusted-at-level",
]
# fmt: on
ResultType = Literal["licence", "document", "other"]

#: How far a level of government, or an arrangement between its offices, reaches.
Level = Literal["national", "province", "city", "county", "township"]


@data_table
class Elements:
    """The table `[items.elements]`. What isn't known for certain is left out."""

    #: 事项类型.
    item_type: ItemType | None = None
    #: 基本编码 of the national catalogue, and 实施编码 of the office's own list: digits and capital letters.
    basic_code: str = ""
    implementation_code: str = ""
    #: 行使层级, in place of the department's.
    exercise_level: Level | None = None
    #: 权力来源.
    power_source: PowerSource | None = None
    #: 办件类型: 即办件 or 承诺件.
    handling_type: Literal["immediate", "promised"] | None = None
    #: 审批结果类型.
    result_type: ResultType | None = None
    #: 监督投诉方式: where somebody complains of how it is handled; in place of the department's.
    complaints: Texts | None = None
    #: 通办范围: how far away from home it can be handed in.
    service_area: Level | None = None


@data_table
class LegalBasis:
    """A law that the item rests on. Cite one only where name and article are certain."""

    title: Texts
    article: str = ""


@data_table
class Remedy:
    """To whom somebody turns who doesn't accept a decision: administrative reconsideration, or a lawsuit."""

    #: `final`: by law to nobody, which a decision says; `none`: nothing is decided against anybody. An `ordinary` one
    #: that names nobody is the department's.
    kind: Literal["ordinary", "final", "none"] = "ordinary"
    #: The authority that reconsiders it, and within how many days it is asked (行政复议法 20).
    reconsideration: Texts | None = None
    days: int = 60
    #: The court, and within how many months the lawsuit is filed (行政诉讼法 46).
    court: Texts | None = None
    months: int = 6
    #: All of it in the department's own words, where the law has other ways, several authorities or other times.
    text: Texts | None = None
    #: The law that says so.
    basis: tuple[LegalBasis, ...] = ()
