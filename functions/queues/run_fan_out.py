"""Deliver a message or change to a hundred members of a group: move it up their lists, tell those online.

Or tell others of a changed profile, or the agents on duty of a changed ticket, which may then get an agent. Or add the
next people to a group to which everyone of a role or a context is added, or take the next out of a dissolved one.
Or mark the next conversations of a person as read.
"""

from parley.actions.live import fan_out
from parley.triggers.queue import queue


@queue(fan_out.Delivery)
def handler(delivery: fan_out.Delivery, now_ms: int) -> None:
    if delivery.ticket is not None:
        from parley.actions.support import follow_ups  # tickets, which other jobs do not need

        follow_ups.run_ticket_follow_up(delivery.ticket, now_ms)
        return
    if delivery.read_all is not None:
        from parley.actions.messages import reading_all  # markers, which other jobs do not need

        reading_all.run_read_all(delivery.read_all, now_ms)
        return
    if fan_out.ADD in delivery.fan_out.follow_ups:
        from parley.actions.conversations import adding  # the policy and the directory, which other jobs do not need

        adding.add_next(delivery.fan_out.conversation_id, delivery.fan_out.change_seq, now_ms)
        return
    if fan_out.DISSOLVE in delivery.fan_out.follow_ups:
        from parley.actions.conversations import dissolving  # likewise

        dissolving.dissolve_next(delivery.fan_out.conversation_id, delivery.fan_out.change_seq, now_ms)
        return
    if fan_out.USER_UPDATED in delivery.fan_out.follow_ups:
        from parley.actions.live import user_updates  # presence, which other jobs do not need

        user_updates.tell_user_update(delivery, now_ms)
        return
    fan_out.run_fan_out(delivery, now_ms)
