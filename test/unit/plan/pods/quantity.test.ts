import { expect, it } from 'vitest';
import { canonicalQuantity } from '../../../../src/plan/pods/quantity.ts';

// The right column is the form that kube-apiserver 1.36 stores. test/integration/runtime/budgets.test.ts applies a few
// such quantities, and the operator would write again if the stored form were another.
it.each([
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['0.5', '500m'],
  [2, '2'],
  [1.5, '1500m'],
  ['1000', '1k'],
  ['1.5k', '1500'],
  ['1024Mi', '1Gi'],
  ['1536Mi', '1536Mi'],
  ['0.5Gi', '512Mi'],
  ['1.5Ki', '1536'],
  ['0.5Ki', '512'],
  ['2048Ki', '2Mi'],
  ['0', '0'],
  ['0Mi', '0'],
  ['0m', '0'],
  ['1000M', '1G'],
  ['007', '7'],
  ['1.10', '1100m'],
])('%s is stored as %s', (quantity, stored) => {
  expect(canonicalQuantity(quantity)).toBe(stored);
});
