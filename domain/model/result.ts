/** What a decision returns when "no" is an ordinary answer. Throwing is for bugs and broken wires. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** Wraps a yes. */
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });
/** Wraps a no. */
export const err = <const E>(error: E): Result<never, E> => ({ ok: false, error });
