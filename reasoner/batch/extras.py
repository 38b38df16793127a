"""What the extras ``batch`` and ``distributed`` install, imported when first needed."""

from __future__ import annotations

import importlib
from typing import Any

from reasoner.errors import UsageError


def _extra(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UsageError("batch_extra", name=module, extra=extra) from None


def pyarrow() -> Any:
    """The package pyarrow. Raises UsageError when the extra is not installed."""
    return _extra("pyarrow", "batch")


def zstandard() -> Any:
    """The package zstandard. Raises UsageError when the extra is not installed."""
    return _extra("zstandard", "batch")


def distributed() -> Any:
    """The package distributed. Raises UsageError when the extra is not installed."""
    return _extra("distributed", "distributed")
