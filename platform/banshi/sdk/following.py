"""Kinds of notices, and those who follow what a plugin publishes: each is told once, and mutes a kind by itself."""

from banshi.builtin.following.kinds import (
    ALL,
    NOTICE_KINDS,
    WISHES,
    Follower,
    NoticeKind,
    Wishes,
    notice_kinds,
    wishes,
)
from banshi.builtin.following.routes import Following, follow, followed, no_more
from banshi.builtin.following.telling import News, tell, tell_followers

__all__ = [
    "ALL",
    "NOTICE_KINDS",
    "WISHES",
    "Follower",
    "Following",
    "News",
    "NoticeKind",
    "Wishes",
    "follow",
    "followed",
    "no_more",
    "notice_kinds",
    "tell",
    "tell_followers",
    "wishes",
]
