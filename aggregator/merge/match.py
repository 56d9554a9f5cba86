r"""A match expression → a predicate on headlines.

    kabut asap                       both words, in title, summary or categories: words side by side mean AND
    "kabut asap" OR kebakaran        the phrase, or the word
    banjir NOT (olahraga OR bola)    the first, but neither of the others
    karhutla*                        words that begin so
    title:riau url:/regional source:dunia category:"luar negeri"
    /gempa .* [5-9]\.\d/             a regular expression (RE2), in the title, the summary or one category

NOT binds closest, then AND, then OR; the three are written in capitals. Case, accents and punctuation do not matter,
in /regular expressions/ only punctuation does. Plain words are whole words, apart from scripts that do not part them.
"""

from aggregator.headline import Headline
from aggregator.merge.places import places_of
from aggregator.source import Source
from aggregator.topic import Match


def parse_match(text: str) -> Match:
    """Compile an expression of at most 10,000 characters.

    Raises:
        ValueError: "column 7: what is wrong; what to write", counted from 1 over the whole text.
    """
    # Here, so that a newsroom without expressions never loads lark and re2.
    from aggregator.merge.expression import compile_expression  # noqa: PLC0415  see above

    test = compile_expression(text)

    def match(headline: Headline, source: Source) -> bool:
        return test(places_of(headline, source.name))

    return match
