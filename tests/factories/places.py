"""Sites, departments and units."""

from itertools import count
from typing import Any

from apps.sites.models import Department, Network, Site, Unit, UnitKind

_numbers = count(1)


def make_network(**fields: Any) -> Network:
    found = Network.objects.first()
    return found or Network.objects.create(
        **{"code": "network", "name_ko": "한빛의료원", "name_en": "Hanbit Hospitals", **fields}
    )


def make_site(**fields: Any) -> Site:
    number = next(_numbers)
    defaults = {
        "code": f"site-{number}",
        "name_ko": f"제{number}병원",
        "name_en": f"Hospital {number}",
        "time_zone": "Asia/Seoul",
        "language": "ko",
        "country": "KR",
        "place": number % 30_000,
    }
    return Site.objects.create(**{"network": fields.pop("network", None) or make_network(), **defaults, **fields})


def make_department(**fields: Any) -> Department:
    number = next(_numbers)
    defaults = {"code": f"department-{number}", "name_ko": f"제{number}내과", "name_en": f"Medicine {number}"}
    return Department.objects.create(**{"site": fields.pop("site", None) or make_site(), **defaults, **fields})


def make_unit(**fields: Any) -> Unit:
    """A ward; `site=` puts it into a new department of that site."""
    number = next(_numbers)
    site = fields.pop("site", None)
    department = fields.pop("department", None) or make_department(site=site)
    defaults = {
        "code": f"unit-{number}",
        "kind": UnitKind.WARD,
        "name_ko": f"{number}병동",
        "name_en": f"Ward {number}",
    }
    return Unit.objects.create(**{"department": department, **defaults, **fields})
