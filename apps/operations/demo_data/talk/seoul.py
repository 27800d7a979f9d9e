TALK: dict[str, str] = {}
