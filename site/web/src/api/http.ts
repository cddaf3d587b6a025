import { KnownAnswers } from "./known_answers";

/** The API refused or could not be reached. `status` is 0 when no answer came. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  /** Worth asking again without changing anything. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** A Blob goes as it is, anything else as JSON. */
  body?: unknown;
  signal?: AbortSignal;
}

const BY_STATUS: Record<number, string> = {
  401: "Your session has ended. Sign in again to go on.",
  403: "Only the owner may do this.",
  404: "This is not there any more.",
  413: "That is too large.",
  429: "Too many requests at the moment. Wait a little, then try again.",
};

/** The reason in an error answer: ours is `{"error": …}`, API Gateway's own is `{"message": …}`. */
export function reasonOf(status: number, body: unknown): string {
  if (status === 401) return BY_STATUS[401] as string;
  if (typeof body === "object" && body !== null) {
    const { error } = body as { error?: unknown };
    if (typeof error === "string" && error !== "") return error;
  }
  return BY_STATUS[status] ?? `The service answered with an error (${status}).`;
}

/** Why no answer came: the browser knows when the machine itself has no network. */
export function unreachable(): ApiError {
  const offline = typeof navigator !== "undefined" && navigator.onLine === false;
  return new ApiError(
    0,
    offline ? "You are offline. Check your connection." : "The service can't be reached. Check your connection.",
  );
}

/** One exchange of JSON. `reached` hears whether there was an answer of any kind. */
export class JsonClient {
  private readonly answers = new KnownAnswers();

  constructor(private readonly reached: (reached: boolean) => void = () => undefined) {}

  async send<Answer>(url: string, options: RequestOptions, token: string | null = null): Promise<Answer> {
    const method = options.method ?? "GET";
    const known = method === "GET" ? this.answers.of(url) : null;
    const headers: Record<string, string> = { Accept: "application/json" };
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    const { body } = options;
    if (body !== undefined) headers["Content-Type"] = body instanceof Blob ? body.type : "application/json";
    if (known !== null) headers["If-None-Match"] = known.etag;
    const response = await this.fetched(url, {
      method,
      headers,
      body: body === undefined ? null : body instanceof Blob ? body : JSON.stringify(body),
      signal: options.signal ?? null,
      credentials: "omit",
    });
    if (response.status === 304 && known !== null) return known.body as Answer;
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok) throw new ApiError(response.status, reasonOf(response.status, answer));
    if (method === "GET") this.answers.keep(url, response.headers.get("ETag"), answer);
    return answer as Answer;
  }

  private async fetched(url: string, init: RequestInit): Promise<Response> {
    try {
      const response = await fetch(url, init);
      this.reached(true);
      return response;
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      this.reached(false);
      throw unreachable();
    }
  }
}
