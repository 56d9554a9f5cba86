"""The front page's stylesheet: a document of its own, because the page's policy forbids styles inside it."""

from typing import Final

STYLESHEET: Final = """\
:root { color-scheme: light dark; --ink: #1b1b1b; --faint: #5f6368; --paper: #fff; --rule: #d9d9d9; --mark: #a8201a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6e3; --faint: #a5a29c; --paper: #16181a; --rule: #3a3d40; --mark: #ff8a7a }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 70rem; padding: 0 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.45 system-ui, sans-serif }
header { border-bottom: .25rem solid var(--mark); margin-bottom: 1.5rem; padding-top: 1rem }
h1 { font-size: 1.75rem; margin: 0 0 .5rem }
h2 { border-bottom: 1px solid var(--rule); color: var(--mark); font-size: 1.125rem; margin: 0; padding-bottom: .25rem }
main { display: grid; gap: 2rem }
ol, ul { list-style: none; margin: 0; padding: 0 }
li { border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; padding: .6rem 0 }
.ranked { counter-reset: rank }
.ranked li { counter-increment: rank; display: grid; grid-template-columns: 2.2rem 1fr }
.ranked li::before { color: var(--mark); content: counter(rank); font-size: 1.3rem; font-weight: 700; grid-row: 1 / 3 }
.title { color: inherit; display: block; font-weight: 600; text-decoration: none }
a.title:hover, a.title:focus { text-decoration: underline }
small { color: var(--faint); display: block; font-size: .875rem }
a { color: var(--mark) }
.feeds { float: right; padding-inline-start: 1rem }
@media (min-width: 48rem) { main { grid-template-columns: 3fr 2fr } .topics { grid-column: 1 / 3 } }
"""
