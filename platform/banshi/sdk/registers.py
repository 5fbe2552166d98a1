"""Registers that queries ask."""

from banshi.kinds.query.joining import inspect_registers
from banshi.kinds.query.registers.declared import Register
from banshi.kinds.query.registers.opened import REGISTERS, SOURCES
from banshi.kinds.query.registers.protocol import Found, Question

__all__ = [
    "REGISTERS",
    "SOURCES",
    "Found",
    "Question",
    "Register",
    "inspect_registers",
]
