"""Materials that the platform has already: offered from the person's earlier cases, taken over with their consent.

Only what a member of staff has found right is offered, only to whoever handed it in, and only for the same document
about the same thing while it is fresh enough. What is taken over is a file of the new case's own: either case can go
without the other. The consent stands in the audit of both.
"""

from banshi.builtin.materials.labels import labels
from banshi.builtin.materials.offers import Earlier, earlier_files, takes
from banshi.builtin.materials.taking import REUSE, commit, member, taken
from banshi.builtin.materials.verdict import judged, replaced

__all__ = ["REUSE", "Earlier", "commit", "earlier_files", "judged", "labels", "member", "replaced", "taken", "takes"]
