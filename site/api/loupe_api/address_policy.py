"""Which addresses the API may connect to on a caller's behalf: public unicast, by no detour.

Sources: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and successors), RFC 4291 (mapped and
compatible addresses), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 6052 (NAT64), RFC 5214 (ISATAP).
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
AddressPolicy = Callable[[Address], bool]

_IPV4_REFUSED = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
# All of global unicast; mapped, NAT64, unique-local, link-local and multicast addresses lie outside.
_IPV6_GLOBAL = IPv6Network("2000::/3")
_IPV6_REFUSED = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address
        "3fff::/20",
    )
)
# Interface identifiers of ISATAP: the last 32 bits are an IPv4 address.
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: Address) -> bool:
    """Whether a stranger may have us connect there."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _IPV4_REFUSED)
    if address.scope_id is not None or address not in _IPV6_GLOBAL:
        return False
    if any(address in network for network in _IPV6_REFUSED):
        return False
    return address.is_global and int(address) >> 32 & 0xFFFFFFFF not in _ISATAP
