import { FIELD_MANAGER } from '../../../src/api/names.ts';
import { timestamp } from '../../../src/api/time.ts';
import type { Raw } from '../../../src/reconcile/raw.ts';
import { fieldsOf, toFieldsV1 } from './fields.ts';
import type { Draft } from './object.ts';

/** An object as the API server returns it after the operator, and nobody else, has applied it. */
export function asApplied(object: object, uid: string, now: number): Raw & { readonly spec?: object } {
  const { metadata, ...rest } = JSON.parse(JSON.stringify(object)) as Draft;
  const time = timestamp(now);
  const managedFields = [
    {
      manager: FIELD_MANAGER,
      operation: 'Apply',
      time,
      fieldsV1: toFieldsV1(new Set(fieldsOf({ metadata, ...rest }).keys())),
    },
  ];
  return {
    ...rest,
    metadata: { ...metadata, uid, resourceVersion: '1', creationTimestamp: time, managedFields },
  };
}
