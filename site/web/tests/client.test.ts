import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiClient, ApiError, reasonOf, type Tokens } from "../src/api/client";
import { reconnectDelay } from "../src/api/connection";
import { GOOD_FOR_MS, KnownAnswers } from "../src/api/known_answers";

function answering(status: number, body: unknown) {
  return answeringWith(() => new Response(JSON.stringify(body), { status }));
}

function answeringWith(answer: (headers: Record<string, string>) => Response) {
  const fetch = vi.fn(async (_url: string, options: RequestInit) => answer(options.headers as Record<string, string>));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

function tokens(token: () => string | null, renew: () => string | null = () => null): Tokens {
  return { token, renew: async () => renew() };
}

const NOBODY = tokens(() => null);

afterEach(() => vi.unstubAllGlobals());

describe("ApiClient", () => {
  it("sends the session's token of that moment to the API, and none to the inbox", async () => {
    let token: string | null = "first";
    const fetch = answering(200, { items: [] });
    const api = new ApiClient(
      "https://api",
      tokens(() => token),
      "http://inbox",
    );
    await api.groups(null, 10);
    token = null;
    await api.groups("more", 10);
    token = "secret";
    await api.inbox(50);
    const sent = fetch.mock.calls.map(([, options]) => (options.headers as Record<string, string>).Authorization);
    expect(sent).toEqual(["Bearer first", undefined, undefined]);
    expect(fetch.mock.calls[1]?.[0]).toBe("https://api/groups?limit=10&nextToken=more");
  });

  it("reads by the routes for who is signed in, wherever there is a token", async () => {
    const fetch = answering(200, { items: [], result: {} });
    const reading = async (api: ApiClient) => {
      await api.groups(null, 10);
      await api.group("g");
      await api.groupImages("g", null, 10);
      await api.image("i");
      await api.history("i");
      return fetch.mock.calls.splice(0).map(([url]) => new URL(url).pathname);
    };
    const paths = ["/groups", "/groups/g", "/groups/g/images", "/images/i", "/images/i/history"];
    expect(await reading(new ApiClient("https://api", NOBODY))).toEqual(paths);
    const signedIn = new ApiClient(
      "https://api",
      tokens(() => "token"),
    );
    expect(await reading(signedIn)).toEqual(paths.map((path) => `/signed-in${path}`));
  });

  it("escapes ids in paths", async () => {
    const fetch = answering(200, { result: {} });
    await new ApiClient("https://api", NOBODY).image("../groups?x");
    expect(fetch.mock.calls[0]?.[0]).toBe("https://api/images/..%2Fgroups%3Fx");
  });

  it("turns an error answer into its reason", async () => {
    answering(404, { error: "There is no such image." });
    const failure = await new ApiClient("https://api", NOBODY).image("x").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({ status: 404, message: "There is no such image.", isTransient: false });
  });

  it("calls no answer at all transient", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    const failure = await new ApiClient("https://api", NOBODY).image("x").catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 0, isTransient: true });
  });

  it("asks again with a renewed token where the API doesn't take the one it has", async () => {
    const fetch = answeringWith(({ Authorization }) =>
      Authorization === "Bearer new" ? new Response('{"items":[]}') : new Response("{}", { status: 401 }),
    );
    const renewing = tokens(
      () => "old",
      () => "new",
    );
    await expect(new ApiClient("https://api", renewing).groups(null, 10)).resolves.toMatchObject({ items: [] });
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it("says that the session has ended where no other token is to be had", async () => {
    const fetch = answering(401, { message: "Unauthorized" });
    const failure = await new ApiClient(
      "https://api",
      tokens(() => "old"),
    )
      .groups(null, 10)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 401, message: expect.stringContaining("Sign in again") });
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it("has three different messages for an ended session, too many requests, and no network", async () => {
    const said: string[] = [];
    for (const status of [401, 429]) {
      answering(status, { message: "Too Many Requests" });
      await new ApiClient("https://api", NOBODY).image("x").catch((error: Error) => said.push(error.message));
    }
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    const reached: boolean[] = [];
    const api = new ApiClient("https://api", NOBODY, null, (now) => reached.push(now));
    await api.image("x").catch((error: Error) => said.push(error.message));
    expect(said).toEqual([
      expect.stringContaining("session has ended"),
      expect.stringContaining("Too many requests"),
      expect.stringContaining("can't be reached"),
    ]);
    expect(reached).toEqual([false]);
  });

  it("sends an answer's ETag with the next asking, and keeps what hasn't changed", async () => {
    let version = 1;
    const fetch = answeringWith((headers) => {
      const etag = `"${version}"`;
      if (headers["If-None-Match"] === etag) return new Response(null, { status: 304 });
      return new Response(JSON.stringify({ result: { version } }), { headers: { ETag: etag } });
    });
    const api = new ApiClient("https://api", NOBODY);
    const first = await api.image("x");
    expect(await api.image("x")).toBe(first);
    version = 2;
    expect(await api.image("x")).toEqual({ version: 2 });
    await api.image("y");
    const sent = fetch.mock.calls.map(([, { headers }]) => (headers as Record<string, string>)["If-None-Match"]);
    expect(sent).toEqual([undefined, '"1"', '"1"', undefined]);
  });

  it("asks plainly where the API offers no ETag", async () => {
    const fetch = answering(200, { result: {} });
    const api = new ApiClient("https://api", NOBODY);
    await api.image("x");
    await api.image("x");
    expect(fetch.mock.calls.every(([, { headers }]) => !("If-None-Match" in (headers ?? {})))).toBe(true);
  });

  it("shows the newest mail first", async () => {
    answering(200, [
      { subject: "old", receivedAt: "2026-01-01" },
      { subject: "new", receivedAt: "2026-01-02" },
    ]);
    const mails = await new ApiClient("https://api", NOBODY, "http://inbox").inbox(50);
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

describe("KnownAnswers", () => {
  it("forgets before the presigned URLs in an answer run out, and holds no more than it must", () => {
    let now = 0;
    const known = new KnownAnswers(() => now);
    known.keep("a", "1", {});
    now = GOOD_FOR_MS - 1;
    expect(known.of("a")?.etag).toBe("1");
    now = GOOD_FOR_MS;
    expect(known.of("a")).toBeNull();
    for (let number = 0; number < 100; number += 1) known.keep(String(number), "1", {});
    expect([known.of("0"), known.of("99")?.etag]).toEqual([null, "1"]);
  });
});

describe("reconnectDelay", () => {
  it("grows to a quarter of a minute", () => {
    expect([0, 1, 20].map(reconnectDelay)).toEqual([2000, 3000, 15_000]);
  });
});
