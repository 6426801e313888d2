"""Make what one process of the API serves, and prepare that process for it."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import shutil
import sys
import threading
import time
from multiprocessing.process import BaseProcess
from typing import Final, NoReturn

from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from app import proving
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import DatabaseUnavailableError
from app.errors import ReciprocityError
from app.main import create_app
from app.observability import logs, together, tracing
from app.settings import ApiSettings, load

log = logging.getLogger(__name__)
_AWAY: Final = 2.0  # seconds before a process that lacks a database is begun anew


def application() -> FastAPI:
    """Make the application in the process that will serve it."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return _made(load(ApiSettings))
    threading.Thread(target=_end_with, args=(parent,), name="end-with", daemon=True).start()
    try:
        settings = load(ApiSettings)
        logs.configure(settings.log_form, settings.log_level)
        return _made(settings)
    except DatabaseUnavailableError as error:
        # The others serve on, and the parent begins this one anew.
        log.warning("%s", error)
        time.sleep(_AWAY)
        _leave(1)
    except ReciprocityError as error:
        # Beginning anew would end the same way, for the others too.
        log.critical("%s", error)
        _leave(STARTUP_FAILURE)
    except Exception:
        log.exception("the API cannot begin")
        _leave(STARTUP_FAILURE)


def _made(settings: ApiSettings) -> FastAPI:
    tracing.configure(settings.traces_endpoint, settings.service)
    # At its start-up the server would tell the same as a traceback, and end the other processes.
    databases = PostgreSQLAdapter(settings)
    proving.prove(databases)
    databases.close()
    app = create_app(settings, proved=True)
    # What was made by now stays: else the collector goes through all of it again and again, while
    # requests wait.
    gc.collect()
    gc.freeze()
    # Threads hand the interpreter on ten times as often as by default: a request takes it many times,
    # for a moment each, and would wait for whole turns of threads that compute.
    sys.setswitchinterval(0.0005)
    return app


def _leave(status: int) -> NoReturn:
    """End at once: the parent asks for signs of life, and would wait while all is taken apart."""
    logging.shutdown()
    os._exit(status)


def _end_with(parent: BaseProcess) -> None:
    """End this process when its parent was killed: nobody could begin anew while it has the port."""
    parent.join()
    shutil.rmtree(os.environ.get(together.VARIABLE, ""), ignore_errors=True)
    _leave(1)
