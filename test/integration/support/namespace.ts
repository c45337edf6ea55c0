import { apply, kubectl } from './kubectl.ts';
import { PATIENTLY } from './patience.ts';

/** One more namespace besides that of `prepare`, in which pods may be created. */
export async function addNamespace(name: string): Promise<void> {
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await kubectl(['wait', '--for=create', 'serviceaccount/default', '-n', name, PATIENTLY]);
}
