// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { displayName } from "../src/auth/session";
import { oidcSettings, safeReturn } from "../src/auth/settings";

describe("safeReturn", () => {
  it.each([
    [{ returnTo: "/groups/1?x=y" }, "/groups/1?x=y"],
    [{ returnTo: "//evil.example" }, "/"],
    [{ returnTo: "/\\evil.example" }, "/"],
    [{ returnTo: "https://evil.example" }, "/"],
    [{ returnTo: "/callback?code=1" }, "/"],
    [undefined, "/"],
  ])("goes from %j to %s", (state, path) => {
    expect(safeReturn(state)).toBe(path);
  });
});

describe("oidcSettings", () => {
  const oidc = { authority: "https://issuer", clientId: "c", scope: "openid", audience: null };

  it("comes back to this page", () => {
    const settings = oidcSettings(oidc, "https://page");
    expect(settings.redirect_uri).toBe("https://page/callback");
    expect(settings.post_logout_redirect_uri).toBe("https://page/");
    expect(settings.extraQueryParams).toBeUndefined();
  });

  it("asks for an audience where one is named", () => {
    expect(oidcSettings({ ...oidc, audience: "https://api" }).extraQueryParams).toEqual({ audience: "https://api" });
  });

  it("keeps nothing in local storage", async () => {
    const { userStore } = oidcSettings(oidc);
    await userStore?.set("user", "tokens");
    expect(window.localStorage.length).toBe(0);
    expect(window.sessionStorage.length).toBe(1);
  });
});

describe("displayName", () => {
  it("takes the best name there is", () => {
    expect(displayName({ email: "ada@example.com", "cognito:username": "ada" })).toBe("ada@example.com");
    expect(displayName({ name: " ", sub: "1" })).toBe("Your account");
  });
});
