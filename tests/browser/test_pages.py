"""The pages as text: what is escaped, what the policy forbids, what works without JavaScript."""

from __future__ import annotations

import re

import pytest

from jupyter_capture.engine.pages import page_headers, refusal_page, watch_page

EVIL = "\"><script>alert('x')</script>&amp;"


@pytest.mark.parametrize("embed", [False, True])
def test_a_title_cannot_become_markup(embed: bool) -> None:
    html = watch_page("stm-1.2.ab", EVIL, embed)
    assert "<script>alert" not in html
    assert "&quot;&gt;&lt;script&gt;" in html


@pytest.mark.parametrize("embed", [False, True])
def test_a_token_cannot_leave_its_place_in_the_path(embed: bool) -> None:
    html = watch_page('../x"?#/<', "Talk", embed)
    assert 'data-src="/stream/..%2Fx%22%3F%23%2F%3C/master.m3u8"' in html


def test_a_token_of_the_engine_stands_as_it_is() -> None:
    html = watch_page("stm-0af.1790000000.feed", "Talk")
    assert 'data-src="/stream/stm-0af.1790000000.feed/master.m3u8"' in html


@pytest.mark.parametrize("embed", [False, True])
def test_there_is_nothing_inline_and_nothing_from_elsewhere(embed: bool) -> None:
    html = watch_page("stm-1.2.ab", "Talk", embed)
    assert re.findall(r"<script[^>]*>([^<]*)</script>", html) == [""]
    assert not re.search(r"\sstyle=|<style|\son\w+=", html)
    assert "//" not in html.replace("<!doctype", "")


@pytest.mark.parametrize("embed", [False, True])
def test_without_javascript_the_page_links_to_the_stream(embed: bool) -> None:
    html = watch_page("stm-1.2.ab", "Talk", embed)
    assert '<a href="/stream/stm-1.2.ab/master.m3u8">' in html


def test_a_base_path_goes_before_every_address() -> None:
    html = watch_page("stm-1.2.ab", "Talk", base="/user/ann/capture")
    addresses = re.findall(r'(?:href|src)="(/[^"]*)"', html)
    assert len(addresses) == 5
    assert all(address.startswith("/user/ann/capture/") for address in addresses)


def test_the_policy_allows_no_inline_script_and_only_embed_may_be_framed() -> None:
    watch, embed = page_headers(), page_headers(embed=True)
    assert "script-src 'self'" in watch["content-security-policy"]
    assert "unsafe" not in watch["content-security-policy"]
    assert "frame-ancestors 'none'" in watch["content-security-policy"]
    assert "frame-ancestors" not in embed["content-security-policy"]
    assert watch["referrer-policy"] == embed["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("embed", [False, True])
def test_a_link_that_does_not_play_is_said_in_words_as_text(embed: bool) -> None:
    html = refusal_page(f"{EVIL} has expired. Ask with generate_stream().", embed, base="/user/ann")
    assert "amp;amp; has expired.</p>" in html
    assert "generate_stream" not in html
    assert "<script" not in html
    assert "can make another" in html
    assert re.findall(r'(?:href|src)="(/[^"]*)"', html) == [
        "/user/ann/static/player.css",
        "/user/ann/static/watch.css",
    ]
