import { useEffect } from "react";
import { useAuth } from "react-oidc-context";
import { useNavigate } from "react-router";
import { Button } from "../ui/Button";
import { Loading, Notice } from "../ui/states";
import { safeReturn } from "./settings";

/** Where the issuer sends people back to: the provider takes the code, this goes on to where they were. */
export function CallbackPage() {
  const auth = useAuth();
  const navigate = useNavigate();
  const cameBack = new URLSearchParams(window.location.search).has("state");

  useEffect(() => {
    if (auth.isAuthenticated) void navigate(safeReturn(auth.user?.state), { replace: true });
    else if (!auth.isLoading && !auth.error && !cameBack) void navigate("/", { replace: true });
  }, [auth, navigate, cameBack]);

  if (!auth.error) return <Loading label="Signing you in…" />;
  return (
    <Notice
      isPage
      tone="problem"
      title="Signing in didn't work"
      action={<Button onClick={() => void auth.signinRedirect()}>Try again</Button>}
    >
      {auth.error.message}
    </Notice>
  );
}
