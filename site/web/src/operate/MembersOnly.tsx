import { LogIn } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/http";
import { useSession } from "../auth/session";
import { Button, LinkButton } from "../ui/Button";
import { Loading, LoadProblem, Notice } from "../ui/states";

/** What only who is signed in sees. Whether they may is the API's to say: see RefusedOr. */
export function MembersOnly({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  const session = useSession();
  if (session.isLoading) return <Loading label="Looking for your session…" />;
  if (session.isSignedIn) return children;
  return (
    <Notice
      isPage
      title={title}
      icon={icon}
      action={
        <Button look="primary" icon={<LogIn aria-hidden="true" />} onClick={session.signIn}>
          Sign in to go on
        </Button>
      }
    />
  );
}

interface Props {
  error: Error;
  /** "The figures", "The runs": what could not be read. */
  what: string;
  retry: () => void;
}

/** Why there is nothing to see: it is for others, or it could not be loaded. */
export function RefusedOr({ error, what, retry }: Props) {
  const status = error instanceof ApiError ? error.status : null;
  if (status === 403 || status === 404) {
    const title = status === 403 ? "This is for others" : "Nothing here";
    return (
      <Notice title={title} action={<LinkButton to="/">All groups</LinkButton>}>
        {error.message}
      </Notice>
    );
  }
  return <LoadProblem error={error} what={what} retry={retry} />;
}
