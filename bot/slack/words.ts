/** The grammar of a slash command's text. */

/** Slack sends &, < and > of a command escaped. Source: docs.slack.dev/interactivity/implementing-slash-commands. */
const unescapeEntities = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/**
 * Words split at spaces; "double quotes" keep spaces inside one word, and a quote that is never closed reaches to the end.
 * Curly quotes count as straight ones: phones and macOS write them unasked.
 */
export function splitWords(text: string): string[] {
  const straight = unescapeEntities(text).replace(/[“”„]/g, '"');
  const words = straight.match(/(?:[^\s"]+|"[^"]*(?:"|$))+/g) ?? [];
  return words.map((word) => word.replaceAll('"', ''));
}
