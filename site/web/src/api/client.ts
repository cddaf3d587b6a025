import { ApiError, JsonClient, type RequestOptions } from "./http";
import type {
  ChangedGroup,
  Classification,
  FoundPage,
  Group,
  GroupResult,
  HistoryItem,
  ImageAnnouncement,
  ImageRecord,
  Mail,
  Model,
  NewGroup,
  NewImage,
  OperatorFigures,
  Page,
  Prediction,
  Quality,
  Review,
  ReviewAnswer,
  ReviewAnswered,
  ReviewChoice,
  ReviewNext,
  ReviewSummary,
  RunDetail,
  RunPage,
} from "./types";

export { ApiError, reasonOf } from "./http";

/** Where the session's token comes from. */
export interface Tokens {
  /** The token to send now; null when signed out. */
  token(): Promise<string | null> | string | null;
  /** Another one, because the API didn't take this; null where there is none to be had. */
  renew(): Promise<string | null>;
}

export class ApiClient {
  private readonly http: JsonClient;
  /** The inbox is no part of the API, and its absence says nothing of the API's. */
  private readonly mail = new JsonClient();

  constructor(
    private readonly baseUrl: string,
    private readonly tokens: Tokens,
    private readonly inboxUrl: string | null = null,
    private readonly reached: (reached: boolean) => void = () => undefined,
  ) {
    this.http = new JsonClient(reached);
  }

  groups(nextToken: string | null, limit: number, signal?: AbortSignal): Promise<Page<Group>> {
    return this.page("/groups", nextToken, limit, signal);
  }

  async group(groupId: string, signal?: AbortSignal): Promise<Group> {
    const answer = await this.read<{ result: Group }>(`/groups/${encodeURIComponent(groupId)}`, signal);
    return answer.result;
  }

  /** How many of a group's pictures one may see. */
  async imageCount(groupId: string, signal?: AbortSignal): Promise<GroupResult["images"]> {
    const answer = await this.read<GroupResult>(`/groups/${encodeURIComponent(groupId)}`, signal);
    return answer.images;
  }

  async createGroup(body: NewGroup): Promise<Group> {
    const answer = await this.request<{ newItem: Group }>("/groups", { method: "POST", body });
    return answer.newItem;
  }

  /** Changes what is named, and leaves the rest. */
  async changeGroup(groupId: string, change: ChangedGroup): Promise<Group> {
    const options: RequestOptions = { method: "PATCH", body: change };
    const answer = await this.request<{ result: Group }>(`/groups/${encodeURIComponent(groupId)}`, options);
    return answer.result;
  }

  async deleteGroup(groupId: string): Promise<void> {
    await this.request(`/groups/${encodeURIComponent(groupId)}`, { method: "DELETE" });
  }

  groupImages(groupId: string, nextToken: string | null, limit: number, signal?: AbortSignal) {
    return this.page<ImageRecord>(`/groups/${encodeURIComponent(groupId)}/images`, nextToken, limit, signal);
  }

