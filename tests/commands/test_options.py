import pytest
import typer

from aggregator.commands.options import split_listen


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:8080", ("::1", 8080)),
        (":8080", ("127.0.0.1", 8080)),
        ("8080", ("127.0.0.1", 8080)),
        ("news.example:0", ("news.example", 0)),
    ],
    ids=["ipv4", "ipv6", "no host", "port", "name"],
)
def test_an_address_to_listen_on_is_read(listen: str, address: tuple[str, int]) -> None:
    assert split_listen(listen) == address


@pytest.mark.parametrize("listen", ["", "localhost", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:²"])
def test_what_is_no_address_is_refused_with_an_example(listen: str) -> None:
    with pytest.raises(typer.BadParameter, match="write HOST:PORT, as in 127"):
        split_listen(listen)
