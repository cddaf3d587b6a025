import { useCallback, useMemo } from "react";
import { useAuth } from "react-oidc-context";
import { useLocation } from "react-router";
import { SIGNED_OUT_PATH } from "./settings";

export interface Session {
  isSignedIn: boolean;
  /** Neither in nor out yet: a stored session is being looked at. */
  isLoading: boolean;
  userId: string | null;
  name: string;
  /** In the group of reviewers, by whichever claim says so. */
  isReviewer: boolean;
  /** Runs this stack, by whichever claim says so: sees every picture. */
  isOperator: boolean;
  owns(thing: { ownerId?: string | null } | null | undefined): boolean;
  signIn(): void;
  signOut(): Promise<void>;
}

export function useSession(): Session {
  const auth = useAuth();
  const location = useLocation();
  const returnTo = location.pathname + location.search;
  const profile = auth.user?.profile;
  // A token that has run out is renewed where there is a refresh token: until the issuer refuses, one is signed in.
  const isSignedIn = Boolean(auth.user && (!auth.user.expired || auth.user.refresh_token));
  const userId = isSignedIn ? (profile?.sub ?? null) : null;

  const signIn = useCallback(() => {
    void auth.signinRedirect({ state: { returnTo } });
  }, [auth, returnTo]);

  const signOut = useCallback(async () => {
    await auth.revokeTokens().catch(() => undefined);
    // First of all the tokens go: so none of them gets into the address of the issuer's logout either.
    await auth.removeUser();
    // Cognito's logout wants client_id and logout_uri; others take the standard's post_logout_redirect_uri.
    const logoutUri = window.location.origin + SIGNED_OUT_PATH;
    // An issuer without a logout of its own: forgetting the tokens was all there is to do.
    await auth.signoutRedirect({ extraQueryParams: { logout_uri: logoutUri } }).catch(() => undefined);
  }, [auth]);

  return useMemo(
    () => ({
      isSignedIn,
      isLoading: auth.isLoading && !auth.user,
      userId,
      name: displayName(profile),
      isReviewer: isSignedIn && isIn("reviewers", profile),
      isOperator: isSignedIn && isIn("operators", profile),
      owns: (thing) => userId !== null && thing?.ownerId === userId,
      signIn,
      signOut,
    }),
    [isSignedIn, auth.isLoading, auth.user, userId, profile, signIn, signOut],
  );
}

export function isIn(group: string, profile: Record<string, unknown> | undefined): boolean {
  return Object.values(profile ?? {}).some((claim) => Array.isArray(claim) && claim.includes(group));
}

export function displayName(profile: Record<string, unknown> | undefined): string {
  for (const key of ["name", "given_name", "email", "preferred_username", "cognito:username"]) {
    const value = profile?.[key];
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return "Your account";
}
