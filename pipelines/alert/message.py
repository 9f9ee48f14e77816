"""From a row of the outbox to a mail: headers of our own, text and HTML, the charts inside it."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from pipelines.alert.chart import order_chart
from pipelines.alert.digest import digest_page
from pipelines.alert.notice import notice_page
from pipelines.alert.outbox import Mail
from pipelines.alert.words import NO_BREAK, Words, clean

LONGEST_SUBJECT = 150
SENDER_NAME = "Customer value"


class MessageError(Exception):
    """A mail of the outbox cannot be rendered: a fault of ours, which sending it again does not mend."""


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def build_message(mail: Mail, sender: str) -> EmailMessage:
    """The mail, the same at every attempt: to one recipient, with the Message-ID of its row.

    Raises:
        MessageError: the payload does not fit its template.
    """
    try:
        return _build(mail, sender)
    except Exception as error:
        raise MessageError(f"cannot be rendered: {type(error).__name__}: {error}") from error


def _build(mail: Mail, sender: str) -> EmailMessage:
    page = digest_page(mail) if mail.purpose == "digest" else notice_page(mail)
    subject = clean(page.subject, LONGEST_SUBJECT)
    context = {**page.context, "subject": subject, "preview": page.preview, "say": Words(mail.language).say}
    context["language"] = mail.language
    message = EmailMessage()
    message["From"] = Address(SENDER_NAME, addr_spec=sender)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = subject
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(mail.created_at)
    message["Auto-Submitted"] = "auto-generated"
    if reply_to := mail.payload.get("reply_to"):
        message["Reply-To"] = Address(addr_spec=reply_to)
    text = _environment().get_template(f"{page.template}.txt.j2").render(context)
    message.set_content(text.replace(NO_BREAK, " "))
    message.add_alternative(_environment().get_template(f"{page.template}.html.j2").render(context), subtype="html")
    html = message.get_body(preferencelist=("html",))
    for picture, orders in page.pictures.items():
        if isinstance(html, EmailMessage):
            html.add_related(order_chart(orders), "image", "png", cid=f"<{picture}>", disposition="inline")
    return message
