import { z } from 'zod';
import { namespaceField, namespaceFor } from '../tenant.ts';

/** A project of the second seed is a namespace. */

export const tags = ['App installations'];
export const ProjectParams = z.object({ projectId: namespaceField('The name of a namespace.') });

/** A path is made of it. */
export function projectIn({ projectId }: z.output<typeof ProjectParams>): string {
  return namespaceFor({ namespace: undefined }, { header: undefined, query: projectId });
}
