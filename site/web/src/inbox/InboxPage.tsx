import { MailOpen } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useConfig } from "../api/context";
import { useInbox } from "../api/queries";
import type { Mail } from "../api/types";
import { MissingPage } from "../layout/problem_pages";
import { useTitle } from "../layout/useTitle";
import { ago, moment } from "../pictures/format";
import { Button, LinkButton } from "../ui/Button";
import { Loading, LoadProblem, Notice } from "../ui/states";
import styles from "./InboxPage.module.css";
import { type LinkedPart, linked } from "./links";

const A_PAGE = 50;

export function InboxPage() {
  const config = useConfig();
  return config.inboxUrl === null ? <MissingPage /> : <Inbox />;
}

function Inbox() {
  useTitle("Inbox");
  const [limit, setLimit] = useState(A_PAGE);
  const inbox = useInbox(limit);
  const mails = inbox.data ?? [];
  return (
    <>
      <div className={styles.head}>
        <h1>Inbox</h1>
        <p>Every e-mail that the local cloud would have sent. None of them leaves this machine.</p>
      </div>
      {inbox.isPending && <Loading label="Opening the inbox…" />}
      {inbox.isError && mails.length === 0 && (
        <LoadProblem error={inbox.error} what="The inbox" retry={() => void inbox.refetch()} />
      )}
      {inbox.isSuccess && mails.length === 0 && (
        <Notice title="No mail yet" icon={<MailOpen />} action={<LinkButton to="/">Open a group</LinkButton>}>
          Add a picture to a group: when it has been classified, refused or has failed, the message about it arrives
          here.
        </Notice>
      )}
      {mails.length > 0 && (
        <ul className={styles.mails}>
          {keyed(mails).map(([key, mail]) => (
            <MailItem key={key} mail={mail} />
          ))}
        </ul>
      )}
      {mails.length >= limit && (
        <div className={styles.more}>
          <Button onClick={() => setLimit((shown) => shown + A_PAGE)}>Show older mails</Button>
        </div>
      )}
    </>
  );
}

/** Keys that stay a mail's own while newer ones arrive: one moment may bring several of one subject. */
function keyed(mails: Mail[]): [string, Mail][] {
  const seen = new Map<string, number>();
  return mails
    .toReversed()
    .map((mail): [string, Mail] => {
      const name = `${mail.receivedAt} ${mail.to} ${mail.subject}`;
      const times = (seen.get(name) ?? 0) + 1;
      seen.set(name, times);
      return [`${name} ${times}`, mail];
    })
    .toReversed();
}

function MailItem({ mail }: { mail: Mail }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className={styles.subject}>{mail.subject}</span>
          <time dateTime={mail.receivedAt} title={moment(mail.receivedAt)}>
            {ago(mail.receivedAt)}
          </time>
          <span className={styles.to}>To {mail.to}</span>
        </summary>
        {open && <pre>{linked(mail.body).map(part)}</pre>}
      </details>
    </li>
  );
}

/** Text as it is; an address of this page is followed within it, another in a tab of its own. */
function part({ text, url }: LinkedPart, index: number) {
  if (url === null) return text;
  const { origin, pathname, search, hash } = new URL(url);
  if (origin === window.location.origin) {
    return (
      <Link key={index} to={pathname + search + hash}>
        {text}
      </Link>
    );
  }
  return (
    <a key={index} href={url} target="_blank" rel="noreferrer">
      {text}
    </a>
  );
}
