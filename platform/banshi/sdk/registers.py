"""Registers that queries ask."""

from banshi.kinds.query.checks import inspect_registers as inspect_registers
from banshi.kinds.query.imports.csv_file import Problems as Problems
from banshi.kinds.query.imports.csv_file import Row as Row
from banshi.kinds.query.imports.loading import WrongFile as _RefusedFile
from banshi.kinds.query.imports.loading import progress as progress
from banshi.kinds.query.imports.loading import rows_in as rows_in
from banshi.kinds.query.registers.declared import Column as Column
from banshi.kinds.query.registers.declared import Register as Register
from banshi.kinds.query.registers.opened import REGISTERS as REGISTERS
from banshi.kinds.query.registers.opened import SOURCES as SOURCES
from banshi.kinds.query.registers.protocol import Found as Found
from banshi.kinds.query.registers.protocol import Question as Question

RefusedFile = _RefusedFile
