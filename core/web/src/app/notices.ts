// What a redirect from signing in has to say. The server has the same table (core/src/web/notice.rs).
import type { Key } from "./texts.svelte";

const REASONS: Record<string, Key> = {
  invalid_token: "notice.invalid_token",
  denied: "notice.denied",
  provider: "notice.provider",
  provider_unavailable: "notice.provider",
  refused: "notice.refused",
  state: "notice.state",
  expired: "notice.state",
  disabled: "notice.disabled",
  rate_limited: "notice.rate_limited",
  login_required: "notice.login_required",
  linked_elsewhere: "notice.linked_elsewhere",
  too_many_identities: "notice.too_many_identities",
};

export interface Notice {
  kind: "good" | "bad";
  key: Key;
}

/** The notice of an address, chosen by its query and never taken from it. */
export function noticeOf(query: URLSearchParams, signedIn: boolean): Notice | null {
  switch (query.get("login")) {
    case "ok":
      return signedIn ? { kind: "good", key: "notice.ok" } : null;
    case "linked":
      return signedIn ? { kind: "good", key: "notice.linked" } : null;
    case "tried":
      return { kind: "good", key: "notice.tried" };
    case "already":
      return { kind: "bad", key: "notice.already" };
    case "error":
      return { kind: "bad", key: REASONS[query.get("reason") ?? ""] ?? "notice.failed" };
    default:
      return null;
  }
}
