"""Addresses of others, for callbacks and what is fetched: which ones are let through.

An address is read by one parser, and what a name stands for is looked up once: what was checked is
what is connected to. So neither another spelling nor another answer of a name server leads
elsewhere.
"""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from jupyter_capture.errors import ForbiddenError, InvalidRequestError

if TYPE_CHECKING:
    import httpx

Address = IPv4Address | IPv6Address

_LONGEST = 2000
_EXAMPLE = "Give one such as http://127.0.0.1:8000/hook or https://example.org/hook."
_PRIVATE = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
    )
)
# Where clouds tell a machine its secrets: some lie in ranges that are private, one in a public one.
_METADATA = frozenset(
    map(
        ip_address,
        ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254",
         "fd00:ec2::23", "fd20:ce::254"),
    )
)  # fmt: skip
_NAT64 = ip_network("64:ff9b::/96")
# C libraries read 0x7f.1, 2130706433 and 0177.0.0.1 as addresses.
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]*|\d+)")
_HIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


def parsed(url: str) -> httpx.URL:
    """Raises InvalidRequestError where ``url`` is not an http(s) address as we take them."""
    import httpx  # here, as an engine that calls nobody starts sooner without it

    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
        raise _no_address(url) from None
    port = 80 if found.port is None else found.port
    good = found.scheme in ("http", "https") and 0 < port < 65536
    labels = found.raw_host.removesuffix(b".").split(b".")
    named = all(0 < len(label) < 64 for label in labels)
    if not good or not named or len(url) > _LONGEST or _HIDDEN.search(url):
        raise _no_address(url)
    if found.userinfo:
        raise InvalidRequestError(
            "A callback_url must hold no user or password. Webhooks are signed instead: "
            "jupyter_capture.webhooks.verify() checks them."
        )
    return found


def checked(url: str, *, private: bool) -> httpx.URL:
    """As `parsed`, and an address written in numbers must be one that may be called.

    ``private``: whether private networks may be.
    """
    found = parsed(url)
    host = found.raw_host.decode("ascii").rstrip(".")
    try:
        literal = ip_address(host)
    except ValueError:
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            raise _no_address(url) from None
        return found
    if why := refusal(literal, private=private):
        raise InvalidRequestError(f"callback_url {url!r} is not called: {why}")
    return found


def refusal(address: Address, *, private: bool) -> str | None:
    """Why an address must not be called; None where it may be."""
    inner, tunnelled = _inner(address)
    if inner in _METADATA or inner.is_link_local:
        return f"{address} is a link-local or metadata address, which is never called."
    if inner.is_multicast or inner.is_unspecified:
        return f"{address} is not the address of one machine."
    if inner.is_loopback and not tunnelled:
        return None
    if any(inner in network for network in _PRIVATE) and not tunnelled:
        if private:
            return None
        return (
            f"{address} lies in a private network. Where the engine may call such addresses, set "
            "JUPYTER_CAPTURE_PRIVATE_CALLBACKS=1 and start it again."
        )
    if not inner.is_global or inner.is_reserved:
        return f"{address} is no public address."
    return None


def allowed(host: str, port: int, *, private: bool) -> list[str]:
    """The addresses that ``host`` stands for now and that may be called, in the system's order.

    Raises ForbiddenError where none may be, and OSError where the name is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(ip_address(str(each[4][0])) for each in found))
    good = [address for address in addresses if refusal(address, private=private) is None]
    if not good:
        why = refusal(addresses[0], private=private) or "it stands for nothing."
        raise ForbiddenError(why if host == str(addresses[0]) else f"{host}: {why}")
    return [str(_inner(address)[0] if _is_mapped(address) else address) for address in good]


def _inner(address: Address) -> tuple[Address, bool]:
    """The IPv4 address within an IPv6 one, and whether it lies beyond a tunnel."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped, False
        if address.sixtofour is not None:
            return address.sixtofour, True
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF), True
    return address, False


def _is_mapped(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None


def _no_address(url: str) -> InvalidRequestError:
    return InvalidRequestError(f"callback_url {url[:200]!r} is not an address. {_EXAMPLE}")
