"""`python -m docs.generate [folder]`: makes the documents of the APIs and webhooks, docs/reference, host/.

They are made from the code and template.yaml, in the repository or, for a look, in another folder.
"""

import json
import sys
import tomllib
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from docs import asyncapi, examples, host_client, openapi, operations, pages, parameters, webhooks


def main(folder: Path) -> None:
    """Writes all of them into `folder`, a repository or a folder of the same layout."""
    loaded = operations.load()
    version = tomllib.loads((operations.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    documents = {
        "openapi.json": openapi.document(list(operations.rest_operations(loaded)), version),
        "asyncapi.json": asyncapi.document(list(operations.actions(loaded)), version),
    }
    examples.illustrated_rest(documents["openapi.json"], examples.load())
    examples.illustrated_socket(documents["asyncapi.json"], examples.load())
    (folder / "docs" / "reference").mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    reference = {
        "rest.md": pages.rest(documents["openapi.json"], examples.load()),
        "websocket.md": pages.websocket(documents["asyncapi.json"]),
    }
    for name, page in reference.items():
        (folder / "docs" / "reference" / name).write_text(page, encoding="utf-8")
    (folder / "docs" / "webhooks.json").write_text(webhooks.text(), encoding="utf-8")
    (folder / host_client.FOLDER / "moving").mkdir(parents=True, exist_ok=True)
    for name, text in host_client.files(documents["openapi.json"]).items():
        (folder / host_client.FOLDER / name).write_text(text, encoding="utf-8")
    template = yaml_parse((operations.ROOT / "template.yaml").read_text(encoding="utf-8"))
    page = (operations.ROOT / parameters.PAGE).read_text(encoding="utf-8")
    (folder / parameters.PAGE).write_text(parameters.filled(page, template["Parameters"]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else operations.ROOT)
