import { createContext, useContext } from "react";
import type { Config } from "../config";
import type { ApiClient } from "./client";

export const ConfigContext = createContext<Config | null>(null);
export const ApiContext = createContext<ApiClient | null>(null);

export function useConfig(): Config {
  const config = useContext(ConfigContext);
  if (config === null) throw new Error("ConfigContext has no value");
  return config;
}

export function useApi(): ApiClient {
  const api = useContext(ApiContext);
  if (api === null) throw new Error("ApiContext has no value");
  return api;
}
