from .draft import Draft
from .listing import ConversationSetting, ListSection, Notify
from .mark import ReadMark, ThreadMark
from .message import BODY_LIMIT, Acknowledgement, Forward, Message, Priority, Reaction, Revision

__all__ = [
    "BODY_LIMIT",
    "Acknowledgement",
    "ConversationSetting",
    "Draft",
    "Forward",
    "ListSection",
    "Message",
    "Notify",
    "Priority",
    "Reaction",
    "ReadMark",
    "Revision",
    "ThreadMark",
]
