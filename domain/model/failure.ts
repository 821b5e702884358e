/** The only error that an adapter throws. `retryable` is decided where the library is understood: in the adapter. */
export class Failure extends Error {
  /** `noun.why`, such as `device.unreachable`. */
  readonly code: string;
  readonly retryable: boolean;
  /** When the other side said so: milliseconds to wait before the next try. */
  readonly retryAfterMs: number | null;

  /** `sentence` is what a person reads; it names the field or thing, its value unless secret, and what would be right. */
  constructor(
    code: string,
    sentence: string,
    options: { retryable?: boolean; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(sentence, { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** The Failure among the causes of an error of a library that was given our own parts, such as fetch over a proxy; null = there is none. */
export function failureIn(error: unknown): Failure | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof Failure) return at;
  return null;
}
