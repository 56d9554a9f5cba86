import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.commit import Commit
from aggregator.desk import Desk
from aggregator.entry import Reading
from aggregator.errors import ParsePutOffError, StateError
from aggregator.fetch.answer import Answer, Failed, Fetched, Gone, Held, NotModified, Refused
from aggregator.parse.job import Job
from aggregator.poll import World, poll
from aggregator.source import Hints, PageList, Source, Standing, Validators
from tests.newsroom import DUNIA, KABAR, NOON, POLLING, POPULAR, UPDATE, MemoryStore, Newsroom, fetched, source, world

URL = DUNIA.urls[0]
BOTH, NONE = frozenset({"update", "popular"}), frozenset[str]()
TAG = Validators(etag='"a"')
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TWO = fetched("1 Banjir surut di Semarang", "2 Kabut asap di Riau", etag='"a"')
UNCHANGED = NotModified(validators=Validators(), hints=Hints())
FULL = StateError("state/: No space left on device")


class Street:
    """One newsroom and one state, polled again and again."""

    def __init__(self, answer: Answer) -> None:
        self.newsroom = Newsroom({URL: answer})
        self.store = MemoryStore()
        self.world: World = world(self.newsroom, self.store)
        self.now = NOON

    async def poll(self, answer: Answer | None = None, asked: Source = DUNIA) -> Standing:
        """Poll once, an hour after the last time."""
        if answer is not None:
            self.newsroom.answers[URL] = answer
        self.now += HOUR
        self.report = await poll(asked, self.world, now=self.now)
        standing = self.store.standing(asked.id)
        assert standing is not None
        return standing

    @property
    def titles(self) -> list[str]:
        """What readers of `update` see."""
        return [story.lead.title for story in self.world.desk.stories(UPDATE)]

    @property
    def listed(self) -> list[str]:
        return [line.headline for line in self.store.listing(DUNIA.id)]


@pytest.fixture
async def street() -> Street:
    read = Street(TWO)
    await read.poll()
    return read


async def test_the_first_poll_brings_everything_that_is_listed() -> None:
    street = Street(TWO)
    standing = await street.poll()

    assert street.titles == ["Banjir surut di Semarang", "Kabut asap di Riau"]
    assert street.newsroom.asked == [(URL, Validators())]
    report = street.report
    assert (report.source, report.answer, report.ok, report.error) == (DUNIA.id, "200", True, None)
    assert (report.listed, report.parsed, report.new, report.revised, report.wire_bytes) == (2, 2, 2, 0, 100)
    assert (report.topics, report.oddities) == (BOTH, ("it is made of lines",))
    assert report.due == street.store.dues()[DUNIA.id]
    assert (standing.first_asked_at, standing.last_ok_at, standing.last_new_at) == (street.now,) * 3
    assert (standing.last_answer, standing.validators) == ("200", ((URL, TAG),))


async def test_the_second_poll_sends_the_first_polls_validators(street: Street) -> None:
    await street.poll(UNCHANGED)

    assert street.newsroom.asked == [(URL, Validators()), (URL, TAG)]
    assert (street.report.answer, street.report.ok, street.report.new, street.report.topics) == ("304", True, 0, NONE)


async def test_a_304_that_changes_nothing_writes_the_claim_alone(street: Street) -> None:
    await street.poll(UNCHANGED)
    commits = len(street.store.commits)
    before = street.store.standing(DUNIA.id)
    await street.poll(UNCHANGED)

    assert [commit.standings for commit in street.store.commits[commits:]] == [()]
    assert street.store.standing(DUNIA.id) == before
    assert street.report.due == street.store.dues()[DUNIA.id]


async def test_a_source_is_asked_in_the_rhythm_that_its_headlines_teach(street: Street) -> None:
    await street.poll(UNCHANGED)
    silent = street.report.due
    for number in range(3, 9):
        await street.poll(fetched(f"{number} Berita nomor {number} hari ini"))
    busy = street.report.due

    assert silent is not None
    assert busy is not None
    assert busy.at - street.now < silent.at - (street.now - 6 * HOUR)


@pytest.mark.parametrize("answer", [UNCHANGED, TWO], ids=["304", "the same document again"])
async def test_an_answer_that_changes_nothing_lengthens_the_interval(street: Street, answer: Answer) -> None:
    waits = []
    for _ in range(5):
        await street.poll(answer)
        assert street.report.due is not None
        waits.append(street.report.due.at - street.now)

    assert waits == sorted(waits)
    assert waits[-1] > 1.2 * waits[0]


