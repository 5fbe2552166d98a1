"""TOML files of a plugin's own that people write: each mistake with its key and what to do."""

from banshi.foundation.files.toml_and_json import read_toml
from banshi.foundation.findings import did_you_mean
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.texts import REQUIRED_LANGUAGES
from banshi.kernel.loading.catalogue import untranslated
from banshi.kernel.loading.typed_tables import SettingsError, typed

__all__ = ["REQUIRED_LANGUAGES", "SettingsError", "data_table", "did_you_mean", "read_toml", "typed", "untranslated"]
