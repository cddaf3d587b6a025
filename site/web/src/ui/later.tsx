import { CloudOff } from "lucide-react";
import { Component, type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { Button, IconButton } from "./Button";
import styles from "./later.module.css";
import { Notice } from "./states";

type Load<Code> = () => Promise<Code>;

/** A part of the page's own code could not be fetched. */
export class CodeMissingError extends Error {}

/** A page whose code is fetched on the first visit. */
export function latePage(load: Load<ComponentType>) {
  return async () => ({ Component: await fetched(load) });
}

/** A component whose code is fetched when it's first drawn; it has to stand in <Late>. */
export function late<Props>(load: Load<ComponentType<Props>>) {
  return lazy(async () => ({ default: await fetched(load) }));
}

/** Fetches code before it's needed. Where that fails it is asked for again when it is. */
export function ahead(load: Load<unknown>): void {
  load().catch(() => undefined);
}

async function fetched<Code>(load: Load<Code>): Promise<Code> {
  try {
    return await load();
  } catch (cause) {
    throw new CodeMissingError("Its code could not be fetched.", { cause });
  }
}

interface LateProps {
  children: ReactNode;
  /** What stands there meanwhile. */
  fallback?: ReactNode;
  /** What stands there where the code can't be had. */
  missing?: ReactNode;
}

/** Where late components stand. One whose code can't be had leaves the rest of the page alone. */
export class Late extends Component<LateProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { children, fallback, missing = <CodeMissing /> } = this.props;
    const { error } = this.state;
    if (error instanceof CodeMissingError) return missing;
    if (error !== null) throw error;
    return <Suspense fallback={fallback}>{children}</Suspense>;
  }
}

/** Where a late dialog stands: where its code can't be had it is said as prominently. */
export function LateDialog({ children, onClose }: { children: ReactNode; onClose: () => void }) {
  const missing = (
    <div className={styles.missing}>
      <CodeMissing />
      <Button look="quiet" onClick={onClose}>
        Not now
      </Button>
    </div>
  );
  return <Late missing={missing}>{children}</Late>;
}

/** Browsers remember that a module could not be had until the page is loaded again. */
export function CodeMissing({ isPage = false }: { isPage?: boolean }) {
  return (
    <Notice
      isPage={isPage}
      tone="problem"
      title="This part of the page didn't arrive"
      icon={<CloudOff />}
      action={<Button onClick={loadAgain}>Load the page again</Button>}
    >
      The connection broke, or there is a new version of Loupe.
    </Notice>
  );
}

/** The same where there is room for a button only. */
export function CodeMissingButton() {
  return (
    <IconButton label="Load the page again: this part of it didn't arrive" onClick={loadAgain}>
      <CloudOff aria-hidden="true" />
    </IconButton>
  );
}

function loadAgain(): void {
  window.location.reload();
}
