from .mark import ReadMark
from .message import BODY_LIMIT, Message, Reaction

__all__ = ["BODY_LIMIT", "Message", "Reaction", "ReadMark"]
