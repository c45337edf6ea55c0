import { expect, it } from 'vitest';
import { namespaceOf, objectKey } from '../../../src/controller/object-key.ts';

it.each`
  metadata                              | key           | namespace
  ${{ name: 'web', namespace: 'shop' }} | ${'shop/web'} | ${'shop'}
  ${{ name: 'postgres' }}               | ${'postgres'} | ${''}
  ${{ name: 'x', namespace: '' }}       | ${'x'}        | ${''}
`('keys $metadata by $key', ({ metadata, key, namespace }) => {
  expect(objectKey(metadata)).toBe(key);
  expect(namespaceOf(key)).toBe(namespace);
});
