"""Kinds of notices, and those who follow what a plugin publishes: each is told once, and mutes a kind by itself."""

from banshi.builtin.personal_data.following.kinds import (
    ALL,
    NOTICE_KINDS,
    WISHES,
    Follower,
    NoticeKind,
    notice_kinds,
    wishes,
)
from banshi.builtin.personal_data.following.routes import Following, follow, followed, no_more
from banshi.builtin.personal_data.following.telling import News, tell, tell_followers

__all__ = [
    "ALL",
    "NOTICE_KINDS",
    "WISHES",
    "Follower",
    "Following",
    "News",
    "NoticeKind",
    "follow",
    "followed",
    "no_more",
    "notice_kinds",
    "tell",
    "tell_followers",
    "wishes",
]
