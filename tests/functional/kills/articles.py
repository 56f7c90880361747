"""Kill scenarios of the knowledge base."""

from parley.domain.api import ids
from tests.functional.kills.acts import answered
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.support import admin_of, sign_admin_in
from tests.functional.kills.world import World

PATH = "/support/articles"
ARTICLE_ID = ids.article_id("ada", "a1")
CONTENT = {"title": "Cancel a booking", "text": "Choose *Cancel*.", "language": "en", "state": "published"}


def create_article(world: World) -> object:
    return answered(admin_of(world).post(PATH, json=CONTENT | {"client_id": "a1"}))


def have_article(world: World) -> None:
    sign_admin_in(world)
    create_article(world)


def publish(world: World) -> object:
    """Saves the article with other words, which the index gets, too."""
    body = CONTENT | {"version": 1, "title": "Cancel it"}
    return answered(admin_of(world).put(f"{PATH}/{ARTICLE_ID}", json=body))


def take_back(world: World) -> object:
    return answered(admin_of(world).put(f"{PATH}/{ARTICLE_ID}", json=CONTENT | {"version": 1, "state": "draft"}))


def delete_article(world: World) -> object:
    return answered(admin_of(world).delete(f"{PATH}/{ARTICLE_ID}"))


def vote(world: World) -> object:
    body = {"helped": True, "instead_of_ticket": True}
    return answered(world.alice.put(f"{PATH}/{ARTICLE_ID}/vote", json=body))


def voted(world: World) -> None:
    """Lets alice say that the article has not helped."""
    have_article(world)
    answered(world.alice.put(f"{PATH}/{ARTICLE_ID}/vote", json={"helped": False}))


def deleted(world: World) -> None:
    """Leaves two versions and a vote of an article that was deleted."""
    voted(world)
    publish(world)
    delete_article(world)


def sweep(world: World) -> None:
    world.sweep("SweepTickets")


SCENARIOS = [
    Scenario("rest/create_article", create_article, sign_admin_in),
    Scenario("rest/put_article", publish, have_article),
    Scenario("rest/put_article", take_back, voted, variant="back to a draft"),
    Scenario("rest/delete_article", delete_article, have_article),
    Scenario("rest/vote_on_article", vote, have_article),
    Scenario("rest/vote_on_article", vote, voted, variant="changed"),
    Scenario("scheduled/sweep_tickets", sweep, deleted, variant="articles"),
]
