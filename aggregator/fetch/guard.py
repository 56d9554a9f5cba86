"""An address → may we connect to it? Asked at connect time, of the address that is really used.

Names are never judged: a resolver may say one thing now and another a moment later (DNS rebinding).
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from aggregator.site import Network

# Written out, not asked of `is_global`: what that says differs between Python versions.
_PRIVATE_4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # "this host": Linux connects it to loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; several readers forgot it (field/hazards.md 1.1)
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; cloud metadata lives at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast address
    )
)
_GLOBAL_6: Final = IPv6Network("2000::/3")
"""All that IANA has given out as global unicast. Loopback, fc00::/7, fe80::/10 and ff00::/8 lie outside."""
_PRIVATE_6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo (which hides an IPv4 address), ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOW_32_BITS: Final = 0xFFFF_FFFF


class BlockedAddressError(OSError):
    """The address is not public and nobody allowed it. An OSError, so that a name's other addresses are still tried.

    Attributes:
        address: The one that was refused.
    """

    def __init__(self, address: IPv4Address | IPv6Address) -> None:
        """Keep the address."""
        self.address = address
        # Without the address: of several errors, aiohappyeyeballs hands on the first only if all read alike.
        super().__init__("blocked address")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether the address is one of the public Internet (IANA special-purpose registries, RFC 6890).

    An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) is judged as the IPv4 address it leads to.
    """
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is None:
            return address in _GLOBAL_6 and not any(address in network for network in _PRIVATE_6)
        address = inner
    return not any(address in network for network in _PRIVATE_4)


def may_connect(address: IPv4Address | IPv6Address, allow: tuple[Network, ...]) -> bool:
    """Tell whether a connection may be opened: to public addresses, and to what `allow` names.

    `::ffff:10.0.0.1` is allowed by a network that holds 10.0.0.1: it is the same socket.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return is_public(address) or any(address in network for network in allow)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that packets to `address` end at. None: it is an IPv6 address of its own."""
    if address in _NAT64:  # RFC 6052 §2.1
        return IPv4Address(int(address) & _LOW_32_BITS)
    return address.ipv4_mapped or address.sixtofour
