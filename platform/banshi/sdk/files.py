"""Files that people upload: who examines them before anybody reads them."""

from banshi.builtin.uploads.quarantine import SCANNERS, Scanner
from banshi.builtin.uploads.receiving import sound_in
from banshi.builtin.uploads.storing import read_file, receive_file, show_file, store_file
from banshi.kernel.tables.attachments import Attachment

__all__ = ["SCANNERS", "Attachment", "Scanner", "read_file", "receive_file", "show_file", "sound_in", "store_file"]
