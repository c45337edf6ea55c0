import { BINARY, DECIMAL, thousandths } from '../../api/quantity.ts';

/**
 * Writes a quantity as the apiserver stores it, so that what was applied compares equal to what is read:
 * no fraction, the largest suffix that leaves none (`1000m` is `1`, `1024Mi` is `1Gi`, `0.5` is `500m`).
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function canonicalQuantity(quantity: string | number): string {
  const amount = thousandths(quantity) ?? 0n;
  // Below 1024 the apiserver writes a decimal suffix, from there on whole bytes, rounded up.
  return String(quantity).endsWith('i') && amount >= 1_024_000n
    ? withSuffix((amount + 999n) / 1000n, 1024n, BINARY)
    : withSuffix(amount, 1000n, DECIMAL);
}

function withSuffix(amount: bigint, step: bigint, suffixes: readonly string[]): string {
  if (amount === 0n) {
    return '0';
  }
  let index = 0;
  while (amount % step === 0n && index < suffixes.length - 1) {
    amount /= step;
    index += 1;
  }
  return `${amount}${suffixes[index]}`;
}
