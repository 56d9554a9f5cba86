"""The grammar of match expressions: text → a test of places. The one home of lark and re2."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias, cast

import re2
from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken

from aggregator.merge.places import Place
from aggregator.merge.words import is_unspaced, without_accents, words

Test: TypeAlias = Callable[[Mapping[str, Place]], bool]

LONGEST: Final = 10_000
"""Characters of an expression."""

DEEPEST: Final = 50
"""Operators inside operators; parentheses alone do not count."""

_REGEX_BYTES: Final = 1 << 20  # what a pattern may compile to; RE2 matches in time linear in it

_GRAMMAR: Final = r"""
    ?either: every (_OR every)*
    ?every: unless (_AND? unless)*
    ?unless: NOT unless | term | "(" either ")"
    term: FIELD? (REGEX | PHRASE | WORD)

    _OR.3: /OR(?=[\s()"“]|$)/
    _AND.3: /AND(?=[\s()"“]|$)/
    NOT.3: /NOT(?=[\s()"“]|$)/
    FIELD.2: /(?:title|url|source|category):(?=\S)/i
    REGEX.1: /\/(?:[^\/\\]|\\.)+\/(?=[\s)]|$)/s
    PHRASE.1: /"[^"]*"|“[^”]*”/
    WORD: /[^\s()"“”]+/
    %ignore /\s+/
"""
_PREFIXES: Final = ("title:", "url:", "source:", "category:")
_UNKNOWN_PREFIX: Final = re.compile(r"[a-z]+:", re.IGNORECASE)


def compile_expression(text: str) -> Test:
    """Compile an expression. Raises ValueError that says in which column what is wrong, and what to write."""
    if len(text) > LONGEST:
        raise _fault(LONGEST, f"the expression is longer than {LONGEST:,} characters; make it two topics")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _fault(error.start, "this is half a character (a lone surrogate); leave it out") from None
    try:
        node = cast("_Node", _parser().parse(text))  # what `_Compiler` made, in place of a tree
    except UnexpectedInput as error:
        raise _explained(error, text) from None
    return node.test


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of an expression.

    Attributes:
        test: It, compiled.
        at: Where in the text it begins, from 0.
        depth: Tests inside tests.
    """

    test: Test
    at: int
    depth: int = 0


class _Compiler(Transformer[Token, _Node]):
    """Called bottom-up while lark parses, so that no tree is walked: neither building nor parsing recurses."""

    def either(self, children: Sequence[_Node]) -> _Node:
        tests = [child.test for child in children]
        return _nested(lambda places: any(test(places) for test in tests), children, children[0].at)

    def every(self, children: Sequence[_Node]) -> _Node:
        tests = [child.test for child in children]
        return _nested(lambda places: all(test(places) for test in tests), children, children[0].at)

    def unless(self, children: tuple[Token, _Node]) -> _Node:
        word, child = children
        return _nested(lambda places: not child.test(places), [child], _at(word))

    def term(self, children: Sequence[Token]) -> _Node:
        token = children[-1]
        field = children[0][:-1].lower() if len(children) > 1 else None
        match token.type:
            case "REGEX":
                test = _regex(token, field or "")
            case "PHRASE":
                test = _sought(token, token[1:-1], field or "")
            case _:
                test = _word(token, field)
        return _Node(test, _at(children[0]))


@cache
def _parser() -> Lark:
    # The basic lexer, not the contextual one: that would read an "OR" out of place as a word to look for.
    return Lark(_GRAMMAR, start="either", parser="lalr", lexer="basic", transformer=_Compiler())


def _nested(test: Test, children: Sequence[_Node], at: int) -> _Node:
    depth = 1 + max(child.depth for child in children)
    if depth > DEEPEST:
        raise _fault(at, f"more than {DEEPEST} operators inside one another; make it simpler")
    return _Node(test, at, depth)


def _word(token: Token, field: str | None) -> Test:
    if field is None:
        _check_bare(token)
    word = token.removesuffix("*")
    if "*" in word:
        raise _fault(_at(token) + word.index("*"), '"*" only stands at the end of a word; write a /regular expression/')
    return _sought(token, word, field or "", begins=token.endswith("*"))


def _check_bare(token: Token) -> None:
    """Refuse what somebody meant otherwise than it would be understood."""
    if token.startswith("/"):
        raise _fault(_at(token), r'this regular expression does not end; close it with "/" and write "\/" inside it')
    if token.lower() in {"and", "or", "not"}:
        raise _fault(_at(token), f'write {token.upper()} in capitals, or "{token}" in quotation marks')
    prefix = _UNKNOWN_PREFIX.match(token)
    if prefix and prefix[0].lower() in _PREFIXES:
        raise _fault(_at(token), f'nothing stands behind "{prefix[0]}"; write the word without a space before it')
    if prefix:
        raise _fault(
            _at(token), f'"{prefix[0]}" is no prefix; write one of {" ".join(_PREFIXES)} or quotation marks around it'
        )


def _sought(token: Token, text: str, field: str, *, begins: bool = False) -> Test:
    """Look for whole words in their order; with `begins`, the last may go on."""
    sought = words(text)
    if not sought.strip():
        raise _fault(_at(token), "there is no letter or digit to look for; name a word")
    if is_unspaced(sought):
        sought = sought.strip()
    elif begins:
        sought = sought.rstrip()
    return lambda places: sought in places[field].words


def _regex(token: Token, field: str) -> Test:
    pattern = token[1:-1].replace(r"\/", "/")
    exact, loose = _compiled(token, pattern), _compiled(token, without_accents(pattern))
    return lambda places: any(map(exact, places[field].texts)) or any(map(loose, places[field].plain))


def _compiled(token: Token, pattern: str) -> Callable[[str], bool]:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _REGEX_BYTES
    try:
        regex = re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0].decode("utf-8", "replace")
        raise _fault(_at(token), f"RE2 cannot read this regular expression: {told}") from None
    return lambda text: regex.search(text) is not None


def _at(token: Token) -> int:
    return token.start_pos or 0


def _explained(error: UnexpectedInput, text: str) -> ValueError:
    at = cast("int", error.pos_in_stream)  # lark types it as None, which it is only before it is raised
    if not isinstance(error, UnexpectedToken):  # a character that begins nothing: there is but one
        return _fault(at, "this quotation mark has no partner; write one before and one behind")
    match error.token.type:
        case "$END":
            return _fault(len(text), 'the expression ends too early; a word or ")" is missing')
        case "LPAR":
            return _fault(at, "a prefix belongs to one word; write (title:a OR title:b)")
        case "RPAR":
            return _fault(at, 'a word is missing before this ")", or it closes nothing')
        case _:
            said = f'a word is missing before "{error.token}"; to look for it, put it in quotation marks'
            return _fault(at, said)


def _fault(at: int, text: str) -> ValueError:
    return ValueError(f"column {at + 1}: {text}")
