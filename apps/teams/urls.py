from django.urls import path

from . import views

urlpatterns = [
    path("teams/", views.list_teams, name="team-list"),
    path("teams/new/", views.create_team, name="team-create"),
    path("teams/<int:team_id>/", views.show_team, name="team-detail"),
    path("teams/<int:team_id>/join/", views.join_team, name="team-join"),
    path("teams/<int:team_id>/leave/", views.leave_team, name="team-leave"),
    path("teams/<int:team_id>/archive/", views.archive_team, name="team-archive"),
    path("teams/<int:team_id>/restore/", views.restore_team, name="team-restore"),
    path("teams/<int:team_id>/invite/", views.invite_to_team, name="team-invite"),
    path("teams/<int:team_id>/channels/new/", views.create_channel, name="team-channel-create"),
    path("teams/<int:team_id>/members/<int:user_id>/remove/", views.remove_member, name="team-member-remove"),
    path("teams/<int:team_id>/members/<int:user_id>/owner/", views.make_owner, name="team-owner-make"),
    path("channels/<int:channel_id>/people/", views.show_channel_people, name="channel-people"),
    path("channels/<int:channel_id>/invite/", views.invite_to_channel, name="channel-invite"),
    path("channels/<int:channel_id>/leave/", views.leave_channel, name="channel-leave"),
    path("channels/<int:channel_id>/archive/", views.archive_channel, name="channel-archive"),
    path("channels/<int:channel_id>/restore/", views.restore_channel, name="channel-restore"),
    path(
        "channels/<int:channel_id>/members/<int:user_id>/remove/",
        views.remove_from_channel,
        name="channel-member-remove",
    ),
    path("invitations/<int:invitation_id>/answer/", views.answer_invitation, name="invitation-answer"),
]
