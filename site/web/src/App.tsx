import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { AuthProvider, useAuth } from "react-oidc-context";
import { createBrowserRouter, RouterProvider } from "react-router";
import { ApiClient, ApiError } from "./api/client";
import { ApiContext, ConfigContext } from "./api/context";
import { CallbackPage } from "./auth/CallbackPage";
import { SessionKeeper } from "./auth/SessionKeeper";
import { oidcSettings } from "./auth/settings";
import type { Config } from "./config";
import { GroupsPage } from "./groups/GroupsPage";
import { CrashPage, MissingPage } from "./layout/problem_pages";
import { Shell } from "./layout/Shell";
import { Notifications } from "./ui/notify";
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
        lazy: async () => ({ Component: (await import("./groups/GroupPage")).GroupPage }),
      },
      {
        path: "groups/:groupId/confidence",
        lazy: async () => ({ Component: (await import("./chart/ConfidencePage")).ConfidencePage }),
      },
      {
        path: "images/:imageId",
        lazy: async () => ({ Component: (await import("./pictures/PicturePage")).PicturePage }),
      },
      { path: "review", lazy: async () => ({ Component: (await import("./review/ReviewPage")).ReviewPage }) },
      { path: "inbox", lazy: async () => ({ Component: (await import("./inbox/InboxPage")).InboxPage }) },
      { path: "*", Component: MissingPage },
    ],
  },
]);

export function App({ config }: { config: Config }) {
  const settings = useMemo(() => oidcSettings(config.oidc), [config]);
  return (
    <CSPProvider disableStyleElements>
      <ConfigContext value={config}>
        <AuthProvider {...settings}>
          <QueryClientProvider client={queryClient}>
            <ApiProvider config={config}>
              <UploadsProvider>
                <SessionKeeper />
                <RouterProvider router={router} />
                <Notifications />
              </UploadsProvider>
            </ApiProvider>
          </QueryClientProvider>
        </AuthProvider>
      </ConfigContext>
    </CSPProvider>
  );
}

/** The API client, whose token is always the session's present one. */
function ApiProvider({ config, children }: { config: Config; children: ReactNode }) {
  const auth = useAuth();
  const holder = useMemo(() => ({ token: null as string | null }), []);
  holder.token = auth.user && !auth.user.expired ? auth.user.access_token : null;
  const api = useMemo(() => new ApiClient(config.apiUrl, () => holder.token, config.inboxUrl), [config, holder]);
  return <ApiContext value={api}>{children}</ApiContext>;
}
