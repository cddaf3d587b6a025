import type { User } from "oidc-client-ts";
import { describe, expect, it, vi } from "vitest";
import { isPassing, SessionRenewal } from "../src/auth/renewal";

interface Wish {
  expiresIn: number;
  refreshToken?: string;
}

function user(token: string, { expiresIn, refreshToken }: Wish): User {
  return { access_token: token, expires_in: expiresIn, expired: expiresIn <= 0, refresh_token: refreshToken } as User;
}

/** An issuer's client as the library's: `answer` is what it says to a refresh token. */
class FakeManager {
  renewals = 0;
  removed = 0;
  private readonly loaded: ((user: User) => void)[] = [];
  private readonly unloaded: (() => void)[] = [];
  events = {
    addUserLoaded: (heard: (user: User) => void) => {
      this.loaded.push(heard);
      return () => undefined;
    },
    addUserUnloaded: (heard: () => void) => {
      this.unloaded.push(heard);
      return () => undefined;
    },
  };

  constructor(
    private readonly stored: User | null,
    private readonly answer: () => User | Promise<User> = () => user("renewed", { expiresIn: 3600, refreshToken: "r" }),
  ) {}

  getUser(): Promise<User | null> {
    return Promise.resolve(this.stored);
  }

  async signinSilent(): Promise<User | null> {
    this.renewals += 1;
    const renewed = await this.answer();
    for (const heard of this.loaded) heard(renewed);
    return renewed;
  }

  async removeUser(): Promise<void> {
    this.removed += 1;
    for (const heard of this.unloaded) heard();
  }
}

function renewalOf(manager: FakeManager) {
  const ends: string[] = [];
  return { ends, renewal: new SessionRenewal(manager, () => ends.push("ended")) };
}

function refusing(error: Error): () => User {
  return () => {
    throw error;
  };
}

const slept = () => user("old", { expiresIn: -28_800, refreshToken: "r" });

describe("SessionRenewal", () => {
  it("gives a token that is good for a while as it is", async () => {
    const manager = new FakeManager(user("good", { expiresIn: 600, refreshToken: "r" }));
    expect(await renewalOf(manager).renewal.token()).toBe("good");
    expect(manager.renewals).toBe(0);
  });

  it("renews what ran out while the machine slept, once for all who ask", async () => {
    const manager = new FakeManager(slept());
    const { renewal, ends } = renewalOf(manager);
    expect(await Promise.all([renewal.token(), renewal.token(), renewal.expired()])).toEqual([
      "renewed",
      "renewed",
      undefined,
    ]);
    expect([manager.renewals, ends]).toEqual([1, []]);
  });

  it("signs nobody in again who signed out while the issuer was asked", async () => {
    let arrive: (renewed: User) => void = () => undefined;
    const manager = new FakeManager(slept(), () => new Promise<User>((resolve) => (arrive = resolve)));
    const { renewal, ends } = renewalOf(manager);
    const asked = renewal.token();
    await vi.waitFor(() => expect(manager.renewals).toBe(1));

    await manager.removeUser();
    arrive(user("renewed", { expiresIn: 3600, refreshToken: "r" }));

    expect(await asked).toBeNull();
    expect(await renewal.token()).toBeNull();
    expect([manager.removed, ends]).toEqual([2, []]);
  });

  it("ends a session that the issuer refuses to renew", async () => {
    const refusal = Object.assign(new Error("invalid_grant"), { name: "ErrorResponse" });
    const manager = new FakeManager(slept(), refusing(refusal));
    const { renewal, ends } = renewalOf(manager);
    expect(await renewal.token()).toBeNull();
    expect([manager.removed, ends]).toEqual([1, ["ended"]]);
    expect(await renewal.token()).toBeNull();
    expect(manager.renewals).toBe(1);
  });

  it("keeps a session that can't be renewed for want of a network", async () => {
    const manager = new FakeManager(slept(), refusing(new TypeError("Failed to fetch")));
    const { renewal, ends } = renewalOf(manager);
    await expect(renewal.token()).rejects.toMatchObject({ status: 0 });
    expect([manager.removed, ends]).toEqual([0, []]);
  });

  it("drops a token that has run out and can't be renewed", async () => {
    const manager = new FakeManager(user("old", { expiresIn: 0 }));
    const { renewal, ends } = renewalOf(manager);
    expect(await renewal.token()).toBeNull();
    await renewal.expired();
    expect([manager.removed, ends]).toEqual([1, ["ended"]]);
  });

  it("has no token where nobody is signed in", async () => {
    const { renewal, ends } = renewalOf(new FakeManager(null));
    expect([await renewal.token(), await renewal.renew(), ends]).toEqual([null, null, []]);
  });
});

describe("isPassing", () => {
  it.each([
    [new TypeError("Failed to fetch"), true],
    [Object.assign(new Error("slow"), { name: "ErrorTimeout" }), true],
    [new Error("Bad Gateway (502)"), true],
    [new Error("Too Many Requests (429): {}"), true],
    [Object.assign(new Error("invalid_grant"), { name: "ErrorResponse" }), false],
    [new Error("sub in id_token does not match current sub"), false],
  ])("of %s is %s", (error, passing) => {
    expect(isPassing(error)).toBe(passing);
  });
});
