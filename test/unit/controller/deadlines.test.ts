import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Deadlines } from '../../../src/controller/deadlines.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

it('is at every moment the map of keys and times that it was told', () => {
  const key = fc.constantFrom(...KEYS);
  const time = fc.nat(20);
  const change = fc.oneof(fc.record({ set: key, at: time }), fc.record({ remove: key }), fc.record({ popDue: time }));

  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const deadlines = new Deadlines();
      const model = new Map<string, number>();

      for (const change of changes) {
        let poppedAt: number | undefined;
        let dueAt: number | undefined;
        if ('set' in change) {
          deadlines.set(change.set, change.at);
          model.set(change.set, change.at);
        } else if ('remove' in change) {
          deadlines.delete(change.remove);
          model.delete(change.remove);
        } else {
          const popped = deadlines.popDue(change.popDue);
          // Keys with the same time may come in any order, so the times are compared.
          poppedAt = model.get(popped ?? '');
          dueAt = [...model.values()].filter((at) => at <= change.popDue).sort((a, b) => a - b)[0];
          model.delete(popped ?? '');
        }

        expect(poppedAt).toBe(dueAt);
        expect(deadlines.size).toBe(model.size);
        expect(deadlines.earliest ?? Infinity).toBe(Math.min(...model.values()));
        expect(KEYS.map((key) => deadlines.get(key))).toEqual(KEYS.map((key) => model.get(key)));
      }
    }),
  );
});
