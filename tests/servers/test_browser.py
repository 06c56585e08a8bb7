"""The browser of the tests runs pages, and keeps them from leaning on anything outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_a_page_runs_its_script(page: Page) -> None:
    page.set_content("<p></p><script>document.querySelector('p').textContent = 'дого' + 'вір'</script>")
    assert page.inner_text("p") == "договір"


def test_no_page_reaches_another_host(page: Page) -> None:
    from playwright.sync_api import Error

    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://www.example/")
