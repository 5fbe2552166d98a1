"""The whole platform, opened in a command's own process."""

from banshi.app import opened_by as opened_by
