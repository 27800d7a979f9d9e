"""How the sign-ins have arranged their chat lists, what they have begun to write, and what they say of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.messaging.models import ConversationSetting, Draft, ListSection, Notify
from apps.people.models import PersonStatus, User
from apps.teams.models import Channel


@dataclass(frozen=True)
class Arranged:
    """Conversations by the code of their channel."""

    favourites: str = ""
    muted: str = ""
    mentions_only: str = ""
    sections: tuple[tuple[str, str], ...] = ()
    """Own headings in their order, each with the conversations under it."""
    drafts: tuple[tuple[str, str], ...] = ()
    status: str = ""


ARRANGED = {
    "소담": Arranged(
        favourites="8e-care d-sodam-maru",
        muted="all-boramae",
        sections=(("이송", "boramae-seoul g-transfer-night"),),
        drafts=(("d-sodam-areum", "네, 화요일에 뵙겠습니다. 신발은"),),
    ),
    "하늘": Arranged(favourites="7w-care g-rounds", sections=(("교육", "g-ppe-training academy-ppe d-areum-haneul"),)),
    "한결": Arranged(favourites="residents-duty"),
    "마루": Arranged(favourites="boramae-seoul uae-consult", muted="all-seoul", status="회진 중"),
    "아름": Arranged(favourites="academy-ppe", drafts=(("d-areum-huda", "Yes please. I will"),)),
    "찬솔": Arranged(
        favourites="it-incidents", mentions_only="network", sections=(("점검", "g-audit d-chansol-saerom"),)
    ),
    "새롬": Arranged(favourites="privacy-questions"),
}


def store_arrangements(channels: Mapping[str, Channel], people: Mapping[str, User], now: datetime) -> None:
    """Store settings, sections, drafts and statuses; a row of settings only where something is not as all begin."""
    settings: dict[tuple[int, int], ConversationSetting] = {}
    sections: list[ListSection] = []
    drafts: list[Draft] = []

    def setting(user: User, code: str) -> ConversationSetting:
        channel = channels[code]
        return settings.setdefault((user.pk, channel.pk), ConversationSetting(user=user, channel=channel))

    for name, plan in ARRANGED.items():
        user = people[name]
        for code in plan.favourites.split():
            setting(user, code).is_favourite = True
        for code in plan.muted.split():
            setting(user, code).notify = Notify.NOTHING
        for code in plan.mentions_only.split():
            setting(user, code).notify = Notify.MENTIONS
        for position, (heading, codes) in enumerate(plan.sections):
            section = ListSection(user=user, name=heading, position=position)
            sections.append(section)
            for code in codes.split():
                setting(user, code).section = section
        saved_at = now - timedelta(minutes=4)
        drafts += [Draft(user=user, channel=channels[code], body=body, saved_at=saved_at) for code, body in plan.drafts]
    ListSection.objects.bulk_create(sections)
    ConversationSetting.objects.bulk_create(settings.values())
    Draft.objects.bulk_create(drafts)
    PersonStatus.objects.bulk_create(
        PersonStatus(user=people[name], text=plan.status) for name, plan in ARRANGED.items() if plan.status
    )
