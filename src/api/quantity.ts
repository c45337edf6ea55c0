import { z } from 'zod';

const QUANTITY = /^([0-9]{1,12}m|[0-9]{1,12}(\.[0-9]{1,3})?(k|M|G|T|Ki|Mi|Gi|Ti)?)$/;

export const QUANTITY_MESSAGE = 'Must be a quantity such as 500m, 2 or 512Mi';

/** A Kubernetes quantity, written as a number or as a string; of a fraction the apiserver takes only the latter. */
export function quantity(description: string): z.ZodType<string | number> {
  return z
    .union([z.number(), z.string()])
    .refine((value) => QUANTITY.test(String(value)), QUANTITY_MESSAGE)
    .describe(description)
    .meta({ 'x-kubernetes-int-or-string': true, pattern: QUANTITY.source, minimum: 0, maximum: 999_999_999_999 });
}

/** The suffixes of what is counted by thousands, from the thousandth on. */
export const DECIMAL = ['m', '', 'k', 'M', 'G', 'T', 'P', 'E'];
/** The suffixes of what is counted by 1024. */
export const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** How much it is, so that two of them compare: `0.5` and `500m` are the same 500. Undefined where it is no quantity. */
export function thousandths(quantity: string | number): bigint | undefined {
  if (!QUANTITY.test(String(quantity))) {
    return undefined;
  }
  const [, whole = '', fraction = '', suffix = ''] = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)$/.exec(String(quantity)) ?? [];
  const written = BigInt(whole + fraction.padEnd(3, '0'));
  if (suffix.endsWith('i')) {
    return written * 1024n ** BigInt(BINARY.indexOf(suffix));
  }
  return suffix === 'm' ? written / 1000n : written * 1000n ** BigInt(DECIMAL.indexOf(suffix) - 1);
}
