"""`python -m docs.generate [folder]`: makes openapi.json and asyncapi.json from the code, in docs/ or in a folder."""

import json
import sys
import tomllib
from pathlib import Path

from docs import asyncapi, openapi, operations


def main(folder: Path) -> None:
    """Writes both documents into `folder`."""
    loaded = operations.load()
    version = tomllib.loads((operations.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    documents = {
        "openapi.json": openapi.document(list(operations.rest_operations(loaded)), version),
        "asyncapi.json": asyncapi.document(list(operations.actions(loaded)), version),
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, indent=2, ensure_ascii=True) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
