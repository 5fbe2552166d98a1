"""What routes send and take: JSON Schemas by their members, and rows written by them."""

from banshi.kernel.http.document_schemas import ID as ID
from banshi.kernel.http.document_schemas import LINKS as LINKS
from banshi.kernel.http.document_schemas import MAYBE_MOMENT as MAYBE_MOMENT
from banshi.kernel.http.document_schemas import MAYBE_TEXT as MAYBE_TEXT
from banshi.kernel.http.document_schemas import MOMENT as MOMENT
from banshi.kernel.http.document_schemas import TEXT as TEXT
from banshi.kernel.http.document_schemas import Record as Record
from banshi.kernel.http.document_schemas import array as array
from banshi.kernel.http.document_schemas import named as named
from banshi.kernel.http.document_schemas import optional as optional
