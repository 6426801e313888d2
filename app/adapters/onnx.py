"""The runtime of the models, kept from telling its makers that it runs."""

from __future__ import annotations

import os

# Where it is not set when the runtime is loaded, the official builds from 1.29 on send what models
# are opened, and on what machine, to their makers.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from onnxruntime import InferenceSession, SessionOptions

__all__ = ["InferenceSession", "SessionOptions"]
