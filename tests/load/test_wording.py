from aggregator.load.wording import quoted, suggestion


def test_what_was_written_is_clipped_and_harmless() -> None:
    assert quoted("a" * 61) == f'"{"a" * 59}…"'
    assert quoted("\x1b]0;x\x07\u202e\ud800") == '"\\x1b]0;x\\x07\\u202e\\ud800"'


def test_credentials_are_not_repeated_even_where_they_are_clipped() -> None:
    assert "hunter2" not in quoted("https://user:hunter2@" + "a" * 100)


def test_the_nearest_word_is_suggested_else_what_the_caller_says_else_all_of_them() -> None:
    assert suggestion("topic", ["topics", "site"]) == '; write "topics"'
    assert suggestion("zzz", ["topics", "site"]) == "; write one of site, topics"
    assert suggestion("zzz", ["topics", "site"], "write a key") == "; write a key"
