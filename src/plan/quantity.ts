const DECIMAL = ['m', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/**
 * Writes a quantity as the apiserver stores it, so that what was applied compares equal to what is read:
 * no fraction, the largest suffix that leaves none (`1000m` is `1`, `1024Mi` is `1Gi`, `0.5` is `500m`).
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function canonicalQuantity(quantity: string | number): string {
  const [, whole = '0', fraction = '', suffix = ''] = /^(\d+)(?:\.(\d{1,3}))?([a-zA-Z]*)$/.exec(String(quantity)) ?? [];
  const thousandths = BigInt(whole + fraction.padEnd(3, '0'));
  if (!suffix.endsWith('i')) {
    return inThousandths(
      suffix === 'm' ? thousandths / 1000n : thousandths * 1000n ** BigInt(DECIMAL.indexOf(suffix) - 1),
    );
  }
  const exact = thousandths * 1024n ** BigInt(BINARY.indexOf(suffix));
  // Below 1024 the apiserver writes a decimal suffix, from there on whole bytes, rounded up.
  return exact < 1_024_000n ? inThousandths(exact) : withSuffix((exact + 999n) / 1000n, 1024n, BINARY);
}

function inThousandths(thousandths: bigint): string {
  return withSuffix(thousandths, 1000n, DECIMAL);
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
