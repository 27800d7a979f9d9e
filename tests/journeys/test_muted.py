"""A muted conversation is silent: what is meant for the reader counts and waits in Activity, without a toast."""

from playwright.sync_api import expect

from apps.messaging.models import ConversationSetting
from tests import factories

from .browser import Browsers
from .hospital import Hospital

SOON = 8_000


def test_a_mention_in_a_muted_conversation_counts_without_a_toast(browsers: Browsers, hospital: Hospital) -> None:
    ConversationSetting.objects.create(user=hospital.nurse, channel=hospital.private, notify="nothing")
    page = browsers.open(hospital.nurse)
    page.goto("/people/")
    expect(page.locator('[data-live-status="connected"]').first).to_be_attached()
    badge, toasts = page.locator('[data-badge="activity"]'), page.locator("[data-toasts] .toast")
    factories.send(hospital.physician, hospital.private, f"@{hospital.nurse.name_ko} 조용히")
    expect(badge).to_contain_text("1", timeout=SOON)
    page.wait_for_timeout(500)  # a toast would come with the count
    expect(toasts).to_have_count(0)
    factories.send(hospital.physician, hospital.standard, f"@{hospital.nurse.name_ko} 들리게")
    expect(badge).to_contain_text("2", timeout=SOON)
    expect(toasts).to_have_count(1, timeout=SOON)
