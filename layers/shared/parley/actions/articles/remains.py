"""The sweep of deleted articles: their versions and votes go, some at a time."""

from parley.actions.sweep import Run
from parley.adapters.articles import remains

PART = 200  # rows


def sweep_articles(run: Run) -> int:
    """Deletes what deleted articles have left, as long as the run has time; returns how many of them are done.

    One round trip and half a read unit if there are none.
    """
    return sum(_swept(run, each) for each in run.attempt(remains.list_remains) or ())


def _swept(run: Run, each: remains.Remains) -> int:
    """Returns 1 if nothing is left of a deleted article; what is left, the next run finds again."""
    while run.has_time():
        is_gone = run.attempt(lambda: remains.delete_part(each, PART), article_id=each.article_id)
        if is_gone is not False:
            return 1 if is_gone else 0
    return 0
