import { MailOpen } from "lucide-react";
import { useState } from "react";
import { useConfig } from "../api/context";
import { useInbox } from "../api/queries";
import type { Mail } from "../api/types";
import { MissingPage } from "../layout/problem_pages";
import { useTitle } from "../layout/useTitle";
import { ago, moment } from "../pictures/format";
import { Loading, LoadProblem, Notice } from "../ui/states";
import styles from "./InboxPage.module.css";

export function InboxPage() {
  const config = useConfig();
  return config.inboxUrl === null ? <MissingPage /> : <Inbox />;
}

function Inbox() {
  useTitle("Inbox");
  const inbox = useInbox();
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
        <Notice title="No mail yet" icon={<MailOpen />}>
          When a picture has been classified, refused or has failed, the message about it arrives here.
        </Notice>
      )}
      {mails.length > 0 && (
        <ul className={styles.mails}>
          {mails.map((mail, index) => (
            <MailItem key={`${mail.receivedAt}-${mails.length - index}`} mail={mail} />
          ))}
        </ul>
      )}
    </>
  );
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
        {open && <pre>{mail.body}</pre>}
      </details>
    </li>
  );
}
