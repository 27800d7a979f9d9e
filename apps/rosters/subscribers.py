"""What rosters do about their own news: many people are told outside the transaction that changed their roster."""

from apps.core.events import subscriber

from . import actions
from .events import PeopleToTell


@subscriber(PeopleToTell)
def tell_people(event: PeopleToTell) -> None:
    actions.tell_people(notice_id=event.notice_id, actor_id=event.actor_id, user_ids=event.user_ids)
