"""Switches for developers, from one environment variable: `LITEWRIGHT=verify,dump=DIR`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .diagnostics import UserError

VARIABLE = "LITEWRIGHT"


@dataclass(frozen=True, slots=True)
class Flags:
    """What the variable says.

    Attributes:
        verify: after every pass, verify the program and compare what the pass says with what it did.
        dump: a folder for the program after every pass, where the caller names none.
    """

    verify: bool = False
    dump: Path | None = None


def flags(environment: Mapping[str, str] = os.environ) -> Flags:
    """Reads the variable.

    Raises:
        UserError: there is no such switch.
    """
    verify, dump = False, None
    for switch in filter(None, environment.get(VARIABLE, "").split(",")):
        name, _, value = switch.partition("=")
        if name == "verify" and not value:
            verify = True
        elif name == "dump" and value:
            dump = Path(value)
        else:
            raise UserError(f"{VARIABLE}={switch}: there are the switches verify and dump=DIR")
    return Flags(verify, dump)
