import { expect, it } from 'vitest';
import type { UserInput } from '../../../../src/api/user-input.ts';
import { faultOfInputs, secretPart } from '../../../../src/plan/catalogue/inputs.ts';
import { config, catalogueOf, release, software } from '../../../support/builders.ts';

const ask = (name: string, more: Partial<UserInput> = {}): UserInput => ({ name, dataType: 'text', ...more });

it.each<[what: string, inputs: readonly UserInput[], fault: string | undefined]>([
  ['nothing', [], undefined],
  ['what can be asked for', [ask('a'), ask('b', { env: 'C' })], undefined],
  ['one variable twice', [ask('a', { env: 'X' }), ask('b', { env: 'X' })], 'set the same variable "X"'],
  [
    'one variable twice, by their names',
    [ask('a-b'), ask('a.b')],
    '"a.b" and "a-b" have names that are too much alike',
  ],
  [
    'names that differ in their case',
    [ask('key', { env: 'A' }), ask('KEY', { env: 'B' })],
    '"KEY" and "key" have names',
  ],
  ['a variable that no tenant may set', [ask('x', { env: 'LD_PRELOAD' })], '"x" sets the variable "LD_PRELOAD"'],
  ['what has a fault of its own', [ask('a'), ask('b', { format: 'email', default: 'x' })], '"b": default must be'],
  [
    'defaults that take too long to judge',
    Array.from({ length: 3 }, (_, i) => ask(`a${i}`, { pattern: '(a?){90}b', default: 'a'.repeat(1000) })),
    'take too long to judge',
  ],
])('a release that asks for %s', (_, inputs, fault) => {
  const found = faultOfInputs(inputs, config);
  expect(found === undefined).toBe(fault === undefined);
  expect(found ?? '').toContain(fault ?? '');
});

it('a release with such a fault is set aside, and so is a version of a software', () => {
  const faulty = { userInputs: [ask('path')] };
  const { releases, invalid } = catalogueOf({ versions: [release('1.0.0'), release('1.1.0', faulty)] });

  expect([releases.map((r) => r.version), invalid.map((r) => r.version)]).toEqual([['1.0.0'], ['1.1.0']]);
  expect(software('php', { version: '8.3.0', ...faulty }).invalid.map((r) => r.version)).toEqual(['8.3.0']);
});

it.each([
  ['encryptionKey', 'encryptionkey'],
  ['a.b_c', 'a-b-c'],
  ['a-', 'a'],
])('the name of an object has %s as %s', (name, part) => {
  expect(secretPart(name)).toBe(part);
});
