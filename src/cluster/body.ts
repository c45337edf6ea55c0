/**
 * What the API server reads of an apply it reads as YAML 1.1, whatever it looks like: it refuses U+007F to U+009F, U+FFFE and
 * U+FFFF, makes a blank of U+0085, and drops the blanks around U+2028 and U+2029.
 * https://github.com/go-yaml/yaml/issues/872, https://github.com/go-yaml/yaml/issues/922
 */
// oxlint-disable-next-line no-control-regex -- Those characters are what it is about.
const NOT_PLAIN = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * Writes JSON that is read as YAML byte for byte. What lies beyond U+FFFF stays as it is: an escaped pair of surrogates is
 * refused, https://github.com/go-yaml/yaml/issues/279
 */
export function encodeBody(body: object): string {
  return JSON.stringify(body).replace(NOT_PLAIN, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
}
