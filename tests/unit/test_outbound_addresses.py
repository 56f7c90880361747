"""URLs that others gave: which a function may ask, and to which addresses it may connect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.outbound import addresses
from parley.domain.outbound.addresses import Refused


def refusal(url: str, *, loopback: bool = False) -> str | None:
    try:
        addresses.parse(url, loopback=loopback)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM/Hook?a=1#part", "https://example.com/Hook?a=1"),
        ("https://example.com:443/x", "https://example.com/x"),
        ("https://hooks.example.com:8443/x", "https://hooks.example.com:8443/x"),
        ("https://93.184.216.34/x", "https://93.184.216.34/x"),
        ("https://[2606:2800:220:1::1]/x", "https://[2606:2800:220:1::1]/x"),
        ("https://xn--bcher-kva.example/x", "https://xn--bcher-kva.example/x"),
        ("https://example.com?a=1", "https://example.com/?a=1"),
    ],
)
def test_a_public_url_is_asked_as_it_is(url: str, asked: str) -> None:
    assert addresses.parse(url).url == asked


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "https_only"),
        ("ftp://example.com/", "https_only"),
        ("file:///etc/passwd", "bad_url"),
        ("", "bad_url"),
        ("example.com/hook", "bad_url"),
        ("https:///hook", "bad_url"),
        ("https://", "bad_url"),
        (f"https://example.com/{'a' * 2048}", "bad_url"),
        ("https://exa mple.com/", "bad_url"),
        ("https://example.com/\r\nHost: other", "bad_url"),
        ("https://example.com/ü", "bad_url"),
        ("https://example.com\\@10.0.0.1/", "bad_url"),
        # user information
        ("https://user@example.com/", "bad_url"),
        ("https://user:secret@example.com/", "bad_url"),
        ("https://example.com@10.0.0.1/", "bad_url"),
        # ports
        ("https://example.com:22/", "bad_url"),
        ("https://example.com:25/", "bad_url"),
        ("https://example.com:80/", "bad_url"),
        ("https://example.com:0/", "bad_url"),
        ("https://example.com:65536/", "bad_url"),
        ("https://example.com:/", "bad_url"),
        ("https://example.com:4٤3/", "bad_url"),
        # names
        ("https://intern/", "bad_url"),
        ("https://-a.example/", "bad_url"),
        ("https://a..example/", "bad_url"),
        ("https://example.com./", "bad_url"),
        (f"https://{'a' * 64}.example/", "bad_url"),
        (f"https://{'a.' * 127}example/", "bad_url"),
        ("https://localhost/", "private_address"),
        ("https://metadata.google.internal/", "private_address"),
        ("https://printer.local/", "private_address"),
        ("https://a.localhost/", "private_address"),
        # addresses, in all their forms
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
        ("https://127.0.0.1/", "private_address"),
        ("https://10.0.0.1/", "private_address"),
        ("https://[::ffff:10.0.0.1]/", "private_address"),
        ("https://[::ffff:a00:1]/", "private_address"),
        ("https://[::ffff:93.184.216.34]/", "private_address"),
        ("https://[::10.0.0.1]/", "private_address"),
        ("https://[::1]/", "private_address"),
        ("https://[::]/", "private_address"),
        ("https://[fd00:ec2::254]/", "private_address"),
        ("https://[fe80::1%25eth0]/", "bad_url"),
        ("https://[fe80::1%eth0]/", "bad_url"),
        ("https://[64:ff9b::10.0.0.1]/", "private_address"),
        ("https://[2002:a00:1::]/", "private_address"),
        ("https://[2606:2800:220:1:0:5efe:a00:1]/", "private_address"),
        ("https://2130706433/", "bad_url"),
        ("https://0x7f000001/", "bad_url"),
        ("https://0x7f.0.0.1/", "bad_url"),
        ("https://0177.0.0.1/", "bad_url"),
        ("https://127.1/", "bad_url"),
        ("https://10.0.0.1.1/", "bad_url"),
        ("https://10.0.0.0x1/", "bad_url"),
        ("https://a.10/", "bad_url"),
        ("https://[10.0.0.1]/", "bad_url"),
        ("https://[::1/", "bad_url"),
    ],
)
def test_any_other_url_is_refused_by_its_text(url: str, code: str) -> None:
    assert refusal(url) == code


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.255.255.255",
        "100.64.0.1",
        "127.0.0.53",
        "168.63.129.16",
        "169.254.169.254",
        "172.31.0.1",
        "192.0.0.170",
        "192.168.1.1",
        "198.19.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::ffff:8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:808:808::1",
        "3fff::1",
        "fc00::1",
        "fe80::1",
        "fe80::1%2",
        "2606:2800:220:1::1%2",
        "ff02::1",
        "no address",
    ],
)
def test_an_address_that_not_everyone_reaches_is_closed(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:2800:220:1::1"])
def test_a_public_address_is_open(address: str) -> None:
    assert addresses.is_public(address)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:8080/hook", None),
        ("http://localhost:8080/hook", None),
        ("http://[::1]:8080/hook", None),
        ("https://127.0.0.1/hook", None),
        ("http://127.0.0.1:0/", "bad_url"),
        ("http://10.0.0.1/", "https_only"),
        ("https://10.0.0.1/", "private_address"),
        ("https://169.254.169.254/", "private_address"),
        ("https://[::ffff:10.0.0.1]/", "private_address"),
        ("http://example.com/", "https_only"),
        ("ftp://127.0.0.1/", "https_only"),
    ],
)
def test_the_local_stack_may_also_ask_its_own_machine_and_nothing_else_private(url: str, code: str | None) -> None:
    assert refusal(url, loopback=True) == code


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/next", "https://example.com/next"),
        ("next?b", "https://example.com/a/next?b"),
        ("//other.example/x", "https://other.example/x"),
        ("https://other.example", "https://other.example/"),
        (None, "redirect_refused"),
        ("", "redirect_refused"),
        ("http://example.com/", "https_only"),
        ("https://169.254.169.254/", "private_address"),
        ("//[::ffff:10.0.0.1]/", "private_address"),
        ("https://[::1", "bad_url"),
        ("javascript:alert(1)", "bad_url"),
    ],
)
def test_a_redirect_is_checked_as_the_url_itself(location: str | None, leads_to: str) -> None:
    target = addresses.parse("https://example.com/a/b")

    try:
        found = addresses.redirected(target, location).url
    except Refused as refused:
        found = refused.code

    assert found == leads_to


@given(st.text(max_size=60).map(lambda text: f"https://{text}"))
def test_no_text_leads_to_anything_but_a_public_host(url: str) -> None:
    try:
        target = addresses.parse(url)
    except Refused:
        return

    assert target.is_https and not addresses.is_loopback(target.host)
    assert addresses.is_public(target.host) if target.is_literal else "." in target.host
    assert addresses.parse(target.url) == target
