import { CloudOff, LoaderCircle, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
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
}

/** What stands where content would: nothing there yet, or something went wrong. */
export function Notice({ title, children, action, icon, tone = "calm" }: NoticeProps) {
  return (
    <div className={styles.notice} {...(tone === "problem" ? { role: "alert" } : {})}>
      <span className={tone === "problem" ? styles.problemMark : styles.mark} aria-hidden="true">
        {icon ?? <TriangleAlert />}
      </span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action && <div className={styles.action}>{action}</div>}
    </div>
  );
}

/** A failed reading, with the reason and a way to try again. */
export function LoadProblem({ error, what, retry }: { error: Error; what: string; retry: () => void }) {
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <Notice
      tone="problem"
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
