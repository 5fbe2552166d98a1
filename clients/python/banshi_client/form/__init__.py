"""A served form, as a client evaluates it: what is asked now, and what is wrong with the answers, without a call.

form = Form(item["form"])
answers = form.spelled(answers)      # numbers as the platform stores them
form.problems(answers)               # [Problem("/plate", "format", …), …]
form.fields(answers)                 # what to ask for now, in order, with labels
"""

from __future__ import annotations

from banshi_client.form.fields import Choice, Field, Group
from banshi_client.form.form import CITY, Form, Problem

__all__ = ["CITY", "Choice", "Field", "Form", "Group", "Problem"]