async def test_a_304_keeps_the_validators_that_it_does_not_repeat(street: Street) -> None:
    modified = Validators(last_modified="Mon, 23 Nov 2026 12:00:00 GMT")
    standing = await street.poll(NotModified(validators=modified, hints=Hints()))

    assert standing.validators_of(URL) == Validators(etag='"a"', last_modified=modified.last_modified)


async def test_the_same_document_again_is_not_read_and_its_new_validators_are_kept(street: Street) -> None:
    standing = await street.poll(replace(TWO, validators=Validators(etag='"b"')))

    assert len(street.newsroom.parsed) == 1
    assert (street.report.answer, street.report.wire_bytes, street.report.listed) == ("200", 100, 0)
    assert standing.validators_of(URL) == Validators(etag='"b"')


async def test_only_entries_that_were_not_listed_last_time_are_parsed(street: Street) -> None:
    known = frozenset(line.fingerprint for line in street.store.listing(DUNIA.id))
    await street.poll(fetched("3 Harga beras naik", "1 Banjir surut di Semarang", "2 Kabut asap di Riau"))

    assert street.newsroom.parsed[-1].known == known
    assert (street.report.listed, street.report.parsed, street.report.new) == (3, 1, 1)
    assert street.titles[0] == "Harga beras naik"


async def test_a_job_tells_the_child_where_when_and_how_to_read() -> None:
    street = Street(TWO)
    await street.poll(asked=replace(DUNIA, page=PageList(heading="UPDATE"), language="id"))

    job = street.newsroom.parsed[0]
    assert (job.url, job.now, job.page, job.language) == (TWO.url, street.now, PageList(heading="UPDATE"), "id")


async def test_a_changed_title_revises_the_headline_and_announces_nothing(street: Street) -> None:
    standing = await street.poll(fetched("1 Banjir belum surut di Semarang", "2 Kabut asap di Riau"))

    assert (street.report.new, street.report.revised) == (0, 1)
    assert street.titles == ["Banjir belum surut di Semarang", "Kabut asap di Riau"]
    assert street.report.topics == BOTH
    assert standing.last_new_at == street.now - HOUR


async def test_an_unreadable_document_keeps_the_earlier_validators_and_news(street: Street) -> None:
    standing = await street.poll(fetched("!", etag='"b"'))

    assert (street.report.answer, street.report.ok, street.report.wire_bytes) == ("unreadable", False, 100)
    assert street.report.error == standing.last_error == "no headline can be read"
    assert standing.validators_of(URL) == TAG
    assert (standing.failures, len(street.titles)) == (1, 2)


async def test_an_incomplete_document_is_asked_for_again_whole(street: Street) -> None:
    cut = fetched("3 Harga beras naik", "…", etag='"b"')
    standing = await street.poll(cut)

    assert street.titles[0] == "Harga beras naik"
    assert (standing.validators_of(URL), standing.body_hash) == (TAG, None)
    await street.poll(cut)
    assert (len(street.newsroom.parsed), street.report.new) == (3, 0)


async def test_an_empty_document_is_read_and_takes_nothing_away(street: Street) -> None:
    await street.poll(fetched())

    assert (street.report.ok, street.report.listed, street.listed) == (True, 0, [])
    assert len(street.titles) == 2


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        pytest.param(Refused(status=500, hints=Hints(), detail="500 is theirs to mend"), "500", id="500"),
        pytest.param(Failed(kind="timeout", detail="no answer within 20 s"), "timeout", id="timeout"),
        pytest.param(Failed(kind="bomb", detail="grows a thousandfold"), "bomb", id="bomb"),
    ],
)
async def test_a_failure_is_recorded_and_what_was_known_stays(street: Street, answer: Answer, name: str) -> None:
    before = await street.poll(UNCHANGED)
    standing = await street.poll(answer)

    assert (street.report.answer, street.report.ok, street.report.topics) == (name, False, NONE)
    assert street.report.error == standing.last_error == getattr(answer, "detail", "")
    assert (standing.failures, standing.last_answer, standing.last_ok_at) == (1, name, before.last_ok_at)
    assert (standing.validators, standing.body_hash, len(street.titles)) == (before.validators, before.body_hash, 2)
    assert street.report.due is not None
    assert "back-off after 1 failure" in street.report.due.reason


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_obeyed_and_kept(street: Street, status: int) -> None:
    standing = await street.poll(Refused(status=status, hints=Hints(retry_after=DAY), detail="too many requests"))

    assert standing.not_before == street.now + DAY
    assert street.store.dues()[DUNIA.id].at >= street.now + DAY
    healed = await street.poll(UNCHANGED)
    assert (healed.not_before, healed.failures, healed.hints.retry_after) == (None, 0, None)


