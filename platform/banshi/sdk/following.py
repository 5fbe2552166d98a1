"""Kinds of notices, and those who follow what a plugin publishes: each is told once, and mutes a kind by itself."""

from banshi.builtin.personal_data.following.kinds import ALL as ALL
from banshi.builtin.personal_data.following.kinds import NOTICE_KINDS as NOTICE_KINDS
from banshi.builtin.personal_data.following.kinds import WISHES as WISHES
from banshi.builtin.personal_data.following.kinds import Follower as Follower
from banshi.builtin.personal_data.following.kinds import NoticeKind as NoticeKind
from banshi.builtin.personal_data.following.kinds import notice_kinds as notice_kinds
from banshi.builtin.personal_data.following.kinds import wishes as wishes
from banshi.builtin.personal_data.following.routes import Following as Following
from banshi.builtin.personal_data.following.routes import follow as follow
from banshi.builtin.personal_data.following.routes import followed as followed
from banshi.builtin.personal_data.following.routes import no_more as no_more
from banshi.builtin.personal_data.following.telling import News as News
from banshi.builtin.personal_data.following.telling import tell as tell
from banshi.builtin.personal_data.following.telling import tell_followers as tell_followers
