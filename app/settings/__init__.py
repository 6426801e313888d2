"""Every variable, once, validated before anything is opened.

The environment comes before the file `.env`. No database variable has a default, and nothing that
libpq would fill in from `PG*` variables is accepted: an address says all of itself.
"""

from app.settings.loading import AnySettings, load
from app.settings.sources import Sources, read_env_file
from app.settings.variables import (
    AIAddress,
    ApiSettings,
    BackendAddress,
    CommandSettings,
    DatabaseSettings,
    EmbeddingSettings,
    LanguageModelSettings,
    Optional,
    SiteSettings,
    WorkerSettings,
    all_names,
    names,
)

__all__ = [
    "AIAddress",
    "AnySettings",
    "ApiSettings",
    "BackendAddress",
    "CommandSettings",
    "DatabaseSettings",
    "EmbeddingSettings",
    "LanguageModelSettings",
    "Optional",
    "SiteSettings",
    "Sources",
    "WorkerSettings",
    "all_names",
    "load",
    "names",
    "read_env_file",
]
