"""Items that come and go while the platform runs, and what is made of all items."""

from banshi.builtin.catalogue.beside import BESIDE_SEARCH
from banshi.builtin.catalogue.elements import TITLES, WORDS, elements_of, known_elements
from banshi.builtin.catalogue.joining import Joining, RuntimeItems, inspect_declaration
from banshi.builtin.catalogue.remedies import decided, remedy_text, remedy_with
from banshi.builtin.catalogue.search.pinyin import initials
from banshi.builtin.catalogue.search.words import search_terms
from banshi.foundation.files.spooled import SpooledAnswer
from banshi.kernel.loading.cached import PerRevision

#: What each element of the national list is called, by its name in items.toml.
ELEMENTS = TITLES

#: What each code of an element is called, by the element's name and the code.
ELEMENT_WORDS = WORDS

__all__ = [
    "BESIDE_SEARCH",
    "ELEMENTS",
    "ELEMENT_WORDS",
    "Joining",
    "PerRevision",
    "RuntimeItems",
    "SpooledAnswer",
    "decided",
    "elements_of",
    "initials",
    "inspect_declaration",
    "known_elements",
    "remedy_text",
    "remedy_with",
    "search_terms",
]
