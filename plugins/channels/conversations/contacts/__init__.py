"""Contacts as all rooms know them: by which ones somebody is known, and what is offered to whoever writes from one."""
