import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { UserManager } from "oidc-client-ts";
import { type ReactNode, useMemo } from "react";
import { AuthProvider } from "react-oidc-context";
import { createBrowserRouter, RouterProvider } from "react-router";
import { ApiClient, ApiError } from "./api/client";
import { Connection } from "./api/connection";
import { ApiContext, ConfigContext } from "./api/context";
import { CallbackPage } from "./auth/CallbackPage";
import { SessionRenewal } from "./auth/renewal";
import { SessionKeeper } from "./auth/SessionKeeper";
import { oidcSettings } from "./auth/settings";
import type { Config } from "./config";
import { GroupsPage } from "./groups/GroupsPage";
import { ConnectionNotice } from "./layout/ConnectionNotice";
import { CrashPage, MissingPage } from "./layout/problem_pages";
import { Shell } from "./layout/Shell";
import { latePage } from "./ui/later";
import { Notifications, notify } from "./ui/notify";
import { UploadsProvider } from "./uploads/UploadsProvider";

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => error instanceof ApiError && error.isTransient && failures < 2,
    },
  },
});

const router = createBrowserRouter([
  {
    Component: Shell,
    ErrorBoundary: CrashPage,
    // Shown while a page's own code is fetched on the first visit.
    HydrateFallback: () => null,
    children: [
      { index: true, Component: GroupsPage },
      { path: "callback", Component: CallbackPage },
      {
        path: "groups/:groupId",
        lazy: latePage(async () => (await import("./groups/GroupPage")).GroupPage),
      },
      {
        path: "groups/:groupId/confidence",
        lazy: latePage(async () => (await import("./chart/ConfidencePage")).ConfidencePage),
      },
      {
        path: "images/:imageId",
        lazy: latePage(async () => (await import("./pictures/PicturePage")).PicturePage),
      },
      { path: "pictures", lazy: latePage(async () => (await import("./find/FindPage")).FindPage) },
      { path: "review", lazy: latePage(async () => (await import("./review/ReviewPage")).ReviewPage) },
      { path: "operate", lazy: latePage(async () => (await import("./operate/OperatorPage")).OperatorPage) },
      {
        path: "operate/runs",
        lazy: latePage(async () => (await import("./operate/RunsPage")).RunsPage),
      },
      {
        path: "operate/runs/:run",
        lazy: latePage(async () => (await import("./operate/RunPage")).RunPage),
      },
      { path: "quality", lazy: latePage(async () => (await import("./operate/QualityPage")).QualityPage) },
      { path: "inbox", lazy: latePage(async () => (await import("./inbox/InboxPage")).InboxPage) },
      { path: "*", Component: MissingPage },
    ],
  },
]);

const connection = new Connection();

export function App({ config }: { config: Config }) {
  const manager = useMemo(() => new UserManager(oidcSettings(config.oidc)), [config]);
  const renewal = useMemo(() => new SessionRenewal(manager, sessionEnded), [manager]);
  return (
    <CSPProvider disableStyleElements>
      <ConfigContext value={config}>
        <AuthProvider userManager={manager}>
          <QueryClientProvider client={queryClient}>
            <ApiProvider config={config} renewal={renewal}>
              <UploadsProvider>
                <SessionKeeper renewal={renewal} />
                <RouterProvider router={router} />
                <ConnectionNotice connection={connection} />
                <Notifications />
              </UploadsProvider>
            </ApiProvider>
          </QueryClientProvider>
        </AuthProvider>
      </ConfigContext>
    </CSPProvider>
  );
}

function sessionEnded(): void {
  notify({ title: "Your session has ended", description: "Sign in again to go on." });
}

interface ApiProviderProps {
  config: Config;
  renewal: SessionRenewal;
  children: ReactNode;
}

/** The API client, whose token is always the session's present one. */
function ApiProvider({ config, renewal, children }: ApiProviderProps) {
  const api = useMemo(
    () => new ApiClient(config.apiUrl, renewal, config.inboxUrl, connection.report),
    [config, renewal],
  );
  return <ApiContext value={api}>{children}</ApiContext>;
}
