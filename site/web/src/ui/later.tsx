import { CloudOff } from "lucide-react";
import { Component, type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { Button } from "./Button";
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
}

/** Where late components stand. One whose code can't be had leaves the rest of the page alone. */
export class Late extends Component<LateProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error instanceof CodeMissingError) {
      return <CodeMissing />;
    }
    if (error !== null) {
      throw error;
    }
    return <Suspense fallback={this.props.fallback}>{this.props.children}</Suspense>;
  }
}

/** Browsers remember that a module could not be had until the page is loaded again. */
export function CodeMissing({ isPage = false }: { isPage?: boolean }) {
  return (
    <Notice
      isPage={isPage}
      tone="problem"
      title="This part of the page didn't arrive"
      icon={<CloudOff />}
      action={<Button onClick={() => window.location.reload()}>Load the page again</Button>}
    >
      The connection broke, or there is a new version of Loupe.
    </Notice>
  );
}
