"""TOML files of a plugin's own that people write: each mistake with its key and what to do."""

from banshi.foundation.files.toml_and_json import read_toml as read_toml
from banshi.foundation.findings import did_you_mean as did_you_mean
from banshi.kernel.contract.data_tables import data_table as data_table
from banshi.kernel.contract.texts import REQUIRED_LANGUAGES as REQUIRED_LANGUAGES
from banshi.kernel.loading.catalogue import untranslated as untranslated
from banshi.kernel.loading.typed_tables import SettingsError as SettingsError
from banshi.kernel.loading.typed_tables import typed as typed