@pytest.mark.parametrize(
    "answer",
    [
        Refused(status=503, hints=Hints(retry_after=HOUR), detail="overloaded"),
        NotModified(validators=Validators(), hints=Hints(max_age=HOUR)),
        fetched("3 Harga beras naik", hints=Hints(max_age=HOUR)),
    ],
    ids=lambda answer: type(answer).__name__,
)
async def test_what_a_publisher_says_counts_from_when_it_was_asked_not_from_when_its_host_was_waited_for(
    street: Street, answer: Refused | NotModified | Fetched
) -> None:
    """A host of 900 sources with a pause of a second."""
    waited = timedelta(minutes=15)
    standing = await street.poll(replace(answer, asked_after=waited))

    assert street.report.due is not None
    assert street.store.dues()[DUNIA.id] == street.report.due
    assert street.report.due.at >= street.now + waited + HOUR
    if isinstance(answer, Refused):
        assert standing.not_before == street.now + waited + HOUR


async def test_a_304_that_changes_nothing_counts_from_when_it_was_asked_too(street: Street) -> None:
    """It writes nothing about the source, but its claim was made when the pass began to wait for the host."""
    waited, fresh = timedelta(minutes=15), replace(UNCHANGED, hints=Hints(max_age=HOUR))
    await street.poll(fresh)
    await street.poll(replace(fresh, asked_after=waited))

    assert street.report.due is not None
    assert street.store.dues()[DUNIA.id] == street.report.due
    assert street.report.due.at >= street.now + waited + HOUR


async def test_a_back_off_counts_from_when_it_was_asked_too(street: Street) -> None:
    waited = timedelta(minutes=30)
    await street.poll(Failed(kind="timeout", detail="no answer", asked_after=waited))

    assert street.report.due is not None
    assert street.report.due.at >= street.now + waited + POLLING.every / 2


async def test_who_was_not_asked_keeps_the_claim_and_nothing_else_is_known(street: Street) -> None:
    async def fetch(*_: object) -> Held:
        return Held(why="its host wants to be left alone")

    commits, before = len(street.store.commits), street.store.standing(DUNIA.id)
    street.world = replace(street.world, fetch=fetch)
    standing = await street.poll()

    assert (standing, len(street.store.commits)) == (before, commits + 1)
    assert (street.report.answer, street.report.ok) == ("held", False)
    assert street.report.due == street.store.dues()[DUNIA.id]


async def test_who_could_not_be_asked_for_want_of_files_is_asked_soon(street: Street) -> None:
    async def fetch(*_: object) -> Held:
        return Held(why="too many files are open", soon=True, asked_after=timedelta(seconds=5))

    street.world = replace(street.world, fetch=fetch)
    await street.poll()

    due = street.report.due
    assert due == street.store.dues()[DUNIA.id]
    assert due is not None
    assert due.at == street.now + timedelta(seconds=35)


async def test_what_we_had_no_child_to_read_is_no_failure_of_its_publisher(street: Street) -> None:
    async def parse(_: Job) -> Reading:
        raise ParsePutOffError("no child could be started to read it")

    commits, before, able = len(street.store.commits), street.store.standing(DUNIA.id), street.world
    street.world = replace(able, parse=parse)
    standing = await street.poll(fetched("3 Gempa di Palu", etag='"b"'))

    assert (standing, len(street.store.commits)) == (before, commits + 1)
    assert (street.report.answer, street.report.error) == ("held", "no child could be started to read it")
    assert street.report.due == street.store.dues()[DUNIA.id]
    street.world = able
    await street.poll()
    assert street.newsroom.asked[-1] == (URL, TAG)  # not with the validators of what was not read
    assert street.report.new == 1


