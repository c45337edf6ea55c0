const HIGH = /[\uD800-\uDBFF]$/;
const LOW = /^[\uDC00-\uDFFF]/;

/** The first `most` UTF-16 units of a text, or one less: half a character would be stored as another one. */
export function firstOf(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most).replace(HIGH, '');
}

/** The last ones. */
export function lastOf(text: string, most: number): string {
  return text.length <= most ? text : text.slice(-most).replace(LOW, '');
}
