"""Items that come and go while the platform runs, and what is made of all items."""

from banshi.builtin.catalogue.beside import BESIDE_SEARCH as BESIDE_SEARCH
from banshi.builtin.catalogue.elements import TITLES as _TITLES
from banshi.builtin.catalogue.elements import WORDS as _WORDS
from banshi.builtin.catalogue.elements import elements_of as elements_of
from banshi.builtin.catalogue.elements import known_elements as known_elements
from banshi.builtin.catalogue.joining import Joining as Joining
from banshi.builtin.catalogue.joining import RuntimeItems as RuntimeItems
from banshi.builtin.catalogue.joining import inspect_declaration as inspect_declaration
from banshi.builtin.catalogue.remedies import decided as decided
from banshi.builtin.catalogue.remedies import remedy_text as remedy_text
from banshi.builtin.catalogue.remedies import remedy_with as remedy_with
from banshi.builtin.catalogue.search.pinyin import initials as initials
from banshi.builtin.catalogue.search.words import search_terms as search_terms
from banshi.foundation.files.spooled import SpooledAnswer as SpooledAnswer
from banshi.kernel.loading.cached import PerRevision as PerRevision

#: What each element of the national list is called, by its name in items.toml.
ELEMENTS = _TITLES

#: What each code of an element is called, by the element's name and the code.
ELEMENT_WORDS = _WORDS
