import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { createInFlight } from '../../../src/rest/in-flight.ts';

const ann = { username: 'ann', uid: '1' };

it('a caller has at most 64 requests under way, and takes no place from others', () => {
  const inFlight = createInFlight();
  const answers = Array.from({ length: 64 }, () => new EventEmitter());
  answers.forEach((answer) => inFlight.enter(ann, answer));

  expect(() => inFlight.enter(ann, new EventEmitter())).toThrow('you have 64 requests under way');
  inFlight.enter({ username: 'bob', uid: '2' }, new EventEmitter());
  inFlight.enter({ username: 'ann', uid: '2' }, new EventEmitter());
  answers[0]?.emit('close');
  inFlight.enter(ann, new EventEmitter());
  expect(() => inFlight.enter(ann, new EventEmitter())).toThrow('you have 64 requests under way');
});
