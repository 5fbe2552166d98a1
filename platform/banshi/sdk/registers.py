"""Registers that queries ask."""

from banshi.kinds.query.joining import inspect_registers
from banshi.kinds.query.registers.declared import Register
from banshi.kinds.query.registers.opened import REGISTERS
from banshi.kinds.query.registers.protocol import Found, Question

__all__ = [
    "REGISTERS",
    "Found",
    "Question",
    "Register",
    "inspect_registers",
]
