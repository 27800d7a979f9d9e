"""What can go wrong with messages: one tree, a code for programs, a sentence for people."""

from typing import Any


class MessagingError(Exception):
    """Something cannot be done; `code` is for programs, the text for people, `more` goes into the JSON answer."""

    code = "refused"

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message)
        self.more = more


class Malformed(MessagingError):
    code = "malformed"


class EmptyMessage(MessagingError):
    code = "empty"


class MessageTooLong(MessagingError):
    code = "too_long"


class ChannelArchived(MessagingError):
    code = "archived"


class NotAMember(MessagingError):
    """The channel is not (or no longer) the person's: answered like one that does not exist."""

    code = "not_found"


class NoSuchRoot(MessagingError):
    code = "no_such_root"


class ClientIdTaken(MessagingError):
    """The client id already names another message of this author."""

    code = "client_id_taken"


class MentionNeedsConfirmation(MessagingError):
    """The text mentions more than fifty people; `more["people"]` says how many."""

    code = "confirm_mention"


class NotYours(MessagingError):
    """Seen by this person, but only others may do this with it."""

    code = "not_yours"


class TooLate(MessagingError):
    code = "too_late"


class MessageDeleted(MessagingError):
    code = "deleted"


class EditedMeanwhile(MessagingError):
    """Another device changed the text first; `more["text"]` is the newest."""

    code = "edited_meanwhile"


class UnknownEmoji(MessagingError):
    code = "unknown_emoji"


class TooManyReactions(MessagingError):
    code = "too_many"


class NothingToAcknowledge(MessagingError):
    code = "not_asked"


class DraftConflict(MessagingError):
    """Another device saved a draft first; `more` holds its `text` and `version`."""

    code = "draft_conflict"


class TooManySections(MessagingError):
    code = "too_many_sections"


class SectionExists(MessagingError):
    code = "section_exists"
