"""All tables of the plugin. Each room has its own; the platform finds them here."""

from insights.figures.models import Count as Count  # named again: this is the module that the platform reads
from insights.figures.models import CountSource as CountSource
from insights.findings.models import Finding as Finding
from insights.findings.models import FindingStep as FindingStep
from insights.findings.models import JudgedUntil as JudgedUntil
from insights.published.models import OpenWeek as OpenWeek
