// The REST API, typed by its OpenAPI document.
import type { components, paths } from "../api/schema";
import { isKey, lang, t } from "./texts.svelte";

export type Self = components["schemas"]["MeUser"];
export type Post = components["schemas"]["Post"];
export type Session = components["schemas"]["SessionEntry"];
export type Identity = components["schemas"]["Identity"];
export type StoredFile = components["schemas"]["Upload"];

type Method = "get" | "post" | "patch" | "put" | "delete";
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type Json<R> = R extends { content: infer C } ? C[keyof C] : never;
type Answer<O> = O extends { responses: { 200: infer R } } ? Json<R> : never;
type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : undefined;
type PathOf<O> = O extends { parameters: { path: infer V extends Record<string, string> } } ? V : undefined;
type QueryOf<O> = O extends { parameters: { query?: infer V } } ? V : undefined;

interface Options<O> {
  path?: PathOf<O>;
  query?: QueryOf<O>;
  body?: Body<O>;
  /** A name for this request, so that it can be sent again. */
  key?: string;
  etag?: string;
}

/** An answer that says no. Its message is meant for the person. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly resend = false,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  static of(status: number, answer: { code?: string; error?: string; resend?: boolean; retryAfter?: number }): Refusal {
    return new Refusal(status, answer.code ?? "internal", explain(answer), answer.resend, answer.retryAfter);
  }
}

/** The server's own sentence is English and the most exact. Another language has one for each code that people meet. */
export function explain(answer: { code?: string; error?: string }): string {
  const key = `error.${answer.code}`;
  if (lang() !== "en" && isKey(key)) return t(key, { reason: answer.error ?? "" });
  return answer.error ?? t("trouble.unclear");
}

/** What to tell somebody about `error`. */
export const sentence = (error: unknown): string => (error instanceof Error ? error.message : t("trouble.unclear"));

const onSignedOut: (() => void)[] = [];
/** Calls `listener` when the server says that nobody is signed in (any more). */
export const whenSignedOut = (listener: () => void): void => void onSignedOut.push(listener);

export async function call<P extends keyof paths, M extends Method>(
  method: M,
  path: P,
  options: Options<Operation<P, M>> = {},
): Promise<{ data: Answer<Operation<P, M>>; headers: Headers; status: number }> {
  const response = await send(method, address(path, options), options);
  if (response.status === 304) return { data: undefined as never, headers: response.headers, status: 304 };
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return { data: answer, headers: response.headers, status: response.status };
  const refusal = Refusal.of(response.status, answer ?? {});
  if (response.status === 401 && refusal.code === "login_required") for (const tell of onSignedOut) tell();
  throw refusal;
}

function address(path: string, options: { path?: unknown; query?: unknown }): string {
  const values = (options.path ?? {}) as Record<string, string>;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
  const query = Object.entries(options.query ?? {}).filter(([, value]) => value !== undefined);
  return query.length ? `${filled}?${new URLSearchParams(query.map(([name, value]) => [name, String(value)]))}` : filled;
}

async function send(method: string, url: string, options: { body?: unknown; key?: string; etag?: string }): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body) headers["content-type"] = "application/json";
  if (options.key) headers["idempotency-key"] = options.key;
  if (options.etag) headers["if-none-match"] = options.etag;
  try {
    const body = options.body ? JSON.stringify(options.body) : undefined;
    return await fetch(url, { method: method.toUpperCase(), headers, body, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new Refusal(0, "unreachable", navigator.onLine ? t("trouble.unreachable") : t("trouble.offline"));
  }
}

/** A random name for a request or a message. */
export const freshKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