  /** Pictures of the whole stack that one may see; `wish` holds the API's filters by name. */
  async findImages(
    wish: Readonly<Record<string, string>>,
    nextToken: string | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<FoundPage> {
    const query = new URLSearchParams({ ...wish, limit: String(limit) });
    if (nextToken !== null) query.set("nextToken", nextToken);
    const answer = await this.request<Partial<FoundPage>>(`/signed-in/images?${query}`, signal ? { signal } : {});
    return {
      items: answer.items ?? [],
      nextToken: answer.nextToken ?? null,
      searchedTo: answer.searchedTo ?? null,
      compared: answer.compared ?? null,
    };
  }

  createImage(groupId: string, image: ImageAnnouncement): Promise<NewImage> {
    return this.request(`/groups/${encodeURIComponent(groupId)}/images`, { method: "POST", body: image });
  }

  async image(imageId: string, signal?: AbortSignal): Promise<ImageRecord> {
    const answer = await this.read<{ result: ImageRecord }>(`/images/${encodeURIComponent(imageId)}`, signal);
    return answer.result;
  }

  /** The live model; null where none is known: nothing is hosted, or a function classifies. */
  async model(signal?: AbortSignal): Promise<Model | null> {
    try {
      return (await this.read<{ result: Model }>("/model", signal)).result;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  /** What the model says of a picture that is kept nowhere, best first. */
  async predict(picture: Blob): Promise<Prediction[]> {
    const path = (await this.token()) === null ? "/predict" : "/predict_with_auth";
    const { top5, prob5 } = await this.request<Classification>(path, { method: "POST", body: picture });
    return top5.map((label, index) => ({ label, score: prob5[index] ?? 0 }));
  }

  /** Corrects what was recorded of a picture; for its owner and for reviewers. */
  async correctImage(imageId: string, choice: ReviewChoice, label: string): Promise<void> {
    const body = { choice, label };
    await this.request(`/images/${encodeURIComponent(imageId)}/label`, { method: "POST", body });
  }

  async retitleImage(imageId: string, title: string): Promise<ImageRecord> {
    const options: RequestOptions = { method: "PATCH", body: { title } };
    const answer = await this.request<{ result: ImageRecord }>(`/images/${encodeURIComponent(imageId)}`, options);
    return answer.result;
  }

  async moveImage(imageId: string, groupId: string): Promise<ImageRecord> {
    const options: RequestOptions = { method: "PATCH", body: { groupId } };
    const answer = await this.request<{ result: ImageRecord }>(`/images/${encodeURIComponent(imageId)}`, options);
    return answer.result;
  }

  async deleteImage(imageId: string): Promise<void> {
    await this.request(`/images/${encodeURIComponent(imageId)}`, { method: "DELETE" });
  }

  /** Without a threshold the stack's holds. */
  async retryImage(imageId: string, threshold: number | null = null): Promise<void> {
    const body = threshold === null ? undefined : { threshold };
    await this.request(`/images/${encodeURIComponent(imageId)}/retry`, { method: "POST", body });
  }

  async history(imageId: string, signal?: AbortSignal): Promise<HistoryItem[]> {
    const answer = await this.read<{ items?: HistoryItem[] }>(`/images/${encodeURIComponent(imageId)}/history`, signal);
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

  /** How the stack did in the last hours, a day or a week of them; for operators. */
  async figures(hours: number, signal?: AbortSignal): Promise<OperatorFigures> {
    const path = `/operator/figures?hours=${hours}`;
    return (await this.request<{ result: OperatorFigures }>(path, signal ? { signal } : {})).result;
  }

  /** Batch runs, newest first; for operators. */
  runs(nextToken: string | null, limit: number, signal?: AbortSignal): Promise<RunPage> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (nextToken !== null) query.set("nextToken", nextToken);
    return this.request(`/operator/runs?${query}`, signal ? { signal } : {});
  }

  async run(run: string, signal?: AbortSignal): Promise<RunDetail> {
    const path = `/operator/runs/${encodeURIComponent(run)}`;
    return (await this.request<{ result: RunDetail }>(path, signal ? { signal } : {})).result;
  }

  /** For reviewers and operators. */
  async quality(days: number, signal?: AbortSignal): Promise<Quality> {
    const path = `/review/quality?days=${days}`;
    return (await this.request<{ result: Quality }>(path, signal ? { signal } : {})).result;
  }

  /** The newest of the local cloud's caught e-mails, newest first. Without a token: it is no part of the API. */
  async inbox(limit: number, signal?: AbortSignal): Promise<Mail[]> {
    if (this.inboxUrl === null) return [];
    const url = `${this.inboxUrl}?limit=${limit}`;
    const answer = await this.mail.send<Mail[] | { items?: Mail[] }>(url, signal ? { signal } : {});
    const mails = Array.isArray(answer) ? answer : (answer.items ?? []);
    return [...mails].sort((a, b) => b.receivedAt.localeCompare(a.receivedAt));
  }

  private async page<Item>(path: string, nextToken: string | null, limit: number, signal?: AbortSignal) {
    const query = new URLSearchParams({ limit: String(limit) });
    if (nextToken !== null) query.set("nextToken", nextToken);
    const answer = await this.read<Partial<Page<Item>>>(`${path}?${query}`, signal);
    return { items: answer.items ?? [], nextToken: answer.nextToken ?? null };
  }

  /**
   * Every reading route has one for who is signed in: it shows the originals of their own pictures and which of
   * them never came, and is all there is where strangers may not look.
   */
  private async read<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    const place = (await this.token()) === null ? "" : "/signed-in";
    return this.request<Answer>(place + path, signal ? { signal } : {});
  }

  /** An issuer out of reach keeps a session from going on, as an API out of reach does. */
  private async token(): Promise<string | null> {
    try {
      return await this.tokens.token();
    } catch (error) {
      this.reached(false);
      throw error;
    }
  }

  /** A token that the API refuses may have been ended elsewhere: it is renewed once, where it can be. */
  private async request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
    const token = await this.token();
    try {
      return await this.http.send<Answer>(this.baseUrl + path, options, token);
    } catch (error) {
      if (token === null || !(error instanceof ApiError && error.status === 401)) throw error;
      const renewed = await this.tokens.renew();
      if (renewed === null || renewed === token) throw error;
      return this.http.send<Answer>(this.baseUrl + path, options, renewed);
    }
  }
}
