"""Files that people upload: who examines them before anybody reads them."""

from banshi.builtin.uploads.quarantine import SCANNERS as SCANNERS
from banshi.builtin.uploads.quarantine import Scanner as Scanner
from banshi.builtin.uploads.receiving import sound_in as sound_in
from banshi.builtin.uploads.storing import read_file as read_file
from banshi.builtin.uploads.storing import receive_file as receive_file
from banshi.builtin.uploads.storing import show_file as show_file
from banshi.builtin.uploads.storing import store_file as store_file
from banshi.kernel.tables.attachments import Attachment as Attachment
