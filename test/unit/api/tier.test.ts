import { expect, it } from 'vitest';
import { Tier } from '../../../src/api/tier.ts';

it.each([
  ['1', '1000m', true],
  [2, '1.5', false],
  ['1001m', 1, false],
  ['0.5', '500m', true],
  ['1m', '0', false],
  ['1Gi', '1024Mi', true],
  ['1Gi', '1G', false],
  ['1.5Ki', 1536, true],
  ['1T', '1Ti', true],
])('a tier that requests %s and allows %s at most is one: %s', (requested, limit, isTier) => {
  for (const name of ['cpu', 'memory']) {
    const resources = { requests: { [name]: requested }, limits: { [name]: limit } };
    expect(Tier.safeParse({ resources }).success).toBe(isTier);
  }
});

it.each(['256mb', '1Qi', 'lots', ''])('names %j and nothing else where that is no quantity', (memory) => {
  const { error } = Tier.safeParse({ resources: { requests: { memory }, limits: { memory: 1 } } });
  expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual(['resources.requests.memory']);
});

it('says nothing where only one of both is given', () => {
  expect(Tier.safeParse({ resources: { requests: { cpu: 2 }, limits: { memory: '1Gi' } } }).success).toBe(true);
});
