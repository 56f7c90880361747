"""Post again the events that were throttled, that failed, or that came while their connection was still being made."""

from parley.actions import push
from parley.domain.live.posts import Post
from parley.triggers.queue import queue


@queue(Post)
def handler(post: Post, now_ms: int) -> None:
    push.retry_posts(post, now_ms)
