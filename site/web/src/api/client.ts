import type {
  Group,
  HistoryItem,
  ImageAnnouncement,
  ImageRecord,
  Mail,
  NewImage,
  Page,
  Review,
  ReviewAnswer,
  ReviewAnswered,
  ReviewNext,
  ReviewSummary,
} from "./types";

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

export type TokenSource = () => string | null;

interface RequestOptions {
  method?: "GET" | "POST" | "DELETE";
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

export class ApiClient {
  constructor(
    private readonly baseUrl: string,
    private readonly token: TokenSource,
    private readonly inboxUrl: string | null = null,
  ) {}

  groups(nextToken: string | null, limit: number, signal?: AbortSignal): Promise<Page<Group>> {
    return this.page("/groups", nextToken, limit, signal);
  }

  async group(groupId: string, signal?: AbortSignal): Promise<Group> {
    const answer = await this.request<{ result: Group }>(
      `/groups/${encodeURIComponent(groupId)}`,
      signal ? { signal } : {},
    );
    return answer.result;
  }

  async createGroup(name: string, description: string): Promise<Group> {
    const answer = await this.request<{ newItem: Group }>("/groups", { method: "POST", body: { name, description } });
    return answer.newItem;
  }

  async deleteGroup(groupId: string): Promise<void> {
    await this.request(`/groups/${encodeURIComponent(groupId)}`, { method: "DELETE" });
  }

  groupImages(groupId: string, nextToken: string | null, limit: number, signal?: AbortSignal) {
    return this.page<ImageRecord>(`/groups/${encodeURIComponent(groupId)}/images`, nextToken, limit, signal);
  }

  createImage(groupId: string, image: ImageAnnouncement): Promise<NewImage> {
    return this.request(`/groups/${encodeURIComponent(groupId)}/images`, { method: "POST", body: image });
  }

  async image(imageId: string, signal?: AbortSignal): Promise<ImageRecord> {
    const answer = await this.request<{ result: ImageRecord }>(
      `/images/${encodeURIComponent(imageId)}`,
      signal ? { signal } : {},
    );
    return answer.result;
  }

  async deleteImage(imageId: string): Promise<void> {
    await this.request(`/images/${encodeURIComponent(imageId)}`, { method: "DELETE" });
  }

  async retryImage(imageId: string): Promise<void> {
    await this.request(`/images/${encodeURIComponent(imageId)}/retry`, { method: "POST" });
  }

  async history(imageId: string, signal?: AbortSignal): Promise<HistoryItem[]> {
    const answer = await this.request<{ items?: HistoryItem[] }>(
      `/images/${encodeURIComponent(imageId)}/history`,
      signal ? { signal } : {},
    );
    return answer.items ?? [];
  }

  reviews(signal?: AbortSignal): Promise<ReviewSummary> {
    return this.request("/reviews", signal ? { signal } : {});
  }

  /** Leases the next picture. `without` are reviews that are here already. */
  nextReview(recent: string[], without: string[], showGuess: boolean): Promise<ReviewNext> {
    return this.request("/reviews/next", { method: "POST", body: { recent, without, showGuess } });
  }

  async leaseReview(reviewId: string): Promise<void> {
    await this.request(`/reviews/${encodeURIComponent(reviewId)}/lease`, { method: "POST" });
  }

  answerReview(reviewId: string, answer: ReviewAnswer): Promise<ReviewAnswered> {
    return this.request(`/reviews/${encodeURIComponent(reviewId)}/answer`, { method: "POST", body: answer });
  }

  async skipReview(reviewId: string): Promise<void> {
    await this.request(`/reviews/${encodeURIComponent(reviewId)}/skip`, { method: "POST" });
  }

  async undoReview(reviewId: string): Promise<Review> {
    const answer = await this.request<{ result: Review }>(`/reviews/${encodeURIComponent(reviewId)}/undo`, {
      method: "POST",
    });
    return answer.result;
  }

  /** The local cloud's caught e-mails, newest first. Asked without a token: it is no part of the API. */
  async inbox(signal?: AbortSignal): Promise<Mail[]> {
    if (this.inboxUrl === null) return [];
    const answer = await send<Mail[] | { items?: Mail[] }>(this.inboxUrl, signal ? { signal } : {});
    const mails = Array.isArray(answer) ? answer : (answer.items ?? []);
    return [...mails].sort((a, b) => b.receivedAt.localeCompare(a.receivedAt));
  }

  private async page<Item>(path: string, nextToken: string | null, limit: number, signal?: AbortSignal) {
    const query = new URLSearchParams({ limit: String(limit) });
    if (nextToken !== null) query.set("nextToken", nextToken);
    const answer = await this.request<Partial<Page<Item>>>(`${path}?${query}`, signal ? { signal } : {});
    return { items: answer.items ?? [], nextToken: answer.nextToken ?? null };
  }

  private request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
    return send<Answer>(this.baseUrl + path, options, this.token());
  }
}

async function send<Answer>(url: string, options: RequestOptions, token: string | null = null): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(url, {
      method: options.method ?? "GET",
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
      credentials: "omit",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "The service can't be reached. Check your connection.");
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, reasonOf(response.status, body));
  return body as Answer;
}
