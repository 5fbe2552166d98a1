"""Signing people in at the city's identity provider, for pages of a plugin's own; and what ends with their sessions."""

from banshi.builtin.identity.access import admitted as admitted
from banshi.builtin.identity.ended import END_WITH_SESSIONS as END_WITH_SESSIONS
from banshi.builtin.identity.ended import ENDED_SESSIONS as ENDED_SESSIONS
from banshi.builtin.identity.ended import EndedSessions as EndedSessions
from banshi.builtin.identity.ended import Held as Held
from banshi.builtin.identity.ended import end_sessions as end_sessions
from banshi.builtin.identity.ended import held as held
from banshi.builtin.sign_in.flow import ATTEMPT_LIFE_S as ATTEMPT_LIFE_S
from banshi.builtin.sign_in.flow import SIGN_IN as SIGN_IN
from banshi.builtin.sign_in.kept import CAME as CAME
from banshi.builtin.sign_in.kept import KeptCookie as KeptCookie
from banshi.builtin.sign_in.kept import has_come_back as has_come_back
from banshi.builtin.sign_in.kept import opened as opened
from banshi.builtin.sign_in.kept import sealed as sealed
