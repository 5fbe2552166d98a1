"""Staff's rooms, and who finds which of them: a link in the header, and pages that are 404 to everybody else."""

from __future__ import annotations

from dataclasses import dataclass

from banshi import Key, Platform, Principal

#: Roles at the desk; of whoever publishes what anybody reads; who judges figures; who scans passes in the street.
AT_DESK = frozenset({"desk", "desk-lead"})
PUBLISHES = frozenset({"publisher"})
JUDGES = frozenset({"analyst", "publisher"})
SCANS = frozenset({"officer"})


@dataclass(frozen=True, slots=True)
class Room:
    """A part of the workbench."""

    #: Its address, below that of the workbench.
    at: str
    #: Who finds it, in whatever department.
    roles: frozenset[str]
    #: An address of the API without which there is no such room.
    needs: str
    #: Whether everybody finds it who reads cases.
    is_of_cases: bool = False

    def admits(self, platform: Platform, person: Principal) -> bool:
        """Whether somebody finds it. What of it they may see, the API says."""
        if self not in platform[ROOMS]:
            return False
        if self.is_of_cases and person.access is not None and person.access.works(person):
            return True
        return any(role.name in self.roles for role in person.roles)


WORKLIST = Room("/worklist", frozenset(), "/v1/worklist", is_of_cases=True)
DESK = Room("/desk", AT_DESK, "/v1/desk/desks")
HOTLINE = Room("/hotline", frozenset({"desk"}), "/v1/hotline/call-backs")
FIGURES = Room("/figures", frozenset({"desk-lead"}), "/v1/statistics/cases", is_of_cases=True)
FINDINGS = Room("/findings", JUDGES, "/v1/insights/findings")
PUBLISHING = Room("/publishing", PUBLISHES, "/v1/notices")
REFUTATIONS = Room("/refutations", PUBLISHES, "/v1/refutations/records")
ROADS = Room("/roads", frozenset({"reviewer"}), "/v1/road/records")
SCANNER = Room("/scan", SCANS, "/v1/passes/verify")

#: Those that this platform has, in the header's order.
ROOMS: Key[tuple[Room, ...]] = Key("staff's rooms")


def rooms_here(platform: Platform) -> tuple[Room, ...]:
    """The rooms whose address of the API is served."""
    served = {route.path for _, route in platform.registry.routes}
    every = (WORKLIST, DESK, HOTLINE, FIGURES, FINDINGS, PUBLISHING, REFUTATIONS, ROADS, SCANNER)
    return tuple(one for one in every if one.needs in served)
