"""What tests in a browser work with: the served company, and somebody in front of a screen."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask.sessions import SecureCookieSessionInterface

from ecm import Actor, Ecm
from ecm.api.application import Application
from ecm.sessions import session_values
from tests.firms import Firm

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, FilePayload, Locator, Page, SetCookieParam

PASSWORD = "long enough"

DROP = """
([files]) => {
  const transfer = new DataTransfer();
  for (const { name, content } of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  return transfer;
}
"""


@dataclass(frozen=True)
class Office:
    """A company that is served at an address."""

    app: Ecm
    application: Application
    firm: Firm
    address: str

    @property
    def card(self) -> str:
        """The path of the deal's card."""
        return f"/deals/{self.firm.deal.id}"

    def session_cookie(self, actor: Actor) -> SetCookieParam:
        """What the form of the log-in would leave in a browser."""
        sessions = self.application.session_interface
        assert isinstance(sessions, SecureCookieSessionInterface)
        signer = sessions.get_signing_serializer(self.application)
        assert signer is not None
        values = {"_permanent": True, **session_values(self.app, actor)}
        name = sessions.get_cookie_name(self.application)
        return {"name": name, "value": str(signer.dumps(values)), "url": self.address}

    def limit(self, size_bytes: int) -> None:
        """Let the company store no more than so much."""
        with self.app.begin() as tx:
            tx.tariffs.save("free", scope="company", limit_bytes=size_bytes)


@dataclass
class Visitor:
    """Somebody with a browser. `complaints` are what its console called errors, but for the statuses of
    answers that a test has foreseen with `expect_refusals`."""

    office: Office
    page: Page
    complaints: list[str] = field(default_factory=list)
    refused: tuple[str, ...] = ()

    def hear(self, message: ConsoleMessage) -> None:
        """Remember what the console called an error."""
        if message.type == "error" and not any(
            f"status of {status}" in message.text for status in self.refused
        ):
            self.complaints.append(message.text)

    def expect_refusals(self, *statuses: int) -> None:
        """Foresee answers with these statuses, which browsers write to the console."""
        self.refused = tuple(str(status) for status in statuses)

    def log_in(self, actor: Actor) -> None:
        """Log in by the form."""
        self.page.goto("/login")
        self.page.get_by_label("E-mail").fill(actor.email or "")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/deals")

    def choose(self, *files: tuple[str, bytes]) -> None:
        """Choose files in the drop zone."""
        payloads: list[FilePayload] = [
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            for name, content in files
        ]
        self.page.locator("input[type=file]").set_input_files(payloads)

    def drop(self, *files: tuple[str, bytes]) -> None:
        """Drag files over the page and drop them."""
        self.page.locator(".is-live").wait_for()
        told = [{"name": name, "content": base64.b64encode(content).decode()} for name, content in files]
        transfer = self.page.evaluate_handle(DROP, [told])
        for event in ("dragenter", "dragover", "drop"):
            self.page.dispatch_event("main", event, {"dataTransfer": transfer})

    def content(self, title: str) -> bytes:
        """What the download button of a document in the list gives."""
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name=f"Download “{title}”").click()
        return download.value.path().read_bytes()

    def row(self, title: str) -> Locator:
        """The row of a document in a list."""
        return self.page.locator(".document-row", has_text=title)
