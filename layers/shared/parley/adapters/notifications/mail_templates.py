"""The shipped templates of e-mails, and the deployment's own choice: the environment variable MAIL_TEMPLATE.

`python -m parley.adapters.notifications.mail_templates` checks all of them, and says in one line that they are right.
"""

import sys
from functools import cache
from pathlib import Path

from aws_lambda_powertools import Logger

from parley.adapters import environment, shipped_files
from parley.domain.notifications.mail_template import MailTemplate, MailTemplateError, load

FOLDER = Path(__file__).parents[2] / "mails"

logger = Logger()


def current() -> MailTemplate:
    """Returns the template that MAIL_TEMPLATE names; raises MailTemplateError for no such file, or a mistake in it."""
    return named(environment.optional("MAIL_TEMPLATE", "default"))


def for_page() -> MailTemplate:
    """Returns the template for the page of a link: the shipped one if the deployment's own is wrong, which is logged.

    A person who wants no more e-mails must be able to say so.
    """
    try:
        return current()
    except MailTemplateError as error:
        logger.error("mail_template_wrong", code="mail_template_wrong", reason=str(error))
        return named("default")


@cache
def named(name: str) -> MailTemplate:
    """Returns the template `mails/<name>.toml`; raises MailTemplateError."""
    refusal = f"MAIL_TEMPLATE={name}: no such template; the templates are"
    return shipped_files.read_file(FOLDER, name, load, lambda known: MailTemplateError(f"{refusal} {known}"))


def check_all(folder: Path = FOLDER) -> list[MailTemplate]:
    """Returns every template in `folder`; raises MailTemplateError for the first mistake."""
    return shipped_files.read_all(folder, load)


def main() -> str | None:
    """Prints the templates that were checked, and returns None; or returns the first mistake, for `sys.exit`."""
    try:
        checked = check_all()
        current()
    except MailTemplateError as error:
        return str(error)
    print(f"Every template of e-mails is right: {', '.join(template.source for template in checked)}.")
    return None


if __name__ == "__main__":
    sys.exit(main())
