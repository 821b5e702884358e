/** Discord's markdown as far as the product uses it, to HTML: what is escaped stays text, what is not becomes visible. */

/** Safe inside HTML text and attributes. */
export const html = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const units: readonly [name: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

function timestamp(seconds: number, style: string, now: number): string {
  if (style !== 'R') {
    return new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone: 'UTC' }).format(
      seconds * 1000,
    );
  }
  const away = seconds - now / 1000;
  const [name, size] = units.find(([, least]) => Math.abs(away) >= least) ?? ['second', 1];
  return new Intl.RelativeTimeFormat('en-GB').format(Math.round(away / size), name);
}

const inlineMarks =
  /\\(?<escaped>[^0-9A-Za-z\s])|<t:(?<time>-?\d+):(?<style>\w)>|(?<url>https?:\/\/[^\s<]+)|\*\*(?<bold>(?:\\.|[^\\])+?)\*\*|\*(?<italic>(?:\\.|[^\\*])+?)\*|`(?<code>[^`]+)`|@(?<ping>everyone|here)|(?<one>[\s\S])/gu;

function inline(text: string, now: number): string {
  return text.replace(inlineMarks, (...found) => {
    const groups: Record<string, string | undefined> = found.at(-1);
    const { escaped, time, style, url, bold, italic, code, ping, one } = groups;
    if (escaped !== undefined) return html(escaped);
    if (time) return `<span class="time">${html(timestamp(Number(time), style ?? 'F', now))}</span>`;
    if (url) return `<a>${html(url)}</a>`;
    if (bold) return `<strong>${inline(bold, now)}</strong>`;
    if (italic) return `<em>${inline(italic, now)}</em>`;
    if (code) return `<code>${html(code)}</code>`;
    return ping ? `<span class="ping">@${ping}</span>` : html(one ?? '');
  });
}

const blocks: readonly [opener: RegExp, tag: string][] = [
  [/^-# /, 'small'],
  [/^### /, 'h3'],
  [/^## /, 'h2'],
  [/^# /, 'h1'],
  [/^\s*[-*] /, 'li'],
];

/** Takes a text display's content; `now` in milliseconds is what relative times count from. */
export function markdownToHtml(content: string, now: number): string {
  return content
    .split('\n')
    .map((line) => {
      const [opener, tag] = blocks.find(([pattern]) => pattern.test(line)) ?? [/^/, 'p'];
      return `<${tag}>${inline(line.replace(opener, ''), now)}</${tag}>`;
    })
    .join('');
}
