import { describe, expect, it } from 'vitest';
import { lastChange, ownedFields, type WithManagedFields } from '../../../src/cluster/owned-fields.ts';

const object = {
  metadata: {
    name: 'web',
    labels: { ours: '1', theirs: '2' },
    managedFields: [
      {
        manager: 'us',
        operation: 'Apply',
        fieldsV1: {
          'f:metadata': { 'f:labels': { 'f:ours': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:gone': {},
            'f:command': {},
            'f:set': { 'v:"b"': {} },
            'f:containers': {
              'k:{"name":"one"}': {
                '.': {},
                'f:name': {},
                'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
              },
            },
            'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } },
          },
        },
      },
      {
        manager: 'kubectl-set',
        operation: 'Update',
        time: '2026-01-02T00:00:00Z',
        fieldsV1: {
          'f:metadata': { 'f:labels': {} },
          'f:spec': { 'f:containers': { 'k:{"name":"one"}': { 'f:image': {} } } },
        },
      },
      { manager: 'older', operation: 'Update', time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:spec': {} } },
      {
        manager: 'kcm',
        operation: 'Update',
        subresource: 'status',
        time: '2026-01-03T00:00:00Z',
        fieldsV1: { 'f:status': {} },
      },
    ],
  },
  spec: {
    replicas: 2,
    strategy: 'theirs',
    command: ['a', 'b'],
    set: ['a', 'b'],
    containers: [
      {
        name: 'one',
        image: 'x',
        env: [
          { name: 'B', value: '2' },
          { name: 'A', value: '1' },
        ],
      },
      { name: 'sidecar', image: 'y' },
    ],
    ports: [
      { port: 80, protocol: 'UDP' },
      { port: 80, protocol: 'TCP' },
    ],
  },
} as const;

describe('what a manager owns', () => {
  it('is what it applied, without what others added', () => {
    expect(ownedFields(object, 'us')).toEqual({
      metadata: { labels: { ours: '1' } },
      spec: {
        // The manager owns an empty text, although the API server does not store it.
        gone: '',
        replicas: 2,
        command: ['a', 'b'],
        set: ['b'],
        containers: [{ name: 'one', env: [{ name: 'A', value: '1' }] }],
        ports: [{ port: 80 }],
      },
    });
  });

  it('is nothing where it never applied, or managedFields were cleared', () => {
    expect(ownedFields(object, 'nobody')).toEqual({});
    expect(ownedFields({ ...object, metadata: { managedFields: [{}] } }, 'us')).toEqual({});
    expect(ownedFields({}, 'us')).toEqual({});
  });

  it('takes nothing that an object inherits for its own', () => {
    const odd = JSON.parse(
      '{"metadata":{"managedFields":[{"manager":"us","operation":"Apply","fieldsV1":{"f:__proto__":{"f:x":{}},"f:toString":{},"f:spec":{"f:a":{"f:b":{}}}}}]},"spec":{"a":null}}',
    ) as WithManagedFields;
    expect(ownedFields(odd, 'us')).toEqual({ toString: '', spec: { a: null } });
  });
});

describe('the last change by somebody else', () => {
  it('names the manager and its fields', () => {
    expect(lastChange(object, ['us'])).toEqual({
      manager: 'kubectl-set',
      paths: [
        ['metadata', 'labels'],
        ['spec', 'containers', { name: 'one' }, 'image'],
      ],
    });
  });

  // Whoever calls himself almost as we do is somebody else.
  it.each([
    { manager: 'us', named: undefined },
    { manager: 'us-left-to-others', named: undefined },
    { manager: 'us-evil', named: 'us-evil' },
    { manager: 'usher', named: 'usher' },
  ])('by "$manager" is that of $named', ({ manager, named }) => {
    const managedFields = [{ manager, operation: 'Update', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }];
    expect(lastChange({ metadata: { managedFields } }, ['us', 'us-left-to-others'])?.manager).toBe(named);
  });

  it('is none where only controllers wrote the status', () => {
    expect(lastChange({ metadata: { managedFields: object.metadata.managedFields.slice(3) } }, ['us'])).toBeUndefined();
  });
});
