import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/cluster/errors.ts';
import type { Writer } from '../../../src/cluster/write.ts';
import type { Generating } from '../../../src/plan/act/generate.ts';
import { generateSecret } from '../../../src/reconcile/generate-secret.ts';

const labels = { 'provider-operator.io/installation': 'web' };
const fresh: Generating = {
  kind: 'generate',
  child: 'ControllerRevision',
  input: 'key',
  namespace: 'shop',
  name: 'web-key-1',
  key: 'value-1',
  length: 40,
  alphabet: 'abcdefghijklmnop',
  labels,
  note: {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: 'web-key-1', namespace: 'shop', labels, ownerReferences: [] },
  },
  isMade: false,
};
const begun: Generating = { ...fresh, note: undefined };
const made: Generating = { ...begun, isMade: true };
const forgotten: Generating = { ...fresh, isMade: true };

interface Secret {
  readonly data: Record<string, string>;
}

type Answer = 'new' | 'taken' | ((value: string) => ApiError);

/** What was written, and the value that it had, where the API server answers each create in turn. */
async function generate(action: Generating, ...answers: readonly Answer[]) {
  const writes: string[] = [];
  const left = [...answers];
  let value = '';
  const writer: Pick<Writer, 'create' | 'apply'> = {
    create: async (_, object, { dryRun }) => {
      writes.push(dryRun ? 'ask' : 'create');
      const given = Buffer.from(Object.values((object as unknown as Secret).data)[0] ?? '', 'base64').toString();
      value = given || value;
      const answer = left.shift() ?? 'new';
      if (typeof answer === 'function') {
        throw answer(given);
      }
      return answer;
    },
    apply: async <T>(_: unknown, object: { readonly metadata: object }) => {
      writes.push('annotations' in object.metadata ? 'mark' : 'note');
      return object as T;
    },
  };
  const ports = { writer: writer as Writer, offer: () => undefined, signal: new AbortController().signal };
  const said = await generateSecret(ports, action).then(
    () => 'done',
    (error: unknown) => String(error),
  );
  return { writes, said, value };
}

const refused = (status: number, message: string) =>
  ApiError.refused('Create secrets "shop/web-key-1"', { status, body: { kind: 'Status', reason: 'X', message } });
const noRight = () => refused(403, 'User "x" cannot create resource "secrets" in API group ""');
const lost = () => ApiError.unanswered('Create secrets "shop/web-key-1"', new Error('ECONNRESET'));

describe('a generated Secret', () => {
  it.each<[what: string, action: Generating, answers: readonly Answer[], writes: string, said: string]>([
    ['is made after its note, which is marked then', fresh, ['new', 'new'], 'ask note create mark', 'done'],
    ['is made after a crash that followed the note', begun, ['new'], 'create mark', 'done'],
    ['was made before a crash that followed it', begun, ['taken'], 'create mark', 'done'],
    ['is there', made, ['taken'], 'ask', 'done'],
    ['is there, and its note is not', forgotten, ['taken'], 'ask note mark', 'done'],
    ['is gone', made, ['new'], 'ask', 'Restore Secret "web-key-1" with key "value-1"'],
    ['is gone with its note', forgotten, ['new'], 'ask', 'Restore Secret "web-key-1"'],
    ["is somebody else's", fresh, ['taken'], 'ask', 'a generated one needs the name of Secret "web-key-1"'],
    ['may not be made', fresh, [noRight], 'ask', 'Ask the platform team to set generatedSecrets'],
    ['may not be asked for, and was made', made, [noRight], 'ask', 'done'],
    ['has no room in a quota, and was made', made, [() => refused(403, 'exceeded quota: q')], 'ask', 'done'],
    ['is refused by a policy, and was made', made, [() => refused(422, 'no')], 'ask', 'done'],
    [
      'is refused by a policy',
      fresh,
      ['new', () => refused(422, 'no')],
      'ask note create',
      'it was refused with 422 X',
    ],
    ['got no answer', made, [lost], 'ask', 'ECONNRESET'],
  ])('%s', async (_, action, answers, writes, said) => {
    const told = await generate(action, ...answers);

    expect(told.writes.join(' ')).toBe(writes);
    expect(told.said).toContain(said);
  });

  it('has as many characters as were asked for, all of its alphabet', async () => {
    const { value } = await generate(fresh);

    expect(value).toMatch(/^[a-p]{40}$/);
  });

  it('is another each time', async () => {
    const values = await Promise.all(Array.from({ length: 50 }, () => generate(fresh)));

    expect(new Set(values.map(({ value }) => value)).size).toBe(50);
  });

  // A webhook may repeat what it refuses, and so may a broken answer: https://github.com/hashicorp/terraform/issues/29156
  it.each<[what: string, answer: (value: string) => ApiError]>([
    ['a refusal', (value) => refused(422, `"${value}" is no good key`)],
    ['a refusal in base64', (value) => refused(500, Buffer.from(value).toString('base64'))],
    [
      'an answer that cannot be read',
      (value) => ApiError.unanswered('Create', new SyntaxError(`..."${value}" is not JSON`)),
    ],
  ])('is not repeated by %s', async (_, answer) => {
    const { said, value } = await generate(begun, answer);

    expect(said).toContain('Create Secret "web-key-1": ');
    expect(said).not.toContain(value);
    expect(said).not.toContain(Buffer.from(value).toString('base64'));
  });
});