async def test_a_url_that_is_not_found_makes_way_for_the_next() -> None:
    two = source("Dunia", URL, "https://mirror.example/rss")
    street = Street(Refused(status=404, hints=Hints(), detail="404 Not Found"))
    street.newsroom.answers[two.urls[1]] = TWO
    assert (await street.poll(asked=two)).url == 1
    standing = await street.poll(asked=two)

    assert [url for url, _ in street.newsroom.asked] == list(two.urls)
    assert standing.validators == ((two.urls[1], TAG),)
    assert len(street.titles) == 2


async def test_a_410_of_the_last_url_parks_the_source_and_says_so(street: Street) -> None:
    standing = await street.poll(Gone())

    assert standing.parked
    assert street.report.due is None
    assert street.report.error is not None
    assert "410 Gone" in street.report.error
    assert street.report.error == standing.last_error
    assert len(street.titles) == 2


async def test_a_410_of_another_url_makes_way_for_the_next() -> None:
    two = source("Dunia", URL, "https://mirror.example/rss")
    street = Street(Gone())
    standing = await street.poll(asked=two)

    assert (standing.parked, standing.url) == (False, 1)
    assert street.report.due is not None


async def test_a_changed_url_lifts_the_parking(street: Street) -> None:
    await street.poll(Gone())
    moved = replace(DUNIA, urls=("https://new.example/rss",))
    street.newsroom.answers[moved.urls[0]] = TWO
    standing = await street.poll(asked=moved)

    assert (standing.parked, standing.urls, standing.last_answer) == (False, moved.urls, "200")
    assert street.report.new == 0


async def test_a_permanent_redirect_is_noted_until_it_is_over(street: Street) -> None:
    first = await street.poll(replace(TWO, moved_to="https://new.example/rss"))
    again = await street.poll(replace(UNCHANGED, moved_to="https://new.example/rss"))
    over = await street.poll(UNCHANGED)

    assert first.moved_to == again.moved_to == "https://new.example/rss"
    assert first.moved_since == again.moved_since == street.now - 2 * HOUR
    assert (over.moved_to, over.moved_since) == (None, None)


DAYS_LATER = timedelta(days=8)
NEW = "https://new.example/rss"


async def test_a_permanent_redirect_is_adopted_after_seven_steady_days_under_the_same_id(street: Street) -> None:
    await street.poll(replace(TWO, moved_to=NEW))
    assert "it moves to https://new.example/rss for good" in street.report.oddities[-1]
    street.now += DAYS_LATER
    await street.poll(replace(UNCHANGED, moved_to=NEW))
    assert "it is asked at https://new.example/rss" in street.report.oddities[-1]
    street.newsroom.answers[NEW] = fetched("3 Harga beras naik", "1 Banjir surut di Semarang")
    standing = await street.poll()

    assert street.newsroom.asked[-1] == (NEW, TAG)
    assert (standing.source, standing.urls, street.report.new) == (DUNIA.id, DUNIA.urls, 1)
    assert len(street.titles) == 3


async def test_a_redirect_to_another_feed_is_followed_and_never_adopted(street: Street) -> None:
    street.newsroom.title = "Domain for sale"
    await street.poll(fetched("9 Buy this domain", moved_to=NEW))
    assert "lists nothing that we know" in street.report.oddities[-1]
    street.newsroom.answers[NEW] = TWO
    for _ in range(3):
        street.now += DAYS_LATER
        await street.poll(replace(UNCHANGED, moved_to=NEW))

    assert {url for url, _ in street.newsroom.asked} == {URL}


async def test_a_redirect_to_the_same_headlines_elsewhere_is_the_same_feed(street: Street) -> None:
    street.newsroom.title = "Dunia Baru"
    moved = await street.poll(fetched("1 Banjir surut di Semarang", "3 Harga beras naik", moved_to=NEW))

    assert moved.moved_since == street.now


async def test_a_304_with_a_last_modified_in_the_future_is_asked_whole_once_a_day(street: Street) -> None:
    ahead = Validators(last_modified="Sun, 23 Nov 2036 12:00:00 GMT")
    await street.poll(NotModified(validators=ahead, hints=Hints()))
    both = replace(TAG, last_modified=ahead.last_modified)
    for _ in range(48):
        await street.poll(NotModified(validators=ahead, hints=Hints()))

    asked = [validators for _, validators in street.newsroom.asked[2:]]
    assert [hour for hour, validators in enumerate(asked) if validators == Validators()] == [22, 46]
    assert {validators for validators in asked if validators != Validators()} == {both}


