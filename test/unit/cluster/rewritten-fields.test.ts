import { expect, it } from 'vitest';
import { rewrittenFields } from '../../../src/cluster/rewritten-fields.ts';

const pod = (container: object, more: object = {}) => ({
  spec: { containers: [{ name: 'provider', image: 'a:1', ...container }], ...more },
});
const CONTAINER = ['spec', 'containers', { name: 'provider' }];

it.each<[string, object, object, unknown[]]>([
  ['nothing', pod({}), pod({}), []],
  ['nothing, where something was added', pod({}), pod({ command: ['x'] }, { hostPID: true }), []],
  [
    'nothing, where items are in another order',
    { env: [{ name: 'A' }, { name: 'B' }] },
    { env: [{ name: 'B' }, { name: 'A' }] },
    [],
  ],
  ['nothing, where an empty text is not stored', pod({ value: '' }), pod({}), []],
  ['a value', pod({}), pod({ image: 'b:1' }), [[...CONTAINER, 'image']]],
  ['a value that is gone', pod({ lifecycle: { preStop: {} } }), pod({}), [[...CONTAINER, 'lifecycle']]],
  [
    'an item that is gone',
    pod({ env: [{ name: 'A', value: '1' }] }),
    pod({ env: [] }),
    [[...CONTAINER, 'env', { name: 'A' }]],
  ],
  ['a list of one piece', pod({ args: ['a'] }), pod({ args: ['b'] }), [[...CONTAINER, 'args']]],
  ['a list that is gone', pod({ args: ['a'] }), pod({}), [[...CONTAINER, 'args']]],
  [
    'a mount',
    pod({ volumeMounts: [{ mountPath: '/x', readOnly: true }] }),
    pod({ volumeMounts: [{ mountPath: '/x' }] }),
    [[...CONTAINER, 'volumeMounts', { mountPath: '/x' }, 'readOnly']],
  ],
  ['another kind of value', pod({}, { affinity: {} }), pod({}, { affinity: 'x' }), [['spec', 'affinity']]],
  ['several', { a: 1, b: 2, c: { d: 3 } }, { a: 2, b: 2, c: { d: 4 } }, [['a'], ['c', 'd']]],
])('of what was sent came out other: %s', (_, sent, stored, paths) => {
  expect(rewrittenFields(sent, stored)).toEqual(paths);
});
