"""Names of composites in the IR and in the file."""

from __future__ import annotations

import re

from ..diagnostics import UserError

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def checked_name(name: str) -> str:
    """`acme.swish` of `acme.swish` or `acme::swish`.

    Raises:
        UserError: it is no such name.
    """
    dotted = name.replace("::", ".")
    if _NAME.fullmatch(dotted) is None:
        raise UserError(f"composite {name!r}: a composite is named NAMESPACE.NAME, as acme.swish")
    return dotted
