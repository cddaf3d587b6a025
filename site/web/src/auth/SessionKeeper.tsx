import { useEffect } from "react";
import { useAuth } from "react-oidc-context";
import { notify } from "../ui/notify";
import type { SessionRenewal } from "./renewal";

// What can't be reached now is tried again with the next request, and when the network or the person is back.
const later = () => undefined;

/** Renews a session in time. A laptop that slept or a network that was gone missed the time: it is done on waking. */
export function SessionKeeper({ renewal }: { renewal: SessionRenewal }) {
  const { events, error } = useAuth();
  useEffect(() => {
    if (error?.source === "signinRedirect") {
      notify({ title: "The sign-in page couldn't be reached", description: "Try again in a moment." });
    }
  }, [error]);
  useEffect(() => events.addAccessTokenExpiring(() => void renewal.renew().catch(later)), [events, renewal]);
  useEffect(() => events.addAccessTokenExpired(() => void renewal.expired().catch(later)), [events, renewal]);
  useEffect(() => {
    const wake = () => {
      if (document.visibilityState === "visible") void renewal.token().catch(later);
    };
    wake();
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    return () => {
      document.removeEventListener("visibilitychange", wake);
      window.removeEventListener("online", wake);
    };
  }, [renewal]);
  return null;
}
