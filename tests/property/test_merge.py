from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.entry import Origin
from aggregator.headline import Headline, Revision
from aggregator.merge.heat import heat
from aggregator.merge.match import parse_match
from aggregator.merge.rank import lead_rank, pick, story_of
from aggregator.merge.slip import Slip, slip_of
from aggregator.source import Source
from aggregator.topic import Retell, Topic

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DUNIA = Source(id="https://dunia.example/rss", name="Dunia", urls=("https://dunia.example/rss",))
HALF_LIFE = timedelta(hours=12)
SOURCES = st.sampled_from(["dunia", "warta", "kabar"])

TOKENS = [
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    '"',
    "kabut",
    "asap*",
    "title:",
    "url:",
    "/a+/",
    "/",
    "*",
    " ",
    '"kabut asap"',
    "foo:",
]
EXPRESSIONS = st.text() | st.lists(st.sampled_from(TOKENS), max_size=40).map(" ".join)
EXPRESSIONS |= st.lists(st.sampled_from(TOKENS), max_size=20).map("".join) | st.text().map(lambda text: f"/{text}/")
RIGHT = st.recursive(
    st.sampled_from(["kabut", "asap*", "title:banjir", "/as.p/", '"kabut asap"']),
    lambda inner: st.builds("({}) {} ({})".format, inner, st.sampled_from(["AND", "OR", "AND NOT", ""]), inner),
    max_leaves=8,
)


def headline(id_: str, source: str, title: str = "Kabut", at: datetime = NOW) -> Headline:
    return Headline(
        id=id_,
        source=source,
        keys=(),
        story=id_,
        topics=(),
        guid=None,
        url=None,
        title=title,
        summary="",
        authors=(),
        categories=(),
        language=None,
        enclosures=(),
        origin=Origin(id=source, title=source),
        published_at=at,
        first_seen_at=at,
        updated_at=at,
    )


@settings(deadline=None)  # the first expression loads lark and re2
@given(EXPRESSIONS, st.text())
@example("(" * 4999 + "a" + ")" * 4999, "a")
@example("NOT " * 2400 + "a", "a")
@example("/" + "(" * 900 + ")" * 900 + "/", "a")
def test_any_text_is_an_expression_or_a_value_error_with_a_column(text: str, title: str) -> None:
    try:
        match = parse_match(text)
    except ValueError as error:
        assert str(error).startswith("column ")  # noqa: PT017  either way is right
    else:
        assert match(headline("1", "dunia", title), DUNIA) in {True, False}


@settings(deadline=None)
@given(RIGHT, st.lists(st.sampled_from(["Kabut", "asap", "ASAPNYA", "banjir", "-"])).map(" ".join))
def test_not_and_the_operators_keep_de_morgans_laws(text: str, title: str) -> None:
    line = headline("1", "dunia", title)
    held = parse_match(text)(line, DUNIA)

    assert parse_match(f"NOT ({text})")(line, DUNIA) is not held
    assert parse_match(f"({text}) OR ({text}) ({text})")(line, DUNIA) is held


@st.composite
def told(draw: st.DrawFn) -> list[tuple[Slip, ...]]:
    """Stories with one outlet or several, some of one instant."""
    stories = []
    for n in range(draw(st.integers(0, 12))):
        at = NOW + timedelta(hours=draw(st.integers(-3, 3)))
        outlets = draw(st.lists(SOURCES, min_size=1, max_size=3))
        lines = [headline(f"{n}-{k}", source, at=at) for k, source in enumerate(outlets)]
        stories.append(tuple(slip_of(line, {}) for line in lines))
    return stories


TOPICS = st.builds(
    Topic,
    slug=st.just("asap"),
    title=st.just("Asap"),
    order=st.sampled_from(["newest", "popular"]),
    limit=st.integers(0, 8),
    per_source=st.none() | st.integers(1, 3),
)


@given(TOPICS, told())
def test_a_topic_keeps_its_bounds(topic: Topic, stories: list[tuple[Slip, ...]]) -> None:
    picked = pick(topic, stories)

    assert len(picked) <= topic.limit
    leads = [min(slips, key=lead_rank).source for slips in picked]
    assert topic.per_source is None or all(leads.count(source) <= topic.per_source for source in leads)


@given(st.lists(st.tuples(SOURCES, st.integers(-(10**6), 10**5)), min_size=1, max_size=20), st.floats(0, 1e6))
def test_another_outlet_never_cools_a_story(lines: list[tuple[str, int]], weight: float) -> None:
    spoken = [headline(f"{n}", source, at=NOW + timedelta(minutes=m)) for n, (source, m) in enumerate(lines)]
    slips = [slip_of(line, {"baru": weight}) for line in (*spoken, headline("x", "baru"))]

    assert heat(slips, HALF_LIFE) >= heat(slips[:-1], HALF_LIFE) - 1e-9


STEPS = st.lists(
    st.tuples(SOURCES, st.integers(-600, 10), st.integers(1, 60), st.booleans(), st.floats(0.1, 9)),
    min_size=1,
    max_size=12,
)


@given(STEPS, st.booleans(), st.sampled_from(["never", "outlet", "revision"]))
def test_a_story_that_grows_keeps_its_id_and_is_told_again_for_news_only(
    steps: list[tuple[str, int, int, bool, float]], has_first: bool, retell: Retell
) -> None:
    """Headlines are accepted one after the other, published up to ten hours before; some are then revised."""
    topic, now, told, before = Topic(slug="asap", title="Asap", retell=retell), NOW, dict[str, Headline](), None
    weights = {source: weight for source, *_, weight in steps}
    for number, (source, published, minutes, edits, _) in enumerate(steps, start=0 if has_first else 1):
        now += timedelta(minutes=minutes)
        outlets = {line.source for line in told.values()}
        if edits and source in told:
            line = told[source]
            told[source] = replace(line, revisions=(Revision(title="Asap", until=now),), updated_at=now)
            news = "revision"
        else:
            line = replace(headline(f"{number}", source, at=now + timedelta(minutes=published)), story="0")
            told[f"{number}" if source in told else source] = replace(line, first_seen_at=now)
            news = "nothing" if source in outlets else "outlet"
        story = story_of(topic, [(slip_of(line, weights), line) for line in told.values()])

        assert story.published_at <= story.updated_at
        if before is not None:
            assert story.id == before.id
            assert (story.updated_at == before.updated_at) == (news == "nothing" or now <= before.updated_at)
            assert (story.published_at == before.published_at) == (news != retell or now <= before.published_at)
        before = story
