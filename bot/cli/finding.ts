/** What a check of the doctor found. */

/** `text` says what to do when it is not fine. A note is worth knowing, but nothing is broken. */
export type Finding = { readonly what: string; readonly state: 'fine' | 'note' | 'wrong'; readonly text: string };

export const fine = (what: string, text: string): Finding => ({ what, state: 'fine', text });
export const wrong = (what: string, text: string): Finding => ({ what, state: 'wrong', text });

/** More than this and windows, leases and reports are off. */
export const maxSkewMs = 5000;

/** The findings of a check, or that it took longer than `ms`. What was started goes on; nobody waits for it. */
export async function limited(
  what: string,
  ms: number,
  findings: Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    const text = `did not answer within ${ms / 1000} s: look whether it is overloaded, or the network to it slow.`;
    timer = setTimeout(() => resolve([wrong(what, text)]), ms);
  });
  return Promise.race([findings, late]).finally(() => clearTimeout(timer));
}
