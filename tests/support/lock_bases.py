"""Adds to a lock file, for each package that it pins with extras, the same pin without them.

pip 23 looks up a package and the package with extras apart, and takes the newest of the one that is not pinned.
"""

import re
import sys
from pathlib import Path

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)\[[^\]]+\](?P<pin>==.*)$")


def with_bases(lock: str) -> str:
    """The lock with both forms of each pin."""
    blocks = re.split(r"\n(?=\S)", lock)
    pinned = {block.split("==")[0] for block in blocks}
    out = []
    for block in blocks:
        first, _, rest = block.partition("\n")
        found = _PIN.match(first)
        if found and found["name"] not in pinned:
            out.append(f"{found['name']}{found['pin']}\n{rest}".rstrip("\n"))
        out.append(block)
    return "\n".join(out)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(with_bases(path.read_text(encoding="utf-8")), encoding="utf-8")
