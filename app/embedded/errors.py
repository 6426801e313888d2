"""What can go wrong with the servers this project starts itself."""

from __future__ import annotations

from app.errors import ReciprocityError


class EmbeddedError(ReciprocityError):
    """The servers of this folder cannot do what was asked."""

    code = "embedded"


class MissingBinariesError(EmbeddedError):
    """No usable PostgreSQL or Redis was found on this machine."""

    code = "embedded_binaries_missing"


class PortTakenError(EmbeddedError):
    """Somebody else listens where a server should."""

    code = "embedded_port_taken"


class BrokerPortTakenError(PortTakenError):
    """Somebody else took Redis's port first; no document promises it, so another one will do."""


class DataFolderError(EmbeddedError):
    """The data folder cannot be used as it stands; nothing in it was changed."""

    code = "embedded_data_folder"


class ServerStartError(EmbeddedError):
    """A server was started and did not become ready."""

    code = "embedded_server_start"


class ProvisioningError(EmbeddedError):
    """A server refused the statements that create its databases and roles."""

    code = "embedded_provisioning"


class NotRunningError(EmbeddedError):
    """Something was asked of servers that do not run."""

    code = "embedded_not_running"
