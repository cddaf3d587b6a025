"""The inbox keeps messages."""

from pathlib import Path

from local.mail.inbox import Inbox


def test_messages_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    inbox.add("a@example.com", "first", "one\ntwo")
    inbox.add("+15550100", "", "second")
    inbox.close()

    again = Inbox(tmp_path / "inbox.sqlite")
    messages = again.messages()
    again.close()

    assert [(message.to, message.subject, message.body) for message in messages] == [
        ("a@example.com", "first", "one\ntwo"),
        ("+15550100", "", "second"),
    ]
    assert messages[0].to_json().keys() == {"to", "subject", "body", "receivedAt"}
    assert messages[0].received_at <= messages[1].received_at


def test_the_newest_come_alone_where_they_are_asked_for(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    for number in range(5):
        inbox.add("a@example.com", str(number), "")

    assert [message.subject for message in inbox.messages(newest=2)] == ["3", "4"]
    inbox.close()


def test_the_version_changes_with_the_messages_alone(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    versions = [inbox.version()]
    for _ in range(2):
        inbox.add("a@example.com", "s", "b")
        versions += [inbox.version(), inbox.version()]
    inbox.clear()
    versions.append(inbox.version())

    assert versions[1] == versions[2]
    assert versions[3] == versions[4]
    assert len(set(versions)) == 3
    inbox.close()


def test_a_cleared_inbox_is_empty(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    inbox.add("a@example.com", "s", "b")

    assert inbox.clear() == 1
    assert inbox.messages() == []
    inbox.close()
