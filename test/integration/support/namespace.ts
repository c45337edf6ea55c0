import { apply, kubectl } from './kubectl.ts';
import { PATIENTLY } from './patience.ts';

/** Makes another namespace besides that of `prepare`, and waits until pods can be created in it. */
export async function addNamespace(name: string): Promise<void> {
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await kubectl(['wait', '--for=create', 'serviceaccount/default', '-n', name, PATIENTLY]);
}
