import { describe, expect, it } from "vitest";
import { ConfigError, parseConfig } from "../src/config";

const FULL = {
  apiUrl: "https://api.example.com/",
  oidc: { authority: "https://issuer.example.com", clientId: "abc", scope: "openid email" },
};

describe("parseConfig", () => {
  it("reads a full configuration and drops the slash at the end of the API's address", () => {
    const config = parseConfig({ ...FULL, inboxUrl: "http://127.0.0.1:4566/_loupe/inbox", threshold: 0.8 });
    expect(config.apiUrl).toBe("https://api.example.com");
    expect(config.inboxUrl).toBe("http://127.0.0.1:4566/_loupe/inbox");
    expect(config.threshold).toBe(0.8);
    expect(config.oidc.audience).toBeNull();
  });

  it("has no inbox and the stack's default threshold where nothing is said", () => {
    expect(parseConfig(FULL)).toMatchObject({ inboxUrl: null, threshold: 0.93 });
  });

  it.each([
    ["apiUrl", { ...FULL, apiUrl: undefined }],
    ["oidc", { ...FULL, oidc: undefined }],
    ["oidc.authority", { ...FULL, oidc: { clientId: "abc" } }],
    ["oidc.clientId", { ...FULL, oidc: { authority: "https://issuer.example.com", clientId: "" } }],
  ])("names the missing key %s", (key, value) => {
    expect(() => parseConfig(value)).toThrow(new ConfigError(`config.json lacks ${key}`));
  });

  it.each([[null], ["text"], [[]]])("refuses %j", (value) => {
    expect(() => parseConfig(value)).toThrow(ConfigError);
  });
});
