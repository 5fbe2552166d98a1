"""Trying one thing after the other in a process that is closed in, and what is said of each."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

#: What such a process begins with: `tried` notes 0, the number of an error, or what else was raised.
TRYING = """
import asyncio, ctypes, fcntl, mmap, os, signal, socket, sys
from pathlib import Path
from banshi.builtin.isolation.fence import landlock, limits, seccomp

library = ctypes.CDLL(None, use_errno=True)
became = {}


def asked(name, *arguments):
    ctypes.set_errno(0)
    call = getattr(library, name) if isinstance(name, str) else library.syscall
    given = call(*(arguments if isinstance(name, str) else (ctypes.c_long(name), *arguments)))
    if given < 0:
        raise OSError(ctypes.get_errno(), str(name))
    return given


def tried(name, what, *arguments):
    try:
        what(*arguments)
    except OSError as error:
        became[name] = error.errno
    except BaseException as error:
        became[name] = repr(error)
    else:
        became[name] = 0


"""


def printed_by(code: str, *arguments: str) -> Any:
    """The value that the code prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout)
