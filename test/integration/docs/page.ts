/** Reads pages of the docs: what they show, and what they say that it prints. */

interface Fence {
  readonly language: string;
  readonly text: string;
}

/** The blocks of code of a page, in order. */
function fencesOf(page: string): Fence[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language = '', text = '']) => ({
    language,
    text: text.trimEnd(),
  }));
}

/** The lines of each block of a language. */
export function fences(language: string, page: string): string[][] {
  return fencesOf(page)
    .filter((fence) => fence.language === language)
    .map(({ text }) => text.split('\n'));
}

/** A block that people run, and what the page says that it prints; undefined where it does not say. */
export interface Call {
  readonly command: string;
  readonly answer: string | undefined;
}

/** Each block of a shell, with the block of an answer right behind it. */
export function callsOf(page: string): Call[] {
  const all = fencesOf(page);
  return all.flatMap(({ language, text }, i) => {
    const next = all[i + 1];
    const isAnswered = next?.language === 'json' || next?.language === 'text';
    return language === 'sh' ? [{ command: text, answer: isAnswered ? next.text : undefined }] : [];
  });
}

/**
 * The first part of `shown` that `real` does not have in this order. Only `...` may stand for what is left out; how it is laid
 * out does not matter, nor do times and the uids that a cluster gives.
 */
export function notAnswered(real: string, shown: string): string | undefined {
  const whole = squeezed(real);
  const parts = squeezed(shown).split('…');
  let from = 0;
  const missing = parts.find((part, i) => {
    const at = i === 0 && !whole.startsWith(part) ? -1 : whole.indexOf(part, from);
    from = at + part.length;
    return at === -1;
  });
  return missing ?? (whole.endsWith(parts.at(-1) ?? '') ? undefined : (parts.at(-1) ?? ''));
}

/** Without spaces but for those in strings; `…` where something is left out. */
function squeezed(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>')
    .replaceAll(/"(?:[^"\\]|\\.)*"|\.\.\.|\s+/g, (token) => {
      if (token.startsWith('"')) {
        return token;
      }
      return token === '...' ? '…' : '';
    });
}
