"""What can go wrong with rosters: one tree, a code for programs, a sentence for people."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.rosters.rules import Finding


class RostersError(Exception):
    """Something cannot be done; `code` is for programs, the text for people, `more` goes into the JSON answer."""

    code = "refused"

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message)
        self.more = more


class NotYours(RostersError):
    """Seen by this person, but only others may do this with it."""

    code = "not_yours"


class Busy(RostersError):
    """Many wrote at once, and the database let others go first three times."""

    code = "busy"


class WrongDays(RostersError):
    """The days are the wrong way round, or outside the roster."""

    code = "wrong_days"


class PlanExists(RostersError):
    """The unit has a roster for some of these days."""

    code = "plan_exists"


class PlanClosed(RostersError):
    """A closed roster is read only."""

    code = "closed"


class WrongState(RostersError):
    """What is asked does not follow from the state that the roster is in."""

    code = "wrong_state"


class NotPublishedYet(RostersError):
    """Cells differ from what was published; `more["cells"]` says how many."""

    code = "not_published"


class NothingToUndo(RostersError):
    code = "nothing_to_undo"


class ReasonMissing(RostersError):
    code = "reason_missing"


class NoSuchTier(RostersError):
    code = "no_such_tier"


class CellError(RostersError):
    """One cell cannot be as it was asked; it is named."""

    def __init__(self, message: str, *, user_id: int, day: date, **more: Any) -> None:
        super().__init__(message, user_id=user_id, day=day.isoformat(), **more)
        self.user_id = user_id
        self.day = day


class UnknownCode(CellError):
    """`more["unknown"]` is no code of the unit on that day."""

    code = "unknown_code"


class CellLocked(CellError):
    code = "locked"


class NotInUnit(CellError):
    """The person does not work in the unit on that day, or not any more at all."""

    code = "not_in_unit"


class DoubleBooked(CellError):
    """The person is elsewhere at that time: `more["place"]`, `more["other"]` (its code) and `more["time"]`."""

    code = "double_booked"


class EditedMeanwhile(RostersError):
    """Somebody else changed these cells first; `cells` are their newest states, with who and when. Nothing was stored."""

    code = "edited_meanwhile"

    def __init__(self, message: str, *, cells: Sequence[Any]) -> None:
        super().__init__(message, cells=[cell.as_json() for cell in cells])
        self.cells = tuple(cells)


class RuleBroken(RostersError):
    """It would break hard rules that hold now; with a reason and somebody who approves it is done all the same."""

    code = "rule_broken"

    def __init__(self, message: str, *, findings: "Sequence[Finding]") -> None:
        super().__init__(message)
        self.findings = tuple(findings)