async def test_a_question_out_of_doubt_is_written_down_before_it_is_asked(street: Street) -> None:
    ahead = Validators(last_modified="Sun, 23 Nov 2036 12:00:00 GMT")
    await street.poll(NotModified(validators=ahead, hints=Hints()))
    street.now += DAY

    async def crash(*_: object) -> Answer:
        raise ZeroDivisionError

    alive, street.world = street.world, replace(street.world, fetch=crash)
    with pytest.raises(ZeroDivisionError):
        await street.poll()
    street.world = alive
    await street.poll()

    assert street.newsroom.asked[-1][1] != Validators()


async def test_a_question_out_of_doubt_is_told(street: Street) -> None:
    await street.poll(NotModified(validators=Validators(last_modified="Sun, 23 Nov 2036 12:00:00 GMT"), hints=Hints()))
    street.now += DAY
    await street.poll(TWO)

    assert "asked once without validators: its Last-Modified lies in the future" in street.report.oddities


async def test_a_226_adds_and_takes_nothing_away(street: Street) -> None:
    banjir, kabut = street.listed
    part = fetched("3 Harga beras naik", etag='"b"', is_partial=True)
    standing = await street.poll(part)

    assert (street.report.answer, street.report.new, street.report.parsed) == ("226", 1, 1)
    assert street.listed[1:] == [banjir, kabut]
    assert dict(street.store.unlisted()) == {}
    assert standing.validators_of(URL) == Validators(etag='"b"')

    documents = len(street.newsroom.parsed)
    await street.poll(TWO)
    assert len(street.newsroom.parsed) == documents  # the bytes read before the part came
    await street.poll(fetched("3 Harga beras naik", "1 Banjir surut di Semarang", etag='"c"'))
    assert (street.report.parsed, dict(street.store.unlisted())) == (0, {kabut: street.now})


async def test_what_headers_cannot_mean_is_in_the_report(street: Street) -> None:
    odd = ("Retry-After names nothing",)
    for answer in (
        Refused(status=503, hints=Hints(), detail="overloaded", oddities=odd),
        replace(UNCHANGED, oddities=odd),
        replace(TWO, oddities=odd),
        fetched("4 Baru", oddities=odd),
    ):
        await street.poll(answer)
        assert street.report.oddities[:1] == odd


async def test_a_304_remembers_max_age_and_a_200_without_one_forgets_it(street: Street) -> None:
    lasting = await street.poll(NotModified(validators=Validators(), hints=Hints(max_age=3 * HOUR)))
    unchanged = await street.poll(UNCHANGED)
    gone = await street.poll(TWO)

    assert lasting.hints.max_age == unchanged.hints.max_age == 3 * HOUR
    assert gone.hints.max_age is None


async def test_what_a_document_asks_for_outlives_a_304(street: Street) -> None:
    street.newsroom.hints = Hints(ttl=HOUR, skip_hours=(3,))
    await street.poll(fetched("3 Harga beras naik", hints=Hints(max_age=2 * HOUR)))
    standing = await street.poll(UNCHANGED)

    assert standing.hints == Hints(ttl=HOUR, skip_hours=(3,), max_age=2 * HOUR)


async def test_the_claim_is_committed_before_the_publisher_is_asked() -> None:
    street = Street(TWO)
    claimed_at_asking = []

    async def fetch(asked: Source, url: str, validators: Validators) -> Answer:
        claimed_at_asking.append(street.store.dues()[asked.id].at)
        return await street.newsroom.fetch(asked, url, validators)

    street.world = replace(street.world, fetch=fetch)
    await street.poll()

    assert [at > street.now for at in claimed_at_asking] == [True]


async def test_nobody_is_asked_whose_claim_could_not_be_committed() -> None:
    street = Street(TWO)
    street.store.trouble = FULL

    with pytest.raises(StateError):
        await street.poll()
    assert street.newsroom.asked == []


async def test_headlines_validators_and_listing_come_in_one_commit() -> None:
    street = Street(TWO)
    await street.poll()

    with_validators = [commit for commit in street.store.commits if any(each.validators for each in commit.standings)]
    assert [len(commit.headlines) for commit in with_validators] == [2]
    assert [len(listing) for _, listing in with_validators[0].listings] == [2]


