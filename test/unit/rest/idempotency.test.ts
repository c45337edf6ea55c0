import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundTo,
  judgeRequest,
  keyedRequest,
  rememberRequest,
  type KeyedRequest,
} from '../../../src/rest/idempotency.ts';

const ann = { username: 'ann', uid: '1' };
const body = { method: 'POST', path: '/upgrade', query: {}, body: { version: '1.1.0' } };

function keyed(key = 'k', caller: { username: string; uid: string | undefined } = ann, content: object = body) {
  return keyedRequest(key, caller, content) as KeyedRequest;
}

const remembered = rememberRequest(undefined, keyed());

describe('a request with an Idempotency-Key', () => {
  it.each<{ reason: string; request: KeyedRequest | undefined; judged: string }>([
    { reason: 'the same once more', request: keyed(), judged: 'again' },
    { reason: 'another key', request: keyed('other'), judged: 'new' },
    { reason: 'no key', request: undefined, judged: 'new' },
    // https://github.com/ietf-wg-httpapi/idempotency/issues/3
    { reason: 'the same key of another caller', request: keyed('k', { username: 'bob', uid: '2' }), judged: 'new' },
    {
      reason: 'the same key of a namesake that came later',
      request: keyed('k', { username: 'ann', uid: '2' }),
      judged: 'new',
    },
    // https://github.com/ietf-wg-httpapi/idempotency/issues/22
    { reason: 'another body', request: keyed('k', ann, { ...body, body: { version: '2.0.0' } }), judged: 'other' },
    { reason: 'another path', request: keyed('k', ann, { ...body, path: '/downgrade' }), judged: 'other' },
    { reason: 'another query', request: keyed('k', ann, { ...body, query: { force: 'true' } }), judged: 'other' },
    {
      reason: 'a body in another order',
      request: keyed('k', ann, { ...body, body: { version: '1.1.0' } }),
      judged: 'again',
    },
  ])('is judged as $judged: $reason', ({ request, judged }) => {
    expect(judgeRequest(remembered, request)).toBe(judged);
  });

  // A backup that is restored, or a copy, has the annotations of the one that it was made of.
  it('is of one installation', () => {
    const annotation = rememberRequest(undefined, boundTo('uid of one', keyed()));
    const judged = ['uid of one', 'uid of its copy'].map((uid) => judgeRequest(annotation, boundTo(uid, keyed())));
    expect(judged).toEqual(['again', 'new']);
  });

  it('is one of the last eight', () => {
    const keys = Array.from({ length: 12 }, (_, i) => `key ${i}`);
    const annotation = keys.reduce<string | undefined>((all, key) => rememberRequest(all, keyed(key)), undefined);
    expect(keys.filter((key) => judgeRequest(annotation, keyed(key)) === 'again')).toEqual(keys.slice(-8));
    expect(annotation?.length).toBeLessThan(300);
  });

  // https://github.com/ikyriak/IdempotentAPI/issues/37
  it.each([undefined, '', 'nonsense', 'a.b c.d', '__proto__', `${'0'.repeat(16)}.x`, ' '.repeat(100_000)])(
    'is not hindered by what somebody wrote there by hand',
    (text) => {
      expect(judgeRequest(text, keyed())).toBe('new');
      expect(judgeRequest(rememberRequest(text, keyed()), keyed())).toBe('again');
    },
  );

  it('is told from every other, and says nothing of it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (a, b) => {
        const annotation = rememberRequest(undefined, keyed(a));
        return judgeRequest(annotation, keyed(b)) === (a === b ? 'again' : 'new') && /^[0-9a-f. ]+$/.test(annotation);
      }),
    );
  });
});
