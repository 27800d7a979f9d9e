"""Every address of the portal. Each has a row in the authorisation matrix of the tests."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import JavaScriptCatalog, set_language

from apps.core import views as core_views

admin.autodiscover()

urlpatterns = [
    path("", include("apps.portal.urls")),
    path("", include("apps.messaging.urls")),
    path("", include("apps.notifications.urls")),
    path("", include("apps.rosters.urls")),
    path("", include("apps.teams.urls")),
    path("", include("apps.people.urls")),
    path("jump/", core_views.show_jump, name="jump"),
    path("keys/", core_views.show_keys, name="keys"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("health/", login_not_required(core_views.check_health), name="health"),
    path("language/", login_not_required(set_language), name="set-language"),
    path("js-catalog/", login_not_required(JavaScriptCatalog.as_view()), name="js-catalog"),
]

handler400 = "apps.core.views.bad_request"
handler403 = "apps.core.views.permission_denied"
handler404 = "apps.core.views.page_not_found"
handler500 = "apps.core.views.server_error"