async def test_a_failed_commit_shows_nothing_and_the_next_poll_brings_it_all() -> None:
    street = Street(TWO)

    async def fetch(asked: Source, url: str, validators: Validators) -> Answer:
        street.store.trouble = FULL
        return await street.newsroom.fetch(asked, url, validators)

    healthy, street.world = street.world, replace(street.world, fetch=fetch)
    with pytest.raises(StateError):
        await street.poll()
    assert (street.titles, street.store.standing(DUNIA.id), street.store.news) == ([], None, 0)

    street.store.trouble, street.world = None, healthy
    await street.poll()
    assert (street.report.new, len(street.titles)) == (2, 2)
    assert street.newsroom.asked[-1] == (URL, Validators())


async def test_what_a_source_stops_listing_is_noted_and_what_it_lists_again_too(street: Street) -> None:
    banjir, kabut = street.listed
    await street.poll(fetched("2 Kabut asap di Riau"))
    assert dict(street.store.unlisted()) == {banjir: street.now}

    await street.poll(TWO)
    assert dict(street.store.unlisted()) == {}
    assert (street.listed, street.report.new) == ([banjir, kabut], 0)


async def test_an_edit_of_how_a_document_is_read_has_the_same_bytes_read_again(street: Street) -> None:
    english = replace(DUNIA, language="en")
    await street.poll(asked=english)
    await street.poll(asked=english)

    assert [job.language for job in street.newsroom.parsed] == [None, "en"]


async def test_an_edit_of_how_a_document_is_read_asks_for_it_whole_once(street: Street) -> None:
    english = replace(DUNIA, language="en")
    await street.poll(asked=english)
    await street.poll(UNCHANGED, asked=english)

    assert [validators for _, validators in street.newsroom.asked] == [Validators(), Validators(), TAG]


async def test_a_pass_without_news_does_not_read_the_kept_headlines(street: Street) -> None:
    street.world = world(street.newsroom, street.store)
    before = street.store.readings
    await street.poll(UNCHANGED)
    await street.poll(TWO)
    await street.poll(Failed(kind="timeout", detail="no answer"))
    await street.poll(fetched("2 Kabut asap di Riau"))
    assert street.store.readings == before

    await street.poll(fetched("3 Harga beras naik"))
    assert street.store.readings > before


async def test_two_outlets_tell_one_story() -> None:
    newsroom = Newsroom({URL: TWO, KABAR.urls[0]: fetched("k9 Banjir surut di Semarang")})
    there = world(newsroom, MemoryStore())
    await asyncio.gather(poll(DUNIA, there, now=NOON), poll(KABAR, there, now=NOON))

    assert [len(story.headlines) for story in there.desk.stories(UPDATE)] == [2, 1]
    assert there.desk.stories(POPULAR)[0].id == there.desk.stories(UPDATE)[0].id


async def test_one_passs_failed_commit_does_not_spoil_the_other_that_folds_into_the_same_story() -> None:
    newsroom = Newsroom(
        {URL: fetched("1 Banjir surut di Semarang"), KABAR.urls[0]: fetched("k Banjir surut di Semarang")}
    )
    store = _Refusing(DUNIA)
    there = world(newsroom, store)
    outcomes = await asyncio.gather(*(poll(each, there, now=NOON) for each in (DUNIA, KABAR)), return_exceptions=True)
    assert [isinstance(outcome, StateError) for outcome in outcomes] == [True, False]

    store.refused = None
    await poll(DUNIA, there, now=NOON + HOUR)
    assert [len(story.headlines) for story in there.desk.stories(UPDATE)] == [2]


class _Refusing(MemoryStore):
    """A store on whose disk one source's standings and headlines find no room."""

    def __init__(self, refused: Source) -> None:
        super().__init__()
        self.refused: Source | None = refused

    async def commit(self, commit: Commit) -> int:
        about = [standing.source for standing in commit.standings]
        if self.refused is not None and self.refused.id in about:
            raise FULL
        return await super().commit(commit)


async def test_the_demo_lives_faster() -> None:
    street = Street(TWO)
    await street.poll()
    plain = street.store.dues()[DUNIA.id].at - street.now
    street.world = replace(street.world, speed=60.0)
    fast = Street(TWO)
    fast.world = replace(fast.world, speed=60.0)
    await fast.poll()

    assert fast.store.dues()[DUNIA.id].at - fast.now == plain / 60


async def test_a_renamed_source_is_written_down_even_by_a_304(street: Street) -> None:
    await street.poll(UNCHANGED)
    standing = await street.poll(UNCHANGED, asked=replace(DUNIA, name="Dunia Baru"))

    assert standing.name == "Dunia Baru"


