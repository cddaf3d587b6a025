import { type UserManagerSettings, WebStorageStateStore } from "oidc-client-ts";
import type { OidcConfig } from "../config";

export const CALLBACK_PATH = "/callback";
export const SIGNED_OUT_PATH = "/";

/**
 * Authorization code with PKCE. Tokens live in the tab's session storage: a reload keeps them, closing the tab
 * ends them, and no other tab or later visitor of the machine finds them.
 */
export function oidcSettings(oidc: OidcConfig, origin: string = window.location.origin): UserManagerSettings {
  const store = new WebStorageStateStore({ store: window.sessionStorage });
  return {
    authority: oidc.authority,
    client_id: oidc.clientId,
    scope: oidc.scope,
    redirect_uri: origin + CALLBACK_PATH,
    post_logout_redirect_uri: origin + SIGNED_OUT_PATH,
    response_type: "code",
    userStore: store,
    stateStore: store,
    // The library would renew in a hidden frame where there is no refresh token; SessionRenewal does it without.
    automaticSilentRenew: false,
    monitorSession: false,
    // Cognito can revoke no other kind.
    revokeTokenTypes: ["refresh_token"],
    loadUserInfo: false,
    ...(oidc.audience === null ? {} : { extraQueryParams: { audience: oidc.audience } }),
  };
}

/** A place in this page to go back to after signing in; anything else is the start. */
export function safeReturn(state: unknown): string {
  const path = typeof state === "object" && state !== null ? (state as { returnTo?: unknown }).returnTo : undefined;
  if (typeof path !== "string" || !path.startsWith("/") || /^\/[/\\]/.test(path)) return "/";
  return path.startsWith(CALLBACK_PATH) ? "/" : path;
}
