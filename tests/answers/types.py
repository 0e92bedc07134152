"""What a configuration or a script may give that is no text."""

TYPES_REFUSED: list[object] = [None, True, False, {}, {"a": "b"}, {"a": {"b": []}}]