async def test_a_desk_that_is_set_up_otherwise_while_a_pass_waits_still_shows_its_news() -> None:
    street = Street(TWO)
    only_update = Desk(street.store, topics=(UPDATE,), sources=(DUNIA,))

    async def fetch(asked: Source, url: str, validators: Validators) -> Fetched:
        only_update.configure(topics=(UPDATE, POPULAR), sources=(DUNIA, KABAR))
        await street.newsroom.fetch(asked, url, validators)
        return TWO

    street.world = replace(street.world, fetch=fetch, desk=only_update)
    await street.poll()

    assert street.report.topics == BOTH
    assert len(only_update.stories(POPULAR)) == 2


async def test_everything_under_new_ids_and_links_is_kept_and_nobody_is_told_again() -> None:
    titles = ("Banjir surut di Semarang", "Kabut asap di Riau", "Harga beras naik")
    street = Street(fetched(*(f"{number} {title}" for number, title in enumerate(titles))))

    async def parse(job: Job) -> Reading:
        reading = await street.newsroom.parse(job)
        linked = (replace(entry, link=f"https://dunia.example/{entry.guid}") for entry in reading.entries)
        return replace(reading, entries=tuple(linked))

    street.world = replace(street.world, parse=parse)
    await street.poll()
    await street.poll(fetched(*(f"moved-{number} {title}" for number, title in enumerate(titles)), "9 Gempa di Maluku"))

    assert street.titles == ["Gempa di Maluku", *titles]
    assert street.report.oddities[1:] == ("3 kept, not told as news: listed before under another id",)
    assert (street.report.new, street.report.untold) == (4, 3)
    assert len([*street.store.headlines()]) == 7


async def test_a_source_that_is_asked_at_its_next_url_is_no_new_source() -> None:
    street, twice = Street(TWO), replace(DUNIA, urls=(URL, "https://second.example/rss"))
    street.newsroom.answers[twice.urls[1]] = fetched(*(f"n{number} Kabar {number}" for number in range(60)))
    await street.poll(asked=twice)
    await street.poll(Refused(status=404, hints=Hints(), detail="not found"), asked=twice)
    await street.poll(asked=twice)

    assert street.report.oddities[1:] == ("10 kept, not told as news: one of more than 50 at once",)


async def test_after_a_document_that_was_cut_off_a_flood_is_a_flood_all_the_same(street: Street) -> None:
    await street.poll(fetched("1 Banjir surut di Semarang", "…"))
    await street.poll(fetched(*(f"n{number} Kabar {number}" for number in range(60))))

    assert street.report.oddities[1:] == ("10 kept, not told as news: one of more than 50 at once",)


async def test_what_bears_no_date_stands_at_a_first_reading_below_what_was_published_today() -> None:
    street = Street(TWO)
    await street.poll()
    await street.poll(fetched("3 Harga beras naik", "1 Banjir surut di Semarang", "2 Kabut asap di Riau"))

    first = {each.title: (street.now - each.published_at, each.date_from) for each in street.store.headlines()}
    assert first == {
        "Harga beras naik": (timedelta(0), "seen"),
        "Banjir surut di Semarang": (DAY + HOUR, "baseline"),
        "Kabut asap di Riau": (DAY + HOUR + timedelta(seconds=1), "baseline"),
    }


async def test_what_happened_to_a_source_is_in_the_record_of_the_pass_that_found_it(street: Street) -> None:
    down, commits = Refused(status=503, hints=Hints(), detail="down"), []
    for _ in range(4):
        before = len(street.store.commits)
        await street.poll(down)
        commits.append(street.store.commits[before:])

    assert [len(each) for each in commits] == [2, 2, 2, 2]  # the claim, and what came of it
    assert [[incident.kind for incident in each[-1].incidents] for each in commits] == [[], [], ["broke"], []]
    (standing,) = commits[2][-1].standings
    assert standing.told == (("failing", NOON + 4 * HOUR),)


async def test_what_could_not_be_committed_was_not_told_and_is_told_the_next_time(street: Street) -> None:
    down = Failed(kind="auth file", detail="it is gone")
    street.store.trouble = FULL
    with pytest.raises(StateError):
        await street.poll(down)
    street.store.trouble = None
    assert list(street.store.incidents()) == []

    await street.poll(down)
    await street.poll(down)
    assert [incident.at for incident in street.store.incidents()] == [NOON + 3 * HOUR]
