/** Keeps the beginning and the end of what a command says, in bounded memory. */

export interface KeptOutput {
  add(chunk: Buffer): void;
  /** What was kept, as UTF-8; a note stands where bytes were left out. */
  text(): string;
  /** True when bytes were left out. */
  cut(): boolean;
  /** Bytes seen so far, kept or not. */
  seen(): number;
}

/**
 * Keeps at most `limit` bytes in one buffer that grows as needed: the first half stays, the second half is a ring. Bytes are
 * copied, because a list of one-byte chunks would cost a hundred times what it holds.
 */
export function keepOutput(limit: number): KeptOutput {
  const head = Math.ceil(limit / 2);
  let buffer = Buffer.alloc(0);
  let seen = 0;

  function grow(need: number): void {
    if (need <= buffer.length) return;
    const bigger = Buffer.alloc(Math.min(limit, Math.max(need, buffer.length * 2, 4096)));
    buffer.copy(bigger);
    buffer = bigger;
  }
  const placeOf = (offset: number) => (offset < limit ? offset : head + ((offset - head) % (limit - head)));

  return {
    add(chunk) {
      grow(Math.min(limit, seen + chunk.length));
      for (let from = 0; from < chunk.length; ) {
        const at = placeOf(seen);
        const copied = chunk.copy(buffer, at, from, from + Math.min(chunk.length - from, limit - at));
        from += copied;
        seen += copied;
      }
    },
    text() {
      if (seen <= limit) return buffer.toString('utf8', 0, seen);
      const oldest = placeOf(seen);
      const note = `\n[patchherd left out ${seen - limit} bytes here]\n`;
      const tail = Buffer.concat([buffer.subarray(oldest), buffer.subarray(head, oldest)]);
      return buffer.toString('utf8', 0, head) + note + tail.toString('utf8');
    },
    cut: () => seen > limit,
    seen: () => seen,
  };
}
