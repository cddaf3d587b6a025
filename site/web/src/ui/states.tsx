import { CloudOff, LoaderCircle, LogIn, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/http";
import { useSession } from "../auth/session";
import { Button, LinkButton } from "./Button";
import styles from "./states.module.css";

export function Spinner() {
  return <LoaderCircle className={styles.spinner} aria-hidden="true" />;
}

export function Loading({ label }: { label: string }) {
  return (
    <p className={styles.loading} role="status">
      <Spinner />
      {label}
    </p>
  );
}

interface NoticeProps {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  icon?: ReactNode;
  tone?: "calm" | "problem";
  /** Nothing else is on the page: the title is its h1. */
  isPage?: boolean;
}

/** What stands where content would: nothing there yet, or something went wrong. */
export function Notice({ title, children, action, icon, tone = "calm", isPage = false }: NoticeProps) {
  const Title = isPage ? "h1" : "h2";
  return (
    <div className={styles.notice} {...(tone === "problem" ? { role: "alert" } : {})}>
      <span className={tone === "problem" ? styles.problemMark : styles.mark} aria-hidden="true">
        {icon ?? <TriangleAlert />}
      </span>
      <Title>{title}</Title>
      {children && <p>{children}</p>}
      {action && <div className={styles.action}>{action}</div>}
    </div>
  );
}

interface LoadProblemProps {
  error: Error;
  what: string;
  retry: () => void;
  isPage?: boolean;
}

/** A failed reading, with the reason and what can be done: sign in, go elsewhere, try again. */
export function LoadProblem({ error, what, retry, isPage = false }: LoadProblemProps) {
  const session = useSession();
  const status = error instanceof ApiError ? error.status : null;
  if (status === 401) {
    const isStranger = !session.isSignedIn;
    return (
      <Notice
        tone={isStranger ? "calm" : "problem"}
        isPage={isPage}
        title="Sign in to see this"
        icon={<LogIn />}
        action={
          <Button look="primary" onClick={session.signIn}>
            Sign in to go on
          </Button>
        }
      >
        {isStranger ? "Here only who is signed in may look at groups and pictures." : error.message}
      </Notice>
    );
  }
  const gone = status === 404;
  return (
    <Notice
      tone="problem"
      isPage={isPage}
      title={gone ? `${what} isn't here` : `${what} couldn't be loaded`}
      icon={<CloudOff />}
      action={gone ? <LinkButton to="/">All groups</LinkButton> : <Button onClick={retry}>Try again</Button>}
    >
      {gone ? "It was deleted, or the address has a mistake in it." : error.message}
    </Notice>
  );
}

export function Skeleton({ className = "" }: { className?: string | undefined }) {
  return <span className={`${styles.skeleton} ${className}`} aria-hidden="true" />;
}
