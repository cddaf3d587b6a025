import { Compass } from "lucide-react";
import { useRouteError } from "react-router";
import { Button, LinkButton } from "../ui/Button";
import { CodeMissing, CodeMissingError } from "../ui/later";
import { Notice } from "../ui/states";
import { useTitle } from "./useTitle";

export function MissingPage() {
  useTitle("Not found");
  return (
    <Notice isPage title="There is no such page" icon={<Compass />} action={<LinkButton to="/">All groups</LinkButton>}>
      The address may be incomplete.
    </Notice>
  );
}

export function CrashPage() {
  const error = useRouteError();
  if (error instanceof CodeMissingError) {
    return <CodeMissing isPage />;
  }
  return (
    <Notice
      isPage
      tone="problem"
      title="The page broke"
      action={<Button onClick={() => window.location.reload()}>Load it again</Button>}
    >
      {error instanceof Error ? error.message : "Something unexpected happened."}
    </Notice>
  );
}
