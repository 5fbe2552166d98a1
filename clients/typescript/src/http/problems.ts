// What went wrong, as a typed error.

import type { Problem } from "../form/judging.js";
import type { Json } from "../form/schema.js";

/** One field's problem as the platform tells it, in the reader's language. */
export interface FieldProblem extends Problem {
  readonly detail: string;
}

/** A problem document (RFC 9457) of the platform. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly status: number;
  /** Stable; `invalid-fields`, `action-not-permitted` … */
  readonly code: string;
  readonly problems: readonly FieldProblem[];
  /** All of the document, with members of single codes such as `permitted_actions`. */
  readonly document: Readonly<Record<string, Json>>;
  /** What a 401 asks for, by RFC 9470: `acr_values` among others. */
  readonly challenge: string | null;
  /** How long a 429 or a 503 asks to wait. */
  readonly retryAfter: string | null;

  constructor(status: number, document: Record<string, Json>, headers = new Headers()) {
    super(String(document["detail"] ?? document["title"] ?? `The platform answered ${status}.`));
    this.status = status;
    this.code = String(document["code"] ?? "");
    this.problems = (document["problems"] ?? []) as unknown as FieldProblem[];
    this.document = document;
    this.challenge = headers.get("WWW-Authenticate");
    this.retryAfter = headers.get("Retry-After");
  }

  /** The problems of a part of the body, with pointers into that part: those of `/answers` are the form's own. */
  inside(part = "/answers"): FieldProblem[] {
    const own = this.problems.filter((one) => one.pointer === part || one.pointer.startsWith(`${part}/`));
    return own.map((one) => ({ ...one, pointer: one.pointer.slice(part.length) }));
  }
}

/** Nobody answered, as often as it was asked. What was sent may have arrived: send it again by the same intention. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** The problem that an answer tells; an answer of another server on the way tells none of the platform's. */
export async function problemOf(answer: Response): Promise<ProblemError> {
  const own = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  const document = own ? ((await answer.json()) as Record<string, Json>) : {};
  return new ProblemError(answer.status, document, answer.headers);
}
