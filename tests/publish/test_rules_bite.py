"""A rule that never fails judges nothing: each is given a document that breaks it, and it alone."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from tests.publish.judge.editions import ARCHIVE, RULES, edition, full
from tests.publish.judge.judging import Published, verdicts
from tests.publish.stories import PLAIN_STORIES

# Rule → what is replaced the first time it is found (a regular expression), and by what.
RSS = {
    "NotUTF8": (r"encoding='UTF-8'", "encoding='ISO-8859-1'"),
    "InvalidDoctype": (r"<rss ", "<!DOCTYPE rss><rss "),
    "BadCharacters": (r"surut", "sur&#x9B;ut"),
    "Stylesheet": (r"<\?xml-stylesheet[^>]*>\n", ""),
    "ContainsCDATA": (r"Banjir surut", "<![CDATA[Banjir]]> surut"),
    "InvalidRSSVersion": (r' version="2\.0"', ' version="0.92"'),
    "MissingChannelElement": (r"<description>Warta[^\n]*", ""),
    "UndefinedElement": (r"(<docs>)", r"<rating>x</rating>\1"),
    "UndefinedItemElement": (r"(<guid)", r"<fullText>x</fullText>\1"),
    "DuplicateElement": (r"(<docs>[^\n]*)", r"\1\1"),
    "DuplicateItemElement": (r"(<pubDate>[^\n]*)", r"\1\1"),
    "UnexpectedAttribute": (r"<item>", '<item id="1">'),
    "InvalidFullLink": (r"<link>https://dunia.example/1\?", "<link>https://dunia.example/é?"),
    "InvalidLanguage": (r"<language>id", "<language>indonesian"),
    "MissingLanguage": (r"<language>id</language>", ""),
    "ProblematicalRFC822Date": (r"(<pubDate>Mon, 29 Dec) 2025", r"\1 25"),
    "IncorrectDOW": (r"<pubDate>Mon", "<pubDate>Tue"),
    "ImplausibleDate": (r"<lastBuildDate>Mon, 29 Dec 2025", "<lastBuildDate>Sat, 29 Dec 2035"),
    "MissingPubDate": (r"<pubDate>[^\n]*", ""),
    "LastBuildDateBeforeNewest": (r"<lastBuildDate>Mon, 29", "<lastBuildDate>Sun, 28"),
    "InvalidPositiveInteger": (r"<ttl>5", "<ttl>0"),
    "MissingTtl": (r"<ttl>5</ttl>", ""),
    "MissingGenerator": (r"<generator>[^\n]*", ""),
    "MissingDocs": (r"<docs>[^\n]*", "<docs>https://www.rssboard.org/</docs>"),
    "MissingImage": (r"(?s)<image>.*</image>", ""),
    "MissingImageElement": (r"<url>[^\n]*", ""),
    "ImageUrlFormat": (r"icon\.png", "icon.svg"),
    "InvalidWidth": (r"<width>144", "<width>145"),
    "InvalidHeight": (r"<height>144", "<height>0"),
    "InvalidHour": (r"(<ttl>)", r"<skipHours><hour>24</hour></skipHours>\1"),
    "CloudIsNotOurs": (r"(<ttl>)", r'<cloud domain="rpc.example"/>\1'),
    "ItemMustContainTitleOrDescription": (r"(?s)<title>Banjir surut.*?(<link>[^\n]*).*?</description>", r"\1"),
    "NotBlank": (r"<category>Daerah", "<category> "),
    "MissingGuid": (r"<guid[^\n]*", ""),
    "DuplicateValue": (r"5b3c1d9e0001</guid>", "000000000001</guid>"),
    "InvalidPermalink": (r'<guid isPermaLink="false">', "<guid>"),
    "NotSufficientlyUnique": (r"urn:uuid:7d0f5f4e-3a7e-5d36-9f5b-5b3c1d9e0001</guid>", "42</guid>"),
    "MissingSource": (r"<source [^\n]*", ""),
    "InvalidSourceUrl": (r'<source url="https:', '<source url="'),
    "MissingSourceUrl": (r'<source url="[^"]*"', "<source"),
    "MissingAttribute": (r' length="1234"', ""),
    "InvalidURLAttribute": (r'<enclosure url="https:', '<enclosure url="'),
    "UseZeroForUnknown": (r'length="1234"', 'length="-1"'),
    "InvalidMIMEAttribute": (r'type="audio/mpeg"', 'type="audio"'),
    "UnknownNamespace": (r"<rss ", '<rss xmlns:x="http://unknown.example/" '),
    "MissingAtomSelfLink": (r'rel="self" type="application/rss\+xml"', 'rel="self" type="text/xml"'),
    "SelfDoesntMatchLocation": (r"update\.rss", "elsewhere.rss"),
    "InvalidLinkHref": (r'href="https://hub.example/"', 'href="/hub"'),
    "MissingHref": (r' href="https://hub.example/"', ""),
    "UnregisteredAtomLinkRel": (r'rel="hub"', 'rel="pubsub"'),
    "DuplicateAtomLink": (r"(<atom:link[^>]*prev-archive[^>]*>)", r"\1\1"),
    "MissingAlternate": (r'<atom:link[^>]*rel="alternate"[^>]*>', ""),
    "AtomLinkNotEmpty": (r'(<atom:link href="https://hub.example/" rel="hub")/>', r"\1>hub</atom:link>"),
    "CharacterData": (r"Warta &#x3C;Pagi&#x3E;: ", "Warta &lt;Pagi&gt;: "),
    "ContainsHTML": (r"Banjir surut", "&#x3C;b&#x3E;Banjir&#x3C;/b&#x3E; surut"),
    "ContainsRelRefOrBadHTML": (r'(;a href=")https:', r"\1"),
    "MisplacedItem": (r"(</item>\s*)(</channel>)", r"\1<category>late</category>\2"),
    "NewestFirst": (r"<pubDate>Mon, 29 Dec 2025 03:12:30", "<pubDate>Mon, 29 Dec 2025 01:12:30"),
    "DuplicateEnclosure": (r"(<enclosure [^\n]*)", r"\1\1"),
    "ImageTitleDoesntMatch": (r"(<url>[^\n]*\s*)<title>UPDATE", r"\1<title>Update"),
    "ImageLinkDoesntMatch": (r"(<link>https://warta.example/update/)(</link>\s*<width>)", r"\1x\2"),
    "AvoidTextInput": (r"(<ttl>)", r"<textInput><title>x</title></textInput>\1"),
    "NeedDescriptionBeforeContent": (
        r"<description>(&#x3C;[^\n]*)</description>",
        r"<content:encoded>\1</content:encoded>",
    ),
    "EmailFormat": (r"(<guid)", r"<author>rina@dunia.example</author>\1"),
    "MissingCreator": (r"<dc:creator>[^\n]*", ""),
    "ContainsEmail": (r"<dc:creator>Rina", "<dc:creator>Rina rina@dunia.example"),
    "DuplicateSemantics": (r"(<dc:creator>)", r"<dc:date>2025-12-29</dc:date>\1"),
    "InvalidUpdatePeriod": (r">hourly<", ">often<"),
    "InvalidFrequency": (r"Frequency>12<", "Frequency>12.5<"),
    "UpdateBaseIsNobodys": (r"(<sy:updatePeriod>)", r"<sy:updateBase>2025-01-01T00:00Z</sy:updateBase>\1"),
    "MissingPeriod": (r"<sy:updatePeriod>[^\n]*", ""),
    "InvalidThumbnail": (r'(<media:thumbnail url=")https:', r"\1"),
    "UnexpectedThumbnailAttribute": (r"<media:thumbnail ", '<media:thumbnail medium="image" '),
    "MissingCurrentInArchive": (r'<atom:link[^>]*rel="current"[^>]*>', ""),
    "NotAnArchive": (
        r"<fh:archive/>",
        "<ttl>5</ttl><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>",
    ),
    "FeedRelInCompleteFeed": (r"<fh:archive/>", "<fh:archive/><fh:complete/>"),
    "ArchiveNotEmpty": (r"<fh:archive/>", "<fh:archive>yes</fh:archive>"),
    "HubInArchive": (r"<fh:archive/>", '<fh:archive/><atom:link href="https://hub.example/" rel="hub"/>'),
    "OwnNeighbour": (r"2025-11\.rss", "2025-12.rss"),
}
ATOM = {
    "NotUTF8": RSS["NotUTF8"],
    "InvalidDoctype": (r"<feed ", "<!DOCTYPE feed><feed "),
    "BadCharacters": RSS["BadCharacters"],
    "Stylesheet": RSS["Stylesheet"],
    "ContainsCDATA": RSS["ContainsCDATA"],
    "UnknownNamespace": (r"<feed ", '<feed xmlns:x="http://unknown.example/" '),
    "MissingElement": (r"<updated>[^\n]*", ""),
    "MissingAuthor": (r"(?s)<author>.*?</author>", ""),
    "UndefinedElement": (r"(<generator)", r"<tagline>x</tagline>\1"),
    "UndefinedEntryElement": (r"(<summary)", r"<issued>2025</issued>\1"),
    "DuplicateElement": (r"(<icon>[^\n]*)", r"\1\1"),
    "MissingSelf": (r'rel="self" type="application/atom\+xml"', 'rel="self" type="text/xml"'),
    "SelfDoesntMatchLocation": (r"update\.atom", "elsewhere.atom"),
    "MissingAlternate": (r'rel="alternate" type="text/html"', 'rel="alternate" type="text/plain"'),
    "DuplicateAtomLink": (r'(<link[^>]*rel="alternate"/>)', r"\1\1"),
    "MisplacedMetadata": (r"(</entry>\s*)(</feed>)", r"\1<rights>late</rights>\2"),
    "DuplicateEntries": (r"5b3c1d9e0001</id>", "000000000001</id>"),
    "DuplicateUpdated": (r"(?s)(<entry.*?)(<updated>[^\n]*)(.*<entry.*?)<updated>[^\n]*(?=\s*<author>)", r"\1\2\3\2"),
    "MissingEntryElement": (r'<title type="text">Banjir surut[^\n]*', ""),
    "MissingContentOrAlternate": (r'<link[^>]*rel="alternate"/>', ""),
    "MissingTextualContent": (r"(?s)<summary.*?</summary>", ""),
    "MissingPublished": (r"<published>[^\n]*", ""),
    "NewestFirst": (r"<published>2025-12-29T03", "<published>2025-12-28T03"),
    "InvalidFullLink": (r"<id>tag:dunia.example,2025:feed", "<id>dunia"),
    "OurIdIsNoUrn": (r"<id>urn:uuid:", "<id>https://warta.example/"),
    "UnexpectedWhitespace": (r"<id>tag", "<id> tag"),
    "InvalidRFC3339Date": (r'when="2025-12-29T', 'when="2025-12-29t'),
    "ImplausibleDate": (r'when="2025', 'when="2035'),
    "PublishedAfterUpdate": (r"<published>2025-12-29T03:12", "<published>2026-01-01T03:12"),
    "MissingSubtitle": (r"<subtitle[^\n]*", ""),
    "FeedOlderThanEntry": (r"<updated>2025-12-29", "<updated>2025-12-28"),
    "TitleIsNoText": (r'<title type="text">Banjir', '<title type="html">Banjir'),
    "InvalidTextType": (r'<summary type="html">', '<summary type="text">'),
    "ContainsUndeclaredHTML": (r"Banjir surut", "&#x3C;b&#x3E;Banjir&#x3C;/b&#x3E; surut"),
    "ContainsRelRefOrBadHTML": RSS["ContainsRelRefOrBadHTML"],
    "NotBlank": (r"(<summary[^>]*>)[^<]*", r"\1"),
    "MissingName": (r"<name>Rina</name>", "<name> </name>"),
    "ContainsEmail": (r"<name>Rina", "<name>Rina rina@dunia.example"),
    "MissingTerm": (r'term="Daerah"', 'term=""'),
    "MissingGenerator": (r"<generator[^\n]*", ""),
    "InvalidURI": (r'uri="https:', 'uri="'),
    "MissingIcon": (r"<icon>[^\n]*", ""),
    "InvalidIcon": (r"icon\.png", "icon.svg"),
    "InvalidLink": (r'href="https://hub.example/"', 'href="/hub"'),
    "MissingHref": (r' href="https://hub.example/"', ""),
    "UnregisteredAtomLinkRel": (r'rel="hub"', 'rel="pubsub"'),
    "InvalidMIMEType": (r'type="audio/mpeg"', 'type="audio"'),
    "EnclosureWithoutType": (r' type="audio/mpeg"', ""),
    "AttrNotBlank": (r'title="Kabar[^"]*"', 'title=" "'),
    "InvalidNonNegativeInteger": (r'length="1234"', 'length="-1"'),
    "AtomLinkNotEmpty": (r'(<link href="https://hub.example/" rel="hub")/>', r"\1>hub</link>"),
    "MissingSource": (r"(?s)<source>.*?</source>", ""),
    "MissingSourceElement": (r'<title type="text">Dunia![^\n]*', ""),
    "MissingSourceSelf": (r'<link href="https://dunia.example/rss" rel="self"/>', ""),
    "EntryInSource": (r"<source>", "<source><entry/>"),
    "InvalidLanguage": (r'<entry xml:lang="id"', '<entry xml:lang="indonesian"'),
    "MissingLanguage": (r' xml:lang="id">\n  <id>', ">\n  <id>"),
    "InvalidThumbnail": RSS["InvalidThumbnail"],
    "UnexpectedThumbnailAttribute": RSS["UnexpectedThumbnailAttribute"],
    "HubInEntry": (r'rel="related"', 'rel="hub"'),
    "MissingCurrentInArchive": (r'<link[^>]*rel="current"[^>]*>', ""),
    "NotAnArchive": (r"<fh:archive/>", ""),
    "FeedRelInCompleteFeed": RSS["FeedRelInCompleteFeed"],
    "FeedHistoryRelInEntry": (r'rel="related"', 'rel="prev-archive"'),
    "ArchiveNotEmpty": RSS["ArchiveNotEmpty"],
    "ArchiveTellsVersion": (r"<generator ", '<generator version="1" '),
    "HubInArchive": (r"<fh:archive/>", '<fh:archive/><link href="https://hub.example/" rel="hub"/>'),
    "OwnNeighbour": (r"2025-11\.atom", "2025-12.atom"),
    "DeletedWithoutRefOrWhen": (r' when="[^"]*"', ""),
    "DeletedRefIsNoId": (r'ref="urn:', 'ref="'),
    "DeletedTwice": (r"(<at:deleted-entry[^\n]*)", r"\1\1"),
    "DeletedButThere": (r' ref="[^"]*"', ' ref="urn:uuid:7d0f5f4e-3a7e-5d36-9f5b-5b3c1d9e0001"'),
    "DeletedElsewhere": (r"(?s)(<at:deleted-entry[^\n]*)(.*)(<summary)", r"\2\1\3"),
}
JSON = {
    "NotUTF8": (r"^", "\ufeff"),
    "BadCharacters": (r"surut", "sur\x9but"),
    "WrongVersion": (r"version/1\.1", "version/1.2"),
    "MissingTitle": (r'"title":"UPDATE[^"]*",', ""),
    "MissingItems": (r'"items":\[.*\]', '"items":null'),
    "MissingHomePage": (r'"home_page_url":"[^"]*",', ""),
    "SelfDoesntMatchLocation": (r"update\.json", "elsewhere.json"),
    "InvalidIcon": (r"https://warta.example/icon-512.png", "/icon.png"),
    "InvalidFavicon": (r"https://warta.example/icon.png", "/icon.png"),
    "InvalidNextUrl": (r'"next_url":"https:', '"next_url":"'),
    "NextIsSelf": (r"update/2025-12\.json", "update.json"),
    "InvalidExpired": (r'"items":', '"expired":"no","items":'),
    "InvalidHub": (r'"WebSub"', '"PubSub"'),
    "MissingAuthors": (r'"authors":\[[^]]*\],"hubs"', '"hubs"'),
    "UnknownKey": (r'"items":', '"generator":"x","items":'),
    "NotBlank": (r'"summary":"[^"]*"', '"summary":" "'),
    "InvalidAuthor": (r'\{"name":"Rina"\}', "{}"),
    "InvalidAuthorUrl": (r'("name":"Warta <Pagi>","url":")https:', r"\1"),
    "InvalidLanguage": (r'"language":"id"', '"language":"indonesian"'),
    "MissingLanguage": (r'"language":"id",', ""),
    "MissingId": (r'"id":"[^"]*",', ""),
    "DuplicateValue": (r"5b3c1d9e0001", "000000000001"),
    "MissingContent": (r'"content_html":"[^"]*","content_text":"[^"]*",', ""),
    "InvalidLink": (r'"url":"https://dunia.example/1\?', '"url":"/1?'),
    "InvalidImage": (r'"image":"https:', '"image":"'),
    "ContainsRelRefOrBadHTML": (r"<p>Warga", "<p>Warga<br>"),
    "ContainsHTML": (r"Banjir surut", "<b>Banjir</b> surut"),
    "InvalidPublished": (r'("date_published":"[^"]*)Z', r"\1"),
    "InvalidModified": (r'("date_modified":"[^"]*)Z', r"\1z"),
    "NewestFirst": (r'"date_published":"2025-12-29', '"date_published":"2025-12-28'),
    "InvalidTag": (r'"Daerah"', '""'),
    "InvalidAttachment": (r'(\{"url":")https:([^"]*mp3)', r"\1\2"),
    "InvalidMIMEType": (r"audio/mpeg", "audio"),
    "InvalidSize": (r'"size_in_bytes":1234', '"size_in_bytes":"1234"'),
}
OPML = {
    "NotUTF8": (r'encoding="UTF-8"', 'encoding="ISO-8859-1"'),
    "InvalidDoctype": (r"<opml ", "<!DOCTYPE opml><opml "),
    "BadCharacters": (r"Populer", "Popul&#x9B;er"),
    "ContainsCDATA": (r"<title>", "<title><![CDATA[x]]>"),
    "InvalidOPMLVersion": (r'version="2\.0"', 'version="3.0"'),
    "MissingHead": (r"<title>[^\n]*", ""),
    "InvalidOwner": (r"<ownerId>https:", "<ownerId>"),
    "NothingIsStampedNow": (r"(<title>)", r"<dateCreated>Mon, 29 Dec 2025 03:12:30 GMT</dateCreated>\1"),
    "MissingOutline": (r"(?s)<outline.*(</body>)", r"\1"),
    "MissingText": (r'text="Populer"', ""),
    "MissingTitleAttr": (r' title="Populer"', ""),
    "MissingXmlURL": (r' xmlUrl="[^"]*"', ""),
    "MissingOutlineType": (r' type="rss"', ""),
    "InvalidOutlineVersion": (r'version="RSS2"', 'version="RSS 2.0"'),
    "InvalidFullLink": (r'htmlUrl="https:', 'htmlUrl="'),
    "InvalidLanguage": (r'language="id"', 'language="indonesian"'),
    "ListedTwice": (r"(<outline [^\n]*)", r"\1\1"),
    "UnknownNamespace": (r"<opml ", '<opml xmlns:x="http://unknown.example/" '),
    "UnexpectedAttribute": (r"<outline ", '<outline icon="x" '),
}
IN_ARCHIVES = {
    *("MissingCurrentInArchive", "NotAnArchive", "FeedRelInCompleteFeed", "ArchiveNotEmpty", "OwnNeighbour"),
    *("HubInArchive", "ArchiveTellsVersion"),
}
BROKEN = {"rss": RSS, "atom": ATOM, "json": JSON, "opml": OPML}
TABLE = [(kind, name) for kind, broken in BROKEN.items() for name in broken]
# Whatever breaks a rule of Atom's grammar breaks the grammar, where its schema is at hand.
BESIDES = {"RelaxNG"}


def names(kind: str, document: Published) -> set[str]:
    return {verdict.partition(":")[0] for verdict in verdicts(RULES[kind], document)}


@pytest.fixture(scope="module")
def sound() -> dict[str, dict[str, Published]]:
    return {"archive": edition(PLAIN_STORIES, ARCHIVE), "full": full()}


@pytest.mark.parametrize(("kind", "name"), TABLE)
def test_each_rule_fails_where_it_is_broken_and_no_other_does(
    sound: dict[str, dict[str, Published]], kind: str, name: str
) -> None:
    document = sound["archive" if name in IN_ARCHIVES else "full"][kind]
    pattern, replacement = BROKEN[kind][name]
    text, count = re.subn(pattern, replacement, document.body.decode(), count=1)
    assert (count, names(kind, document)) == (1, set())
    assert names(kind, replace(document, body=text.encode())) - BESIDES == {name}


@pytest.mark.parametrize("kind", BROKEN)
def test_no_rule_was_left_untried(kind: str) -> None:
    rules = [rule.name for rule in RULES[kind]]
    assert len(set(rules)) == len(rules)
    assert set(rules) - BESIDES == BROKEN[kind].keys()


def test_a_verdict_names_the_rule_the_document_and_what_is_wrong() -> None:
    json = full()["json"]
    doubtful = replace(json, body=orjson.dumps({**json.json, "language": "indonesian"}))
    assert verdicts(RULES["json"], doubtful) == [
        "InvalidLanguage: JSON Feed 1.1, language: https://warta.example/update.json: indonesian"
    ]


def test_what_is_ahead_of_its_time_is_doubted() -> None:
    early = datetime(2025, 1, 1, tzinfo=UTC)
    assert names("rss", replace(full()["rss"], now=early)) == {"ImplausibleDate"}
