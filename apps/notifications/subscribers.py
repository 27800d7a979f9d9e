"""What notices do about news: a batch is given to a task; invitations become notices, and answered ones are read."""

import logging

from kombu.exceptions import OperationalError

from apps.core.events import subscriber
from apps.teams.events import InvitationsClosed, PeopleInvited

from . import actions, tasks
from .events import BatchOpened

logger = logging.getLogger(__name__)


@subscriber(BatchOpened)
def start_batch(event: BatchOpened) -> None:
    try:
        tasks.expand_batch.apply_async(args=(event.batch_id,), ignore_result=True, retry=False)
    except OperationalError:
        logger.warning("The task queue did not answer; the batch waits for the next sweep.")


@subscriber(PeopleInvited)
def tell_of_invitations(event: PeopleInvited) -> None:
    actions.tell_of_invitations(event.invitation_ids)


@subscriber(InvitationsClosed)
def read_invitations(event: InvitationsClosed) -> None:
    actions.read_invitations(event.invitation_ids)
