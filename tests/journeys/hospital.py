"""Two people of two sites who share a channel, committed, so that a server in another process sees them."""

from dataclasses import dataclass

import pytest

from apps.people.models import StaffType, User
from apps.teams.models import Channel, ChannelKind, Team
from tests import factories


@dataclass
class Hospital:
    nurse: User
    physician: User
    team: Team
    standard: Channel
    private: Channel
    direct: Channel


@pytest.fixture
def hospital(transactional_db: None) -> Hospital:
    network = factories.make_network()
    boramae = factories.make_site(network=network, code="boramae", name_ko="보라매", name_en="Boramae")
    seoul = factories.make_site(network=network, code="seoul", name_ko="서울 본원", name_en="Seoul Main")
    nurse = factories.make_person(
        site=boramae, staff_number="N20417", name_ko="이누리", name_en="Nuri Lee", password=factories.PASSWORD
    )
    physician = factories.make_person(
        site=seoul,
        staff_number="P10046",
        name_ko="최다온",
        name_en="Daon Choi",
        job=StaffType.DOCTOR,
        password=factories.PASSWORD,
    )
    team = factories.make_team(physician, owner=nurse, name_ko="전원 조정", name_en="Transfers")
    return Hospital(
        nurse=nurse,
        physician=physician,
        team=team,
        standard=team.channels.get(),
        private=factories.make_channel(
            physician,
            owner=nurse,
            kind=ChannelKind.PRIVATE,
            team=team,
            name_ko="보라매 본원 전원",
            name_en="Boramae to Main",
        ),
        direct=factories.make_direct(nurse, physician),
    )
