"""Sessions in the database, read as every request reads them: one row by its key."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db import connection

from apps.core import clock


class SessionStore(DatabaseSessions):  # named as its base: the name is in the salt of what is stored
    def load(self) -> dict[str, Any]:
        row = self._find() if (self.session_key or "").isalnum() else None
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])

    def _find(self) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s",
                [self.session_key, clock.now()],
            )
            return cursor.fetchone()
