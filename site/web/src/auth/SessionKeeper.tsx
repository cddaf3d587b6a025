import { useEffect } from "react";
import { useAuth } from "react-oidc-context";
import { notify } from "../ui/notify";

/** Renews a session by its refresh token; where that can't be done, its tokens go the moment they run out. */
export function SessionKeeper() {
  const { events, removeUser, signinSilent, user } = useAuth();
  const canRenew = Boolean(user?.refresh_token);
  useEffect(
    () =>
      events.addAccessTokenExpiring(() => {
        if (canRenew) void signinSilent().catch(() => undefined);
      }),
    [events, signinSilent, canRenew],
  );
  useEffect(
    () =>
      events.addAccessTokenExpired(() => {
        void removeUser();
        notify({ title: "Your session has ended", description: "Sign in again to go on." });
      }),
    [events, removeUser],
  );
  return null;
}
