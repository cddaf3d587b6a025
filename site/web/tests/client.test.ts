import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiClient, ApiError, reasonOf } from "../src/api/client";

function answering(status: number, body: unknown) {
  const fetch = vi.fn(async (_url: string, _options: RequestInit) => new Response(JSON.stringify(body), { status }));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

afterEach(() => vi.unstubAllGlobals());

describe("ApiClient", () => {
  it("sends the session's token of that moment to the API, and none to the inbox", async () => {
    let token: string | null = "first";
    const fetch = answering(200, { items: [] });
    const api = new ApiClient("https://api", () => token, "http://inbox");
    await api.groups(null, 10);
    token = null;
    await api.groups("more", 10);
    token = "secret";
    await api.inbox();
    const sent = fetch.mock.calls.map(([, options]) => (options.headers as Record<string, string>).Authorization);
    expect(sent).toEqual(["Bearer first", undefined, undefined]);
    expect(fetch.mock.calls[1]?.[0]).toBe("https://api/groups?limit=10&nextToken=more");
  });

  it("escapes ids in paths", async () => {
    const fetch = answering(200, { result: {} });
    await new ApiClient("https://api", () => null).image("../groups?x");
    expect(fetch.mock.calls[0]?.[0]).toBe("https://api/images/..%2Fgroups%3Fx");
  });

  it("turns an error answer into its reason", async () => {
    answering(404, { error: "There is no such image." });
    const failure = await new ApiClient("https://api", () => null).image("x").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({ status: 404, message: "There is no such image.", isTransient: false });
  });

  it("calls no answer at all transient", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    const failure = await new ApiClient("https://api", () => null).image("x").catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 0, isTransient: true });
  });

  it("shows the newest mail first", async () => {
    answering(200, [
      { subject: "old", receivedAt: "2026-01-01" },
      { subject: "new", receivedAt: "2026-01-02" },
    ]);
    const mails = await new ApiClient("https://api", () => null, "http://inbox").inbox();
    expect(mails.map((mail) => mail.subject)).toEqual(["new", "old"]);
  });
});

describe("reasonOf", () => {
  it("prefers the API's words, but for an ended session", () => {
    expect(reasonOf(400, { error: "name: too short." })).toBe("name: too short.");
    expect(reasonOf(401, { message: "Unauthorized" })).toContain("Sign in again");
    expect(reasonOf(500, null)).toContain("500");
  });
});
