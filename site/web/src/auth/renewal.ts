import type { User, UserManager } from "oidc-client-ts";
import { unreachable } from "../api/http";

type Manager = Pick<UserManager, "getUser" | "signinSilent" | "removeUser"> & {
  events: Pick<UserManager["events"], "addUserLoaded" | "addUserUnloaded">;
};

/** A token with less than this left is renewed before it is sent. */
const MARGIN_SECONDS = 30;

/**
 * Keeps a session going by its refresh token: before the access token's end, after sleep and after a reload.
 * A session ends when the issuer refuses, and not for want of a network.
 */
export class SessionRenewal {
  private user: User | null = null;
  private running: Promise<string | null> | null = null;
  /** How often a session was left. */
  private departures = 0;
  private readonly loaded: Promise<void>;

  /** `ended` hears of a session that can't be renewed. */
  constructor(
    private readonly manager: Manager,
    private readonly ended: () => void,
  ) {
    manager.events.addUserLoaded((user) => {
      this.user = user;
    });
    manager.events.addUserUnloaded(() => {
      this.user = null;
      this.departures += 1;
    });
    this.loaded = manager.getUser().then((user) => {
      this.user ??= user;
    });
  }

  /** The access token, renewed first where it is about to end; null when signed out. Raises ApiError (0). */
  async token(): Promise<string | null> {
    await this.loaded;
    const user = this.user;
    if (user === null) return null;
    if ((user.expires_in ?? Number.POSITIVE_INFINITY) > MARGIN_SECONDS) return user.access_token;
    if (user.refresh_token) return this.renew();
    return user.expired ? null : user.access_token;
  }

  /** A new access token; null where there is no refresh token or the issuer took it for none. One at a time. */
  readonly renew = (): Promise<string | null> => {
    this.running ??= this.attempt().finally(() => {
      this.running = null;
    });
    return this.running;
  };

  /** The access token has run out: it is renewed, or goes. */
  readonly expired = async (): Promise<void> => {
    if (this.user?.refresh_token) await this.renew();
    else await this.end();
  };

  private async attempt(): Promise<string | null> {
    await this.loaded;
    if (!this.user?.refresh_token) return null;
    const departures = this.departures;
    try {
      const renewed = await this.manager.signinSilent();
      // Signed out while the issuer was asked: its answer signs nobody in again.
      if (departures !== this.departures) {
        await this.manager.removeUser();
        return null;
      }
      if (renewed !== null) return renewed.access_token;
    } catch (error) {
      if (isPassing(error)) throw unreachable();
    }
    await this.end();
    return null;
  }

  private async end(): Promise<void> {
    if (this.user === null) return;
    await this.manager.removeUser();
    this.user = null;
    this.ended();
  }
}

/** Whether a failure says nothing of the session: no network, no answer in time, a server's own fault. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // The library's own errors of HTTP end in the status: "Bad Gateway (502)".
  return error instanceof TypeError || error.name === "ErrorTimeout" || /\((5\d\d|429)\)/.test(error.message);
}
