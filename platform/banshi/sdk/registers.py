"""Registers that queries ask."""

from banshi.kinds.query.checks import inspect_registers
from banshi.kinds.query.imports.csv_file import Problems, Row
from banshi.kinds.query.imports.loading import WrongFile as RefusedFile
from banshi.kinds.query.imports.loading import progress, rows_in
from banshi.kinds.query.registers.declared import Column, Register
from banshi.kinds.query.registers.opened import REGISTERS, SOURCES
from banshi.kinds.query.registers.protocol import Found, Question

__all__ = [
    "REGISTERS",
    "SOURCES",
    "Column",
    "Found",
    "Problems",
    "Question",
    "RefusedFile",
    "Register",
    "Row",
    "inspect_registers",
    "progress",
    "rows_in",
]
