import pytest
from hypothesis import settings, HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test
from tests.messaging.test_any_order import AnyOrder, recorded, TestCase
from tests.messaging import test_any_order as t
pytestmark = pytest.mark.django_db
S = settings(max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate], report_multiple_bugs=False)
def compare(self):
    self.hub.fill()
    for person, page in enumerate(self.pages):
        if page.is_online and person in self.members:
            f = t.shown(t.fresh_state(page.user, self.channel.pk)); pm = t.shown(page.messages)
            if pm != f:
                out=[("keys", sorted(page.messages), sorted(f))]
                for n in f:
                    for k in f[n]:
                        if pm.get(n,{}).get(k)!=f[n][k]: out.append((n,k,pm.get(n,{}).get(k),f[n][k]))
                raise AssertionError(str(out)[:600])
        elif page.is_online:
            assert page.messages == {}
def test_one(recorded, monkeypatch):
    monkeypatch.setattr(AnyOrder, "compare", compare)
    run_state_machine_as_test(AnyOrder, settings=S)
