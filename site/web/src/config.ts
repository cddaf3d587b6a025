/** What differs between deployments, read from /config.json when the page starts. */
export interface Config {
  apiUrl: string;
  oidc: OidcConfig;
  /** Only on the local cloud: where the inbox of caught e-mails is read. */
  inboxUrl: string | null;
  /** The stack's confidence threshold, 0 to 1; drawn in the chart where a record doesn't say its own. */
  threshold: number;
}

export interface OidcConfig {
  authority: string;
  clientId: string;
  scope: string;
  /** Auth0 and its like give an access token for an API only when it is asked for by name. */
  audience: string | null;
}

export class ConfigError extends Error {
  override name = "ConfigError";
}

const DEFAULT_THRESHOLD = 0.93;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(source: Record<string, unknown>, key: string, where: string): string {
  const value = source[key];
  if (typeof value !== "string" || value === "") throw new ConfigError(`config.json lacks ${where}${key}`);
  return value;
}

function optionalText(source: Record<string, unknown>, key: string): string | null {
  const value = source[key];
  return typeof value === "string" && value !== "" ? value : null;
}

/** Raises ConfigError naming the key that is missing. */
export function parseConfig(value: unknown): Config {
  if (!isRecord(value)) throw new ConfigError("config.json is not an object");
  if (!isRecord(value.oidc)) throw new ConfigError("config.json lacks oidc");
  const threshold = value.threshold;
  return {
    apiUrl: text(value, "apiUrl", "").replace(/\/+$/, ""),
    oidc: {
      authority: text(value.oidc, "authority", "oidc."),
      clientId: text(value.oidc, "clientId", "oidc."),
      scope: optionalText(value.oidc, "scope") ?? "openid",
      audience: optionalText(value.oidc, "audience"),
    },
    inboxUrl: optionalText(value, "inboxUrl"),
    threshold: typeof threshold === "number" && threshold > 0 && threshold <= 1 ? threshold : DEFAULT_THRESHOLD,
  };
}

export async function loadConfig(): Promise<Config> {
  const response = await fetch("/config.json", { cache: "no-store" });
  if (!response.ok) throw new ConfigError(`config.json could not be read (${response.status})`);
  let value: unknown;
  try {
    value = await response.json();
  } catch {
    // A server that answers every path with the page has no config.json.
    throw new ConfigError("config.json is not JSON");
  }
  return parseConfig(value);
}
